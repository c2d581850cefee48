"""Who may do what at the same time in one data directory, across processes.

    candor.lock         shared by everybody who has the directory open; held alone by a sweep
    housekeeping.lock   held alone by a migration, a batch or a purge

A sweep removes every file that no row names, so an arrival in progress anywhere would lose its
segments: it must be alone. That also refuses a second service. The kernel drops a lock when its
process ends, however it ends, so that no lock is ever stale.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from intake.errors import DirectoryInUseError


class DirectoryLock:
    """A share in a data directory, from opening it to closing it.

    Workers that outlive their parent keep their own share, so that a new parent cannot sweep away
    what they are still writing.
    """

    def __init__(self, directory: Path) -> None:
        self._file = _open(directory / "candor.lock")
        fcntl.flock(self._file, fcntl.LOCK_SH)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the directory alone for a moment.

        Raises:
            DirectoryInUseError: somebody else has it open.
        """
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise DirectoryInUseError(
                "another process is at work in this data directory: is a service running?"
            ) from None
        finally:
            fcntl.flock(self._file, fcntl.LOCK_SH)  # a refused attempt loses the share (flock(2))

    def close(self) -> None:
        """Give up the share."""
        os.close(self._file)


@contextmanager
def housekeeping(directory: Path) -> Iterator[None]:
    """Wait for whoever is keeping house in this directory, then do so alone."""
    file = _open(directory / "housekeeping.lock")
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
