"""What answering couriers takes: threads and places that are not those of sources."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from app.buffers import Budget
from app.uploads import Uploads

BUNDLES_AT_ONCE: Final = 2
_THREADS: Final = 4


class Tally:
    """Counts what happened; who asks takes the number away."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        """Count one more."""
        with self._lock:
            self._count += 1

    def take(self) -> int:
        """Return how many there were since this was asked before."""
        with self._lock:
            count, self._count = self._count, 0
            return count


@dataclass(frozen=True, slots=True)
class CourierDesk:
    """What couriers' requests share.

    Attributes:
        threads: where the disk is waited for; they begin when the first request comes.
        bundles: how many may be on their way.
        budget: a bundle's buffers stay small.
        refusals: how many requests were refused: all that is ever said of them.
    """

    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="couriers")
    )
    bundles: Uploads = field(default_factory=lambda: Uploads(BUNDLES_AT_ONCE))
    budget: Budget = field(default_factory=lambda: Budget(0))
    refusals: Tally = field(default_factory=Tally)

    def close(self) -> None:
        """Wait for what is being done."""
        self.threads.shutdown()
