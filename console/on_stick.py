"""Bundles as they lie on a stick, beside whatever else somebody put there."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from console.errors import DamagedBundleError
from crypto.errors import BundleError
from crypto.inbound_reader import peek_info
from crypto.zip_reader import SeekableFile

_TO_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Bring bundles into the order in which they must be imported, whatever their names are."""
    return sorted(paths, key=_place)


def _place(path: Path) -> tuple[str, str, int]:
    """Say where a bundle belongs; what cannot be read comes first, and is refused."""
    try:
        with plain_file(path) as file:
            info = peek_info(file)
    except (BundleError, DamagedBundleError, OSError):
        return "", "", 0
    return info.courier, info.channel, info.serial


@contextmanager
def plain_file(path: Path) -> Iterator[SeekableFile]:
    """Open what lies on a stick; a pipe there would keep us waiting for ever.

    Raises:
        DamagedBundleError: no file, or none that can be opened.
    """
    try:
        descriptor = os.open(path, _TO_READ)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise DamagedBundleError(f"it cannot be opened: {reason}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DamagedBundleError("it is no plain file")
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        yield file


def size_of(path: Path) -> int:
    """Return the bytes of what lies on a stick.

    Raises:
        DamagedBundleError: no file, or none that can be opened.
    """
    with plain_file(path) as file:
        return file.seek(0, os.SEEK_END)
