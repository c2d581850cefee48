"""Reading a payload anywhere, without opening what lies between.

Source: c2sp.org/age, "Payload", on seeking.
"""

import io

from crypto import sodium
from crypto.errors import DamagedEnvelopeError
from crypto.payload import (
    BATCH,
    CHUNK,
    NONCE_BYTES,
    SEALED_CHUNK,
    PayloadKey,
    plaintext_bytes,
)
from crypto.raw_reader import RawReader
from crypto.sinks import SeekableReadable, read_fully


class SeekablePayload(RawReader):
    """A payload that is read anywhere, opening the chunks that are touched.

    The last chunk is opened first: it proves the length, so that places counted from the end are
    true and nothing was cut off. One opened chunk is kept for small reads. Closing wipes, and
    leaves the file open.

    Attributes:
        size: plaintext bytes.
    """

    def __init__(self, file: SeekableReadable, key: PayloadKey, start: int) -> None:
        """Verify the end.

        Args:
            file: the envelope.
            key: of its payload.
            start: where in the file the payload begins, with its nonce.

        Raises:
            DamagedEnvelopeError: cut short, extended, or the last chunk was altered.
        """
        super().__init__(plaintext_bytes(file.seek(0, io.SEEK_END) - start))
        self._file = file
        self._key = key
        self._first = start + NONCE_BYTES
        self._last = max(0, self.size - 1) // CHUNK
        self._kept = bytearray(CHUNK)
        self._kept_number = -1
        self._keep(self._last)

    def _read_at(self, place: int, out: memoryview) -> int:
        """Fill `out`; fewer bytes come only before a damaged chunk.

        Raises:
            DamagedEnvelopeError: the chunk at this place was altered.
        """
        filled = 0
        while filled < len(out):
            try:
                filled += self._take(place + filled, out[filled:])
            except DamagedEnvelopeError:
                if not filled:
                    raise
                break
        return filled

    def readall(self) -> bytes:
        """Return everything from here to the end, and never less.

        Raises:
            DamagedEnvelopeError: a chunk from here on was altered.
        """
        return read_fully(self, max(0, self.size - self._place))

    def close(self) -> None:
        """Wipe the key and what was opened last."""
        if not self.closed:
            sodium.wipe(self._kept)
            self._key.wipe()
        super().close()

    def _take(self, place: int, out: memoryview) -> int:
        """Move the bytes at `place` into `out`: opened straight into it where whole chunks fit."""
        number, offset = divmod(place, CHUNK)
        if offset or len(out) < self._chunk_bytes(number) or number == self._kept_number:
            self._keep(number)
            taken = min(len(out), self._chunk_bytes(number) - offset)
            out[:taken] = memoryview(self._kept)[offset : offset + taken]
            return taken
        whole = 1 if number == self._last else min(len(out) // CHUNK, BATCH)
        return self._open(number, out[: whole * CHUNK])

    def _keep(self, number: int) -> None:
        """Open a chunk into the place where one is kept."""
        if number == self._kept_number:
            return
        self._kept_number = -1
        self._open(number, memoryview(self._kept)[: self._chunk_bytes(number)])
        self._kept_number = number

    def _open(self, number: int, out: memoryview) -> int:
        """Open the chunks from this number on into `out`, which ends where one of them does.

        Returns the bytes opened before a damaged chunk, if there are any.
        """
        starts = range(0, len(out) or 1, CHUNK)
        self._file.seek(self._first + number * SEALED_CHUNK)
        sealed = memoryview(
            read_fully(self._file, len(out) + len(starts) * sodium.TAG_BYTES),
        )
        for start in starts:
            place = start // CHUNK * SEALED_CHUNK
            chunk, opened = sealed[place : place + SEALED_CHUNK], out[start : start + CHUNK]
            try:
                self._open_one(number + start // CHUNK, chunk, opened)
            except DamagedEnvelopeError:
                if not start:
                    raise
                return start
        return len(out)

    def _open_one(self, number: int, sealed: memoryview, out: memoryview) -> None:
        if len(sealed) != len(out) + sodium.TAG_BYTES:
            raise DamagedEnvelopeError("the payload was cut short while it was read")
        self._key.open(number, sealed, out, final=number == self._last)

    def _chunk_bytes(self, number: int) -> int:
        return self.size - number * CHUNK if number == self._last else CHUNK
