"""Read a stored envelope as one seekable file: the header from its row, the payload from disk."""

import io
import os
from collections.abc import Callable

from intake.blobs import BlobDirectory, BlobName
from intake.bounds import SEGMENT_BYTES
from intake.database import storage_errors
from intake.errors import StorageError

Locate = Callable[[], BlobName]
"""Looks up where the payload rests now; raises UnknownEnvelopeError once it was removed."""


class StoredFile(io.RawIOBase):
    """The raw reader; wrap it in `io.BufferedReader`.

    Only one segment is open at a time. A batch in another process may move the payload to a new
    name between two reads: the bytes are the same, so the reader looks up the name and goes on.
    """

    def __init__(self, header: bytes, length: int, blobs: BlobDirectory, locate: Locate) -> None:
        super().__init__()
        self._header = header
        self._length = length
        self._blobs = blobs
        self._locate = locate
        self._blob = locate()
        self._position = 0
        self._number = -1
        self._segment: int | None = None

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Say where the next byte comes from."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go somewhere else; past the end there is nothing to read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise ValueError("a position is not negative")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override] # the stub's Buffer
        """Read up to the end of the header or of one segment.

        Raises:
            UnknownEnvelopeError: it was removed meanwhile.
            StorageError: a segment is missing or short.
        """
        view = memoryview(buffer).cast("B")[: max(0, self._length - self._position)]
        if not view:
            return 0
        if self._position < len(self._header):
            piece = self._header[self._position : self._position + len(view)]
            view[: len(piece)] = piece
            taken = len(piece)
        else:
            taken = self._read_payload(view)
        self._position += taken
        return taken

    def _read_payload(self, view: memoryview) -> int:
        number, offset = divmod(self._position - len(self._header), SEGMENT_BYTES)
        with storage_errors():
            taken = os.preadv(self._open_segment(number), [view], offset)
        if not taken:
            raise StorageError("a stored segment is shorter than it was")
        return taken

    def _open_segment(self, number: int) -> int:
        if self._segment is not None and self._number == number:
            return self._segment
        self._close_segment()
        try:
            self._segment = self._open(number)
        except FileNotFoundError:
            self._blob = self._locate()
            self._segment = self._open(number)
        self._number = number
        return self._segment

    def _open(self, number: int) -> int:
        return os.open(self._blobs.segment(self._blob, number), os.O_RDONLY | os.O_CLOEXEC)

    def _close_segment(self) -> None:
        if self._segment is not None:
            os.close(self._segment)
            self._segment = None

    def close(self) -> None:
        """Close the open segment."""
        self._close_segment()
        super().close()
