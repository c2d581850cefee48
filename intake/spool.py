"""What must be there whole before it is looked at: kept in a file without a name, for a while.

Small ones never leave memory. A larger one goes to the volume of the data directory, which the
operator encrypts, and never to the system's place for temporary files. Nobody can open it by a
name, and however the process ends, no file is left. When it is closed in order its bytes are
overwritten, as those of erased rows are.
"""

import io
import os
from contextlib import suppress
from typing import Self

from crypto.sinks import Buffer
from intake.blobs import BlobDirectory, new_name
from intake.bounds import SEGMENT_BYTES, SPOOL_MEMORY_BYTES
from intake.database import storage_errors
from intake.days import Today, stamp
from intake.errors import TooLargeError

_ZEROS = bytes(1 << 20)
_NAMELESS = getattr(os, "O_TMPFILE", 0)  # Linux only
_OPEN = os.O_RDWR | os.O_CLOEXEC


class Spool:
    """Take bytes in order, then be read anywhere; when it is closed, nothing of them is left.

    Args:
        blobs: on whose volume.
        today: says the day that the directory carries.
        max_bytes: how much it takes.
        expected_bytes: how much was announced, for which there must be room; 0 when nothing was.

    Attributes:
        file: what was taken.

    Raises:
        TooLargeError: more was announced than it takes.
        StorageFullError: there is no room for what was announced.
    """

    def __init__(
        self, blobs: BlobDirectory, today: Today, *, max_bytes: int, expected_bytes: int = 0
    ) -> None:
        self.file: io.BytesIO | io.BufferedRandom = io.BytesIO()
        self._blobs = blobs
        self._today = today
        self._left = max_bytes
        self._taken = 0
        self._in_memory = True
        if expected_bytes > max_bytes:
            raise TooLargeError("it is longer than what is taken")
        if expected_bytes > SPOOL_MEMORY_BYTES:
            with storage_errors():
                blobs.require_room(expected_bytes)

    def write(self, data: Buffer) -> None:
        """Take the next bytes.

        Raises:
            TooLargeError: it grows longer than what is taken.
            StorageFullError, StorageError: they could not be kept.
        """
        size = len(memoryview(data).cast("B"))
        if size > self._left:
            raise TooLargeError("it is longer than what is taken")
        with storage_errors():
            if self._in_memory and self._taken + size > SPOOL_MEMORY_BYTES:
                self._leave_memory()
            if not self._in_memory and _passes_segment(self._taken, size):
                self._blobs.require_room()
            self.file.write(data)
        self._left -= size
        self._taken += size

    def _leave_memory(self) -> None:
        self._blobs.require_room()
        kept, self.file = self.file, self._open_nameless()
        self._in_memory = False
        kept.seek(0)
        self.file.write(kept.read())

    def _open_nameless(self) -> io.BufferedRandom:
        try:
            if _NAMELESS:
                with suppress(OSError):  # a file system that cannot
                    return os.fdopen(os.open(self._blobs.path, _NAMELESS | _OPEN, 0o600), "w+b")
            # a name that a sweep removes, should the process be killed right here
            place = self._blobs.part(new_name(), 0)
            file = os.fdopen(os.open(place, os.O_CREAT | os.O_EXCL | _OPEN, 0o600), "w+b")
            place.unlink()
            return file
        finally:
            stamp(self._blobs.path, self._today())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave nothing of it."""
        with suppress(OSError):  # what a failing disk keeps, it keeps
            if not self._in_memory:
                self._overwrite()
        with suppress(OSError):
            self.file.close()

    def _overwrite(self) -> None:
        """Write zeros over what is there; some of it may have reached the disk."""
        self.file.seek(0)
        for start in range(0, self._taken, len(_ZEROS)):
            self.file.write(_ZEROS[: self._taken - start])
        self.file.flush()
        os.fdatasync(self.file.fileno())


def _passes_segment(taken: int, size: int) -> bool:
    return taken // SEGMENT_BYTES != (taken + size) // SEGMENT_BYTES
