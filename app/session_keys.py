"""Where cookie keys come from: drawn each hour, the one before still accepted, never on a disk."""

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from nacl.secret import SecretBox
from nacl.utils import random

KEY_SECONDS: Final = 3600


class KeySource(Protocol):
    """Gives cookie keys: from this process's memory, or from what a parent hands over."""

    def accepted(self) -> tuple[bytes, ...]:
        """Give the keys that open a cookie; the first one also seals."""


class HourlyKeys:
    """Draw keys in this process's memory: what one process, or the parent of several, uses."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._hour = self._current_hour()
        self._keys = (random(SecretBox.KEY_SIZE), random(SecretBox.KEY_SIZE))

    def accepted(self) -> tuple[bytes, ...]:
        """Give this hour's key and the last hour's, forgetting older ones."""
        with self._lock:
            hour = self._current_hour()
            if hour > self._hour:
                last = self._keys[0] if hour == self._hour + 1 else random(SecretBox.KEY_SIZE)
                self._keys = (random(SecretBox.KEY_SIZE), last)
                self._hour = hour
            return self._keys

    def _current_hour(self) -> int:
        return int(self._clock() // KEY_SECONDS)
