"""Killed at any moment, the service keeps what it said had arrived, and nothing half-made."""

import random
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.crowd import Crowd
from tests.crash.examine import Examiner
from tests.support.nursery import forked_service, log_of
from tests.support.service import House, free_port, make_house

PEOPLE = 4
KILLS = 10
# long enough for the largest report, and for several small ones
LIFE_SECONDS = 1.5


@dataclass
class Lives:
    """What came of some lives of one service, each ended by a kill."""

    arrived: int = 0
    stored: int = 0
    swept: int = 0
    with_remains: int = 0


def live(house: House, chance: random.Random, kills: int) -> Lives:
    """Start, let people send, kill; then start again and look, as often as asked."""
    crowd, examiner, lives = Crowd(house, chance), Examiner(house), Lives()
    for life in range(kills + 1):
        with forked_service(house) as process:
            swept, missing = last_sweep(house)
            assert missing == 0
            lives.swept += swept
            lives.with_remains += swept > 0
            examiner.require_whole(crowd.sent, crowd.arrived)
            examiner.require_no_orphans()
            if life < kills:
                with crowd.sending(PEOPLE):
                    time.sleep(chance.uniform(0, LIFE_SECONDS))
                    process.kill()
                    process.join()
                assert process.exitcode == -9
    lives.arrived, lives.stored = len(crowd.arrived), len(examiner.stored)
    assert set(crowd.answers) <= {303}
    return lives


def last_sweep(house: House) -> tuple[int, int]:
    """Read what the service said about its last sweep."""
    said = re.findall(
        r"half-made arrivals removed removed=(\d+) missing=(\d+)", log_of(house).read_text()
    )
    removed, missing = said[-1]
    return int(removed), int(missing)


def kill_often(directory: Path, kills: int) -> Lives:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    port = free_port()
    house = make_house(directory / "house", origin=f"http://127.0.0.1:{port}", port=port)
    lives = live(house, random.Random(seed), kills)
    print(lives)  # noqa: T201 - likewise
    return lives


@pytest.mark.parametrize("part", range(5))
def test_killed_at_random_moments_it_loses_nothing_that_arrived(tmp_path: Path, part: int) -> None:
    lives = kill_often(tmp_path, KILLS)
    # the kills came in the middle of things, or they would show nothing
    assert lives.arrived > 0
    assert lives.with_remains > 0


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_killed_very_often_it_loses_nothing_that_arrived(tmp_path: Path, part: int) -> None:
    lives = kill_often(tmp_path, 25)
    assert lives.with_remains > 0
