"""An envelope too large to keep: chunks are sealed when they are read, and reads are counted."""

import io

from crypto.header import serialize_header
from crypto.keys import Recipient
from crypto.payload import CHUNK, SEALED_CHUNK, PayloadKey, ciphertext_bytes

FILE_KEY = bytes(range(16))
NONCE = bytes(range(16, 32))


class VirtualEnvelope(io.RawIOBase):
    """`size` plaintext bytes, where chunk i is filled with the byte i mod 256."""

    def __init__(self, recipient: Recipient, size: int) -> None:
        stanzas = [recipient.wrap(FILE_KEY).stanza()]
        self.head = serialize_header(stanzas, FILE_KEY) + NONCE
        self.length = len(self.head) - len(NONCE) + ciphertext_bytes(size)
        self.bytes_read = 0
        self._size = size
        self._key = PayloadKey(FILE_KEY, NONCE)
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._place = {0: 0, 1: self._place, 2: self.length}[whence] + offset
        return self._place

    def readinto(self, buffer, /) -> int:
        if self._place < len(self.head):
            data = self.head[self._place :]
        else:
            number, offset = divmod(self._place - len(self.head), SEALED_CHUNK)
            data = self._sealed(number)[offset:]
        taken = min(len(buffer), len(data))
        buffer[:taken] = data[:taken]
        self._place += taken
        self.bytes_read += taken
        return taken

    def _sealed(self, number: int) -> bytes:
        size = min(CHUNK, self._size - number * CHUNK)
        if size <= 0:
            return b""
        out = bytearray(size + 16)
        final = (number + 1) * CHUNK >= self._size
        self._key.seal(number, bytes([number % 256]) * size, out, final=final)
        return bytes(out)
