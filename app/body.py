"""A body on its way from the socket to the threads that work on it.

Two buffers take turns: one is filled by the event loop while a thread works on the other, so that
reading and sealing overlap; at most one block of a body is being worked on, so its order stays.
When both are full nothing more is read, and the server stops reading from the socket. An upload
that waits for its source holds two small buffers and no thread.

A buffer grows only while the threads are slower than the source, within what all uploads together
may hold. Every buffer is wiped after each use; what the HTTP server's own objects held is beyond
our reach.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from typing import Any, Final, TypeVar

from app.buffers import Block, Budget

_IDLE_SECONDS: Final = 1.0
_Done = TypeVar("_Done")


class Pump:
    """Feeds one body to `work`, block by block, in threads.

    Args:
        work: takes a block, which is valid during the call only; what it raises ends the pumping.
        threads: where it runs.
        budget: what all bodies together may hold beyond their small buffers.
    """

    def __init__(
        self, work: Callable[[bytearray], None], threads: Executor, budget: Budget
    ) -> None:
        self._work = work
        self._threads = threads
        self._filling, self._spare = Block(budget), Block(budget)
        self._working: asyncio.Future[None] | None = None
        self._idle_since = 0.0

    async def run(self, chunks: AsyncIterator[bytes]) -> None:
        """Feed every chunk, in order; return when the last one has been worked on.

        An error of `work` is raised as soon as it is known, even while the source is silent. When
        this returns or raises, no thread touches the body any more.
        """
        try:
            while (chunk := await self._next(chunks)) is not None:
                with memoryview(chunk) as view:
                    await self._take(view)
            await self._hand_over()
            await self._settle()
        finally:
            await self._come_to_rest()

    async def _next(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        """Read a chunk, or raise what the thread ran into meanwhile."""
        reading = asyncio.ensure_future(_one(chunks))
        try:
            if self._working is not None:
                either: set[asyncio.Future[Any]] = {reading, self._working}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if self._working.done():
                    await self._settle()
            return await reading
        finally:
            if not reading.done():
                reading.cancel()
                await asyncio.wait({reading})

    async def _take(self, data: memoryview) -> None:
        while data:
            data = data[self._filling.fill(data) :]
            if self._filling.full and not (self._is_busy() and self._filling.grow()):
                await self._hand_over()

    def _is_busy(self) -> bool:
        return self._working is not None and not self._working.done()

    async def _hand_over(self) -> None:
        """Let a thread work on what was filled, once it is done with the block before."""
        loop = asyncio.get_running_loop()
        await self._settle()
        if loop.time() - self._idle_since > _IDLE_SECONDS:
            self._spare.shrink()  # the burst is over
        if self._filling.used:
            full, self._filling, self._spare = self._filling, self._spare, self._filling
            self._working = loop.run_in_executor(self._threads, full.drain, self._work)

    async def _settle(self) -> None:
        """Wait for the thread, and raise what it ran into."""
        if self._working is not None:
            # `wait` neither raises its error nor cancels it with us: the thread may be at work
            await asyncio.wait({self._working})
            working, self._working = self._working, None
            self._idle_since = asyncio.get_running_loop().time()
            working.result()

    async def _come_to_rest(self) -> None:
        """Wait for the thread whatever happens, then let the buffers go."""
        try:
            await finished(self._working)
        finally:
            self._filling.shrink()
            self._spare.shrink()


async def finished(work: asyncio.Future[Any] | None) -> None:
    """Wait until a thread is done, through any number of cancellations, and then pass one on."""
    cancelled: asyncio.CancelledError | None = None
    while work is not None and not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError as error:
            cancelled = error
    if work is not None and not work.cancelled():
        work.exception()  # it was raised already, or something else is being raised
    if cancelled is not None:
        raise cancelled


async def in_thread(threads: Executor, work: Callable[[], _Done]) -> _Done:
    """Run in a thread, and be done only when the thread is."""
    running = asyncio.get_running_loop().run_in_executor(threads, work)
    await finished(running)
    return running.result()


async def _one(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)
