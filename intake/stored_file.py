"""Read a stored envelope as one seekable file: the header from its row, the payload from disk."""

import os
from collections.abc import Callable

from crypto.raw_reader import RawReader
from intake.blobs import BlobDirectory, BlobName
from intake.bounds import SEGMENT_BYTES
from intake.database import storage_errors
from intake.errors import StorageError

Locate = Callable[[], BlobName]
"""Looks up where the payload rests now; raises UnknownEnvelopeError once it was removed."""


class StoredFile(RawReader):
    """The raw reader; wrap it in `io.BufferedReader`.

    Only one segment is open at a time. A batch in another process may move the payload to a new
    name between two reads: the bytes are the same, so the reader looks up the name and goes on.
    """

    def __init__(self, header: bytes, length: int, blobs: BlobDirectory, locate: Locate) -> None:
        super().__init__(length)
        self._header = header
        self._blobs = blobs
        self._locate = locate
        self._blob = locate()
        self._number = -1
        self._segment: int | None = None

    def _read_at(self, place: int, out: memoryview) -> int:
        """Read up to the end of the header or of one segment.

        Raises:
            UnknownEnvelopeError: it was removed meanwhile.
            StorageError: a segment is missing or short.
        """
        piece = self._header[place : place + len(out)]
        if not piece:
            return self._read_payload(place - len(self._header), out)
        out[: len(piece)] = piece
        return len(piece)

    def _read_payload(self, place: int, out: memoryview) -> int:
        number, offset = divmod(place, SEGMENT_BYTES)
        with storage_errors():
            taken = os.preadv(self._open_segment(number), [out], offset)
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
