"""Key stretching: few at a time, in turn, and nobody starves anybody."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import app.stretch
from app.errors import Reason, Refusal
from app.stretch import MAX_WAITING, Lane, Stretcher
from crypto.codename import Codename
from crypto.source_keys import derive_source_keys

SERVICE = bytes(16)


class Gate:
    """Stands in for the stretch itself: as slow as a test wants, and counted."""

    def __init__(self) -> None:
        self.open = threading.Semaphore(0)
        self.running = self.most = 0
        self.order: list[bytes] = []
        self._lock = threading.Lock()

    def __call__(self, codename: Codename, _service: bytes) -> Codename:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.order.append(codename.secret)
        self.open.acquire(timeout=10)
        with self._lock:
            self.running -= 1
        return codename


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(app.stretch, "derive_source_keys", gate)
    return gate


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 20))


def names(count: int) -> list[Codename]:
    return [Codename.from_random(bytes([number]) * 10) for number in range(count)]


async def begun(gate: Gate, count: int) -> None:
    """Wait until so many stretches began; they begin in threads, which have no event to await."""

    def wait() -> None:
        while len(gate.order) < count:
            time.sleep(0.001)

    await asyncio.to_thread(wait)


def test_the_keys_are_the_codenames() -> None:
    async def test() -> None:
        stretcher = Stretcher(1, SERVICE)
        codename = Codename.generate()
        keys = await stretcher.derive(codename, Lane.REPORT)
        assert keys == derive_source_keys(codename, SERVICE)
        stretcher.close()

    run(test)


def test_no_more_than_allowed_at_a_time_and_in_turn(gate: Gate) -> None:
    async def test() -> None:
        stretcher = Stretcher(2, SERVICE)
        wanted = names(6)
        tasks = [asyncio.create_task(stretcher.derive(name, Lane.REPORT)) for name in wanted]
        for _ in wanted:
            gate.open.release()
        await asyncio.gather(*tasks)
        assert gate.most <= 2
        assert sorted(gate.order) == [name.secret for name in wanted]
        stretcher.close()

    run(test)


def test_a_flood_at_the_mailbox_halves_the_speed_of_reports_and_no_more(gate: Gate) -> None:
    async def test() -> None:
        stretcher = Stretcher(1, SERVICE)
        *flood, report = names(10)
        tasks = [asyncio.create_task(stretcher.derive(name, Lane.MAILBOX)) for name in flood]
        await begun(gate, 1)
        late = asyncio.create_task(stretcher.derive(report, Lane.REPORT))
        await asyncio.sleep(0)
        for _ in range(10):
            gate.open.release()
        await asyncio.gather(late, *tasks)
        assert gate.order.index(report.secret) <= 2
        stretcher.close()

    run(test)


def test_who_gives_up_leaves_the_lane(gate: Gate) -> None:
    async def test() -> None:
        stretcher = Stretcher(1, SERVICE)
        first, second, third = names(3)
        tasks = [
            asyncio.create_task(stretcher.derive(name, Lane.REPORT))
            for name in (first, second, third)
        ]
        await begun(gate, 1)
        tasks[1].cancel()
        gate.open.release()
        gate.open.release()
        await asyncio.gather(tasks[0], tasks[2])
        assert gate.order == [first.secret, third.secret]
        stretcher.close()

    run(test)


def test_a_stretch_whose_source_left_still_counts_until_it_ends(gate: Gate) -> None:
    async def test() -> None:
        stretcher = Stretcher(1, SERVICE)
        first, second = names(2)
        gone = asyncio.create_task(stretcher.derive(first, Lane.REPORT))
        await begun(gate, 1)
        gone.cancel()
        waiting = asyncio.create_task(stretcher.derive(second, Lane.REPORT))
        await asyncio.sleep(0.05)
        assert gate.order == [first.secret]
        gate.open.release()
        gate.open.release()
        await waiting
        assert gate.most == 1
        stretcher.close()

    run(test)


def test_one_too_many_is_asked_to_come_back(gate: Gate) -> None:
    async def test() -> None:
        stretcher = Stretcher(1, SERVICE)
        name = names(1)[0]
        tasks = [
            asyncio.create_task(stretcher.derive(name, Lane.MAILBOX))
            for _ in range(MAX_WAITING + 1)
        ]
        await begun(gate, 1)
        with pytest.raises(Refusal) as refused:
            await stretcher.derive(name, Lane.MAILBOX)
        assert refused.value.reason is Reason.BUSY
        for task in tasks:
            task.cancel()
        gate.open.release()
        await asyncio.wait(tasks)
        stretcher.close()

    run(test)


def test_a_report_on_its_way_is_not_refused_its_turn(gate: Gate) -> None:
    async def test() -> None:
        stretcher = Stretcher(1, SERVICE)
        wanted = names(1) * (MAX_WAITING + 50)
        tasks = [asyncio.create_task(stretcher.derive(name, Lane.REPORT)) for name in wanted]
        for _ in wanted:
            gate.open.release()
        await asyncio.gather(*tasks)
        assert len(gate.order) == len(wanted)
        stretcher.close()

    run(test)


def test_who_gives_up_as_a_turn_passes_is_skipped(gate: Gate) -> None:
    async def test() -> None:
        stretcher = Stretcher(1, SERVICE)
        first, second, third = names(3)
        tasks = [
            asyncio.create_task(stretcher.derive(name, Lane.REPORT))
            for name in (first, second, third)
        ]
        await begun(gate, 1)
        tasks[1].cancel()
        stretcher._pass_on()  # in the same moment, before the task has seen that it is cancelled
        gate.open.release()
        gate.open.release()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(done[1], asyncio.CancelledError)
        stretcher.close()

    run(test)
