"""Key stretching, in turn: each takes 64 MiB and about 0.1 s of a core.

Two lanes are served alternately, one for codenames of new reports and one for words typed at the
mailbox: whoever floods one of them halves the other's speed at most. Who gives up leaves the lane.
"""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from typing import Final

from app.errors import Reason, Refusal
from crypto.codename import Codename
from crypto.source_keys import SourceKeys, derive_source_keys

# at the mailbox: at 0.1 s each, half a minute; who comes later is told to come back
MAX_WAITING: Final = 300


class Lane(Enum):
    """What the keys are for."""

    REPORT = auto()
    MAILBOX = auto()


class Stretcher:
    """Derives source keys, at most `at_once` at a time; lives on one event loop."""

    def __init__(self, at_once: int, service_id: bytes) -> None:
        self._free = at_once
        self._service_id = service_id
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="stretch")
        self._lanes: dict[Lane, deque[asyncio.Future[None]]] = {lane: deque() for lane in Lane}

    async def derive(self, codename: Codename, lane: Lane) -> SourceKeys:
        """Wait for a turn and derive a codename's keys.

        Raises:
            Refusal: too many are waiting at the mailbox already.
        """
        await self._turn(lane)
        loop = asyncio.get_running_loop()
        work = self._pool.submit(derive_source_keys, codename, self._service_id)
        # a source who leaves does not stop the thread, and the turn ends only with it
        work.add_done_callback(lambda _: loop.call_soon_threadsafe(self._pass_on))
        return await asyncio.wrap_future(work)

    def close(self) -> None:
        """End the threads once they are done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _turn(self, lane: Lane) -> None:
        if self._free:
            self._free -= 1
            return
        # Reports have a bound of their own, how many may be on their way; refusing one here would
        # drop an upload that may have come far.
        if lane is Lane.MAILBOX and len(self._lanes[lane]) >= MAX_WAITING:
            raise Refusal(Reason.BUSY)
        turn = asyncio.get_running_loop().create_future()
        self._lanes[lane].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # the turn had come: it goes to the next
            elif turn in self._lanes[lane]:  # unless a passing turn has skipped it already
                self._lanes[lane].remove(turn)
            raise

    def _pass_on(self) -> None:
        """Give a free turn to who waits longest in the lane whose turn it is."""
        self._lanes = dict(reversed(self._lanes.items()))
        for waiting in self._lanes.values():
            while waiting:
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1
