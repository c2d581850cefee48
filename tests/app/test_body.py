"""A body on its way to the threads: whole, in order, bounded, and wiped behind."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.body import Pump
from app.buffers import LARGE_BYTES, SMALL_BYTES, Block, Budget


async def chunks_of(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class Taker:
    """Takes blocks, and keeps what it was handed so that a test can look at it later."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.data = bytearray()
        self.blocks: list[bytearray] = []
        self.sizes: list[int] = []
        self._seconds = seconds
        self._alone = threading.Lock()

    def __call__(self, block: bytearray) -> None:
        assert self._alone.acquire(blocking=False), "two threads at one body"
        time.sleep(self._seconds)
        self.data += block
        self.blocks.append(block)
        self.sizes.append(len(block))
        self._alone.release()


def pump(pieces: list[bytes], taker: Taker, budget: int = 1 << 30) -> None:
    with ThreadPoolExecutor(4) as threads:
        asyncio.run(Pump(taker, threads, Budget(budget)).run(chunks_of(pieces)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=70_000), max_size=10))
def test_every_byte_arrives_in_order(pieces: list[bytes]) -> None:
    taker = Taker()
    pump(pieces, taker)
    assert taker.data == b"".join(pieces)


def test_buffers_are_wiped_after_use() -> None:
    taker = Taker()
    pump([b"secret" * 20_000, b"end"], taker)
    assert taker.data == b"secret" * 20_000 + b"end"
    assert all(not any(block) for block in taker.blocks)


def test_blocks_grow_while_the_threads_are_slower_and_no_further() -> None:
    taker = Taker(0.01)
    pump([bytes(256 * 1024)] * 40, taker)
    assert max(taker.sizes) == LARGE_BYTES
    assert len(taker.sizes) < 40


def test_without_a_budget_blocks_stay_small() -> None:
    taker = Taker(0.001)
    pump([bytes(256 * 1024)] * 4, taker, budget=0)
    assert max(taker.sizes) == SMALL_BYTES


def test_what_was_taken_from_the_budget_comes_back() -> None:
    budget = Budget(64 << 20)
    with ThreadPoolExecutor(1) as threads:
        for _ in range(3):
            work = Pump(Taker(0.005), threads, budget).run(chunks_of([bytes(1 << 20)] * 6))
            asyncio.run(work)
    assert budget.take(64 << 20)


def test_an_error_is_raised_while_the_source_is_silent() -> None:
    stopped = threading.Event()

    def work(_: bytearray) -> None:
        raise LookupError

    async def silent() -> AsyncIterator[bytes]:
        try:
            yield bytes(SMALL_BYTES)
            await asyncio.sleep(60)
        finally:
            stopped.set()

    async def run(threads: ThreadPoolExecutor) -> None:
        await asyncio.wait_for(Pump(work, threads, Budget(0)).run(silent()), 10)

    with ThreadPoolExecutor(1) as threads, pytest.raises(LookupError):
        asyncio.run(run(threads))
    assert stopped.wait(10)


def test_when_it_is_cancelled_no_thread_touches_the_body_any_more() -> None:
    began, ended = threading.Event(), threading.Event()

    def work(_: bytearray) -> None:
        began.set()
        time.sleep(0.3)
        ended.set()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(SMALL_BYTES)
            await asyncio.sleep(0)

    async def run(threads: ThreadPoolExecutor) -> None:
        task = asyncio.create_task(Pump(work, threads, Budget(0)).run(endless()))
        await asyncio.to_thread(began.wait)
        task.cancel()
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    with ThreadPoolExecutor(1) as threads:
        asyncio.run(run(threads))


def test_a_block_that_shrinks_gives_back_what_it_took() -> None:
    budget = Budget(SMALL_BYTES)
    block = Block(budget)
    assert block.grow()
    assert not block.grow()
    block.shrink()
    assert block.grow()
