"""Who may do what at the same time in one data directory, across processes.

    arrivals.lock       shared by every process that takes envelopes in; held alone by a sweep
    housekeeping.lock   held alone by a migration, a batch, a purge or a sweep
    log.lock            held alone by whoever writes to the log: the end of a batch, a cosignature

A sweep removes every file that no row names, so an arrival in progress anywhere would lose its
segments: it must be alone. That also refuses a second service. The kernel drops a lock when its
process ends, however it ends, so that no lock is ever stale.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from intake.errors import DirectoryInUseError


class ArrivalsLock:
    """A share in what arrives in a data directory, from the first arrival or sweep to the end.

    Workers that outlive their parent keep their own share, so that a new parent cannot sweep away
    what they are still writing. Reading and housekeeping need none.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / "arrivals.lock"
        self._file: int | None = None
        self._turn = threading.Lock()

    def share(self) -> None:
        """Take a share, once; a sweep that is going on is waited for."""
        if self._file is None:
            with self._turn:
                if self._file is None:
                    file = _open(self._path)
                    fcntl.flock(file, fcntl.LOCK_SH)
                    self._file = file

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one for a moment, and keep a share afterwards.

        Raises:
            DirectoryInUseError: somebody else takes envelopes in here.
        """
        self.share()
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise DirectoryInUseError(
                "another process takes envelopes in here: is a service running already?"
            ) from None
        finally:
            fcntl.flock(self._file, fcntl.LOCK_SH)  # a refused attempt loses the share (flock(2))

    def close(self) -> None:
        """Give up the share."""
        with self._turn:
            if self._file is not None:
                os.close(self._file)
                self._file = None


@contextmanager
def housekeeping(directory: Path) -> Iterator[None]:
    """Wait for whoever is keeping house in this directory, then do so alone."""
    with _alone(directory / "housekeeping.lock"):
        yield


@contextmanager
def log_writing(directory: Path) -> Iterator[None]:
    """Wait for whoever is writing to the log, then do so alone; it never takes long."""
    with _alone(directory / "log.lock"):
        yield


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    file = _open(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
