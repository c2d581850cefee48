"""What answering couriers takes: threads and places that are not those of sources."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from app.buffers import Budget
from app.courier_refusals import CourierReason, CourierRefusal

BUNDLES_AT_ONCE: Final = 2
"""Of one courier: who lost its connection need not wait until the service notices."""
BUNDLE_TIME: Final = timedelta(hours=6)
"""In which a bundle must have come: the largest one, at 12 KiB a second."""
_THREADS: Final = 4


class Places:
    """Counts the bundles on their way, on the one event loop, for each courier by itself.

    Each has places of its own, so that no courier can keep the others' bundles out.
    """

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, courier: str) -> Iterator[None]:
        """Hold a place of a courier while a bundle is read and delivered.

        Raises:
            CourierRefusal: this courier's are taken.
        """
        if self._taken[courier] == BUNDLES_AT_ONCE:
            raise CourierRefusal(CourierReason.BUSY)
        self._taken[courier] += 1
        try:
            yield
        finally:
            self._taken[courier] -= 1


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
        bundles: the places of those on their way.
        bundle_time: in which one must have come.
        budget: a bundle's buffers stay small.
        refusals: how many requests were refused: all that is ever said of them.
    """

    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="couriers")
    )
    bundles: Places = field(default_factory=Places)
    bundle_time: timedelta = BUNDLE_TIME
    budget: Budget = field(default_factory=lambda: Budget(0))
    refusals: Tally = field(default_factory=Tally)

    def close(self) -> None:
        """Wait for what is being done."""
        self.threads.shutdown()
