"""Reading a payload from front to back, as it streams in.

No byte is released that was not authenticated. What came before a damaged chunk is released, and
the next read says what is wrong; so the same bytes come out however the reads are sliced.

Source: c2sp.org/age, "Payload".
"""

import io
from typing import TYPE_CHECKING

from crypto import sodium
from crypto.errors import DamagedEnvelopeError
from crypto.payload import BATCH, CHUNK, SEALED_CHUNK, PayloadKey
from crypto.sinks import Readable, read_fully

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
