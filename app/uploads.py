"""How many bodies may be on their way at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Reason, Refusal


class Uploads:
    """Counts the bodies on their way, on the one event loop, and refuses one too many."""

    def __init__(self, at_once: int) -> None:
        self._left = at_once

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place while a body is read.

        Raises:
            Refusal: every place is taken.
        """
        if self._left == 0:
            raise Refusal(Reason.BUSY)
        self._left -= 1
        try:
            yield
        finally:
            self._left += 1
