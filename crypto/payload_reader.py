"""Reading a payload: from front to back, or anywhere.

Both release no byte that was not authenticated. What came before a damaged chunk is released, and
the next read says what is wrong; so the same bytes come out however the reads are sliced.
"""

import io
from typing import TYPE_CHECKING

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
from crypto.sinks import Readable, SeekableReadable, read_fully

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class PayloadReader(io.RawIOBase):
    """A payload from front to back, at most 256 KiB of it in memory.

    Only a reader that has come to the end knows that nothing was cut off: read until there is
    nothing more. Closing wipes, and leaves the file open.
    """

    def __init__(self, file: Readable, key: PayloadKey) -> None:
        self._file = file
        self._key = key
        self._counter = 0
        self._ended = False
        self._failure = ""
        self._sealed = memoryview(b"")
        self._opened = bytearray(CHUNK)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill `buffer`; fewer bytes come only before the end or a damaged chunk.

        Raises:
            DamagedEnvelopeError: altered, reordered, cut short or extended from here on.
        """
        self._checkClosed()
        out = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(out) and not self._failure:
            try:
                taken = self._take(out[filled:])
            except DamagedEnvelopeError as error:
                self._failure = str(error)
                break
            if not taken:
                break
            filled += taken
        if self._failure and not filled and len(out):
            raise DamagedEnvelopeError(self._failure)
        return filled

    def close(self) -> None:
        """Wipe the key and what was opened last."""
        if not self.closed:
            self._left = memoryview(b"")
            sodium.wipe(self._opened)
            self._key.wipe()
        super().close()

    def _take(self, out: memoryview) -> int:
        """Move the next bytes into `out`: opened straight into it where a chunk fits."""
        if not self._left:
            sealed = self._next_sealed()
            if not sealed:
                return 0
            size = len(sealed) - sodium.TAG_BYTES
            if size <= len(out):
                self._open(sealed, out[:size])
                return size
            self._left = memoryview(self._opened)[:size]
            self._open(sealed, self._left)
        taken = min(len(out), len(self._left))
        out[:taken] = self._left[:taken]
        self._left = self._left[taken:]
        return taken

    def _next_sealed(self) -> memoryview:
        """Return the next sealed chunk, or nothing after the last one."""
        if not self._sealed:
            self._sealed = memoryview(read_fully(self._file, BATCH * SEALED_CHUNK))
        sealed, self._sealed = self._sealed[:SEALED_CHUNK], self._sealed[SEALED_CHUNK:]
        if self._ended and sealed:
            raise DamagedEnvelopeError("something follows the end of the payload")
        if not self._ended and len(sealed) < sodium.TAG_BYTES:
            raise DamagedEnvelopeError("the payload was cut short")
        return sealed

    def _open(self, sealed: memoryview, out: memoryview) -> None:
        """Open a chunk as one that others follow, or else as the last one.

        A whole chunk may be either. Its tag tells which, not whether the file goes on: that is
        for whoever cut or extended the file to say.
        """
        counter, self._counter = self._counter, self._counter + 1
        if len(sealed) == SEALED_CHUNK:
            try:
                self._key.open(counter, sealed, out, final=False)
            except DamagedEnvelopeError:
                pass
            else:
                return
        if counter and not out:
            raise DamagedEnvelopeError("the payload ends with an empty chunk")
        self._key.open(counter, sealed, out, final=True)
        self._ended = True


class SeekablePayload(io.RawIOBase):
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
        self._file = file
        self._key = key
        self._first = start + NONCE_BYTES
        self.size = plaintext_bytes(file.seek(0, io.SEEK_END) - start)
        self._last = max(0, self.size - 1) // CHUNK
        self._place = 0
        self._kept = bytearray(CHUNK)
        self._kept_number = -1
        self._keep(self._last)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move; a place beyond the end is allowed, and nothing is there."""
        self._checkClosed()
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}
        if whence not in origins:
            raise ValueError("whence is 0, 1 or 2")
        place = origins[whence] + offset
        if place < 0:
            raise ValueError("nothing comes before the start")
        self._place = place
        return place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill `buffer`; fewer bytes come only before the end or a damaged chunk.

        Raises:
            DamagedEnvelopeError: the chunk at this place was altered.
        """
        self._checkClosed()
        out = memoryview(buffer).cast("B")
        out = out[: max(0, self.size - self._place)]
        filled = 0
        while filled < len(out):
            try:
                taken = self._take(out[filled:])
            except DamagedEnvelopeError:
                if not filled:
                    raise
                break
            filled += taken
            self._place += taken
        return filled

    def readall(self) -> bytes:
        """Return everything from here to the end."""
        return self.read(max(0, self.size - self._place)) or b""

    def close(self) -> None:
        """Wipe the key and what was opened last."""
        if not self.closed:
            sodium.wipe(self._kept)
            self._key.wipe()
        super().close()

    def _take(self, out: memoryview) -> int:
        """Move the next bytes into `out`: opened straight into it where whole chunks fit."""
        number, offset = divmod(self._place, CHUNK)
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
