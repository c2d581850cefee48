"""Killed at any moment, a pull goes on: never half a bundle, never two with one serial."""

import itertools
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Iterable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from tests.courier.listener import Listener, listening
from tests.courier.support import Errand, make_errand, opened
from tests.support.carried import CHANNEL, OTHER_CHANNEL

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.courier.support", "httpx2"])
KILLS = 5
STRIDE = 4  # of the steps, every fourth from a random one; every one in the slow run


def pull_once(errand: Errand) -> None:
    """Be a run."""
    errand.pull()


def pull_until(errand: Errand, step: int) -> None:
    """Be a run that ends right before it gives, takes or changes a name for the n-th time."""
    left = itertools.count(step - 1, -1)

    def watch(event: str, _arguments: object) -> None:
        if event in {"os.rename", "os.link", "os.remove"} and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    errand.pull()


def end_of(process: ForkServerProcess) -> int | None:
    process.start()
    process.join()
    return process.exitcode


def kill_within(errand: Errand, seconds: float) -> bool:
    """Start a run and kill it; tell whether it was still at work."""
    process = _CONTEXT.Process(target=pull_once, args=(errand,))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode == -9


class Chain:
    """What was ever seen on the stick, by name."""

    def __init__(self) -> None:
        self.seen: dict[str, bytes] = {}

    def look(self, errand: Errand) -> None:
        """Hold every file with a bundle's name to be whole, and the same as ever."""
        for path in errand.bundles():
            if path.suffix == ".zip":
                with opened(path, errand.key.verify_key) as bundle:
                    assert self.seen.setdefault(path.name, bundle.hash) == bundle.hash

    def require_unbroken(self, errand: Errand, listener: Listener) -> None:
        came: set[bytes] = set()
        previous = bytes(32)
        names = [name for name in self.seen if CHANNEL in name]
        for serial in range(1, len(names) + 1):
            path = errand.out / f"van-{CHANNEL}-{serial}.zip"
            with opened(path, errand.key.verify_key) as bundle:
                assert bundle.info.previous == previous
                previous = bundle.hash
                came |= bundle.envelopes.keys()
        assert came == listener.logs[CHANNEL].envelopes.keys()


def days_of_kills(place: Path, kills: int) -> int:
    """Kill as many runs, a new day after each; return how many were at work."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    chance, chain, killed = random.Random(seed), Chain(), 0
    with listening() as listener:
        errand = make_errand(place, listener.origin)
        started = time.monotonic()
        assert end_of(_CONTEXT.Process(target=pull_once, args=(errand,))) == 0
        whole_run = time.monotonic() - started
        for _ in range(kills):
            listener.logs[CHANNEL].close_day(6, witnesses=())
            errand.sleep()
            if kill_within(errand, chance.uniform(0.1, 0.9) * whole_run):
                killed += 1
            else:
                whole_run *= 0.6  # the first run had more to do, or a busier machine
            chain.look(errand)
        errand.pull()
        chain.look(errand)
        chain.require_unbroken(errand, listener)
        assert not any(path.suffix == ".part" for path in errand.directory.rglob(".*"))
        assert not any(path.suffix == ".part" for path in errand.out.iterdir())
    return killed


def kills_at_steps(tmp_path: Path, steps: Iterable[int]) -> None:
    """Kill a run at each of these steps, until a run has no more steps than that."""
    with listening() as listener:
        del listener.logs[OTHER_CHANNEL].days[:]
        errand, chain = make_errand(tmp_path, listener.origin), Chain()
        errand.pull()
        chain.look(errand)
        for step in steps:
            listener.logs[CHANNEL].close_day(1, witnesses=())
            errand.sleep()
            ended = end_of(_CONTEXT.Process(target=pull_until, args=(errand, step)))
            chain.look(errand)
            errand.pull()
            chain.look(errand)
            if ended == 0:
                break
            assert ended == -signal.SIGKILL
        assert step > 10
        chain.require_unbroken(errand, listener)


def test_killed_at_some_steps_it_goes_on(tmp_path: Path) -> None:
    first = random.randrange(STRIDE) + 1
    print(f"first step {first}")  # noqa: T201 - pytest shows it when the test fails
    kills_at_steps(tmp_path, itertools.count(first, STRIDE))


@pytest.mark.slow
def test_killed_at_every_step_in_turn_it_goes_on(tmp_path: Path) -> None:
    kills_at_steps(tmp_path, itertools.count(1))


def test_killed_at_random_moments_it_goes_on(tmp_path: Path) -> None:
    assert days_of_kills(tmp_path, KILLS) > 0


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_killed_very_often_it_goes_on(tmp_path: Path, part: int) -> None:
    assert days_of_kills(tmp_path, 25) > 0
