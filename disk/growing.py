"""Files that grow over several runs, and take their name when they are whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

_FILE_MODE = 0o600
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def growing_file(parent: int, name: str) -> Iterator[BinaryIO]:
    """Open what there is of a file, or nothing yet, at its beginning; it stays as it was left."""
    descriptor = os.open(name, _OPEN, _FILE_MODE, dir_fd=parent)
    with os.fdopen(descriptor, "r+b") as file:
        yield file


def publish_grown(parent: int, file: BinaryIO, grown: str, name: str) -> None:
    """Give a file that is whole its name, after fsync."""
    file.flush()
    os.fsync(file.fileno())
    os.rename(grown, name, src_dir_fd=parent, dst_dir_fd=parent)
    os.fsync(parent)


def remove_file(parent: int, name: str) -> None:
    """Remove a file, if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=parent)
