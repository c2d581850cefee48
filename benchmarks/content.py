"""Bytes to send: random, so that nothing about them helps a parser or a disk, and made once."""

import os
from collections.abc import Iterator

BLOCK_BYTES = 1 << 20
_BLOCKS = 64


class Content:
    """A file of any size that lies in memory: 64 MiB of random blocks, again and again."""

    def __init__(self) -> None:
        self._blocks = [os.urandom(BLOCK_BYTES) for _ in range(_BLOCKS)]

    def blocks(self, size: int) -> Iterator[bytes]:
        """Give `size` bytes in blocks of 1 MiB, the last one shorter."""
        for number in range(size // BLOCK_BYTES):
            yield self._blocks[number % _BLOCKS]
        if rest := size % BLOCK_BYTES:
            yield self._blocks[0][:rest]
