"""Write one payload as segments, through to the disk, keeping nothing in memory."""

import os
from typing import Final

from intake.blobs import BlobDirectory, BlobName, new_name
from intake.bounds import SEGMENT_BYTES, WRITEBACK_BYTES
from intake.days import Today, stamp


class SegmentWriter:
    """Cut a stream of any slicing into segments of exactly 8 MiB.

    The kernel is told to begin writing every 1 MiB, and a full segment is fsynced only when the
    next one is full: by then most of it is on the disk, and the sender rarely waits.

    Args:
        blobs: where to.
        today: says the day that the files carry.
        name: drawn by the caller, who has noted it somewhere; drawn here otherwise.
    """

    __slots__ = ("_blobs", "_filled", "_full", "_hinted", "_open", "_today", "name", "segments")

    def __init__(self, blobs: BlobDirectory, today: Today, name: BlobName | None = None) -> None:
        self.name: Final = name or new_name()
        self.segments = 0
        self._blobs = blobs
        self._today = today
        self._open: int | None = None  # descriptor of the segment that is being filled
        self._full: int | None = None  # descriptor of the one before, not yet fsynced
        self._filled = 0
        self._hinted = 0

    def write(self, data: memoryview) -> None:
        """Append to the payload.

        Raises:
            OSError: the disk failed; call `discard`.
            StorageFullError: only the reserve is left; call `discard`.
        """
        while data:
            descriptor = self._begin() if self._open is None else self._open
            written = os.write(descriptor, data[: SEGMENT_BYTES - self._filled])
            self._filled += written
            data = data[written:]
            if self._filled - self._hinted >= WRITEBACK_BYTES:
                self._begin_writeback(descriptor)
            if self._filled == SEGMENT_BYTES:
                self._rotate()

    def finish(self) -> None:
        """Make the whole payload durable under its final names; no row names it yet.

        Raises:
            OSError: the disk failed; call `discard`.
        """
        self._rotate()
        self._rotate()
        self._blobs.settle(self._today())

    def discard(self) -> None:
        """Remove every trace of the payload."""
        for descriptor in (self._open, self._full):
            if descriptor is not None:
                os.close(descriptor)
        self._open = self._full = None
        self._blobs.remove(self.name, self.segments)
        stamp(self._blobs.path, self._today())

    def _begin(self) -> int:
        self._blobs.require_room()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._open = os.open(self._blobs.part(self.name, self.segments), flags, 0o600)
        self.segments += 1
        self._filled = self._hinted = 0
        return self._open

    def _begin_writeback(self, descriptor: int) -> None:
        """Put the disk to work without waiting for it: what DONTNEED does to dirty pages."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        self._hinted = self._filled

    def _rotate(self) -> None:
        """Make the full segment durable, and let the one being filled take its place."""
        if self._full is not None:
            stamp(self._full, self._today())
            os.fsync(self._full)
            number = self.segments - (1 if self._open is None else 2)
            part = self._blobs.part(self.name, number)
            part.rename(self._blobs.segment(self.name, number))
            os.close(self._full)
        self._full, self._open = self._open, None
