"""Memory that a source's bytes pass through: reused, wiped, and bounded for the whole process."""

import threading
from collections.abc import Callable
from typing import Final

from crypto.sodium import wipe

SMALL_BYTES: Final = 16 * 1024
LARGE_BYTES: Final = 1 << 20


class Budget:
    """How much all uploads together may hold beyond their small buffers."""

    def __init__(self, limit_bytes: int) -> None:
        self._left = limit_bytes
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Take `count` bytes, or nothing if so many are not left."""
        with self._lock:
            if count > self._left:
                return False
            self._left -= count
            return True

    def give_back(self, count: int) -> None:
        """Return what was taken."""
        with self._lock:
            self._left += count


class Block:
    """One growing buffer: small for a source on a slow circuit, large when bytes come fast."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._bytes = bytearray(SMALL_BYTES)
        self.used = 0

    @property
    def full(self) -> bool:
        """Whether nothing more fits at the present size."""
        return self.used == len(self._bytes)

    def fill(self, data: memoryview) -> int:
        """Copy as much of `data` as fits; give how much that was."""
        count = min(len(data), len(self._bytes) - self.used)
        self._bytes[self.used : self.used + count] = data[:count]
        self.used += count
        return count

    def grow(self) -> bool:
        """Double the size if the largest one is not reached and the budget allows it."""
        size = len(self._bytes)
        if size >= LARGE_BYTES or not self._budget.take(size):
            return False
        self._replace(2 * size)
        return True

    def shrink(self) -> None:
        """Go back to the smallest size; what is in the buffer is wiped."""
        if (extra := len(self._bytes) - SMALL_BYTES) > 0:
            self.used = 0
            self._replace(SMALL_BYTES)
            self._budget.give_back(extra)

    def drain(self, work: Callable[[bytearray], None]) -> None:
        """Hand what is in the buffer to `work`, without a copy when it is full; then wipe it."""
        content = self._bytes if self.full else self._bytes[: self.used]
        try:
            work(content)
        finally:
            wipe(content)
            if content is not self._bytes:
                wipe(self._bytes)
            self.used = 0

    def _replace(self, size: int) -> None:
        old, self._bytes = self._bytes, bytearray(size)
        kept = min(self.used, size)
        self._bytes[:kept] = old[:kept]
        wipe(old)
