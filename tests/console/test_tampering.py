"""Ten thousand ways to tamper with what couriers bring: each is told, and for what it is."""

import hashlib
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from console.alarms import AlarmBook, AlarmGroup
from console.errors import ConsoleError
from console.import_directory import read_state
from console.import_state import ImportState
from crypto.errors import CandorError, ForkedRosterError
from crypto.log_watch import Cause
from tests.console.attackers import ATTACKS, Attack, World
from tests.console.desk import Desk
from tests.support.carried import CHANNEL

EACH, EACH_SLOW = 8, 250
WORLDS = 6
_IN_MEMORY = Path("/dev/shm")  # what is written is thrown away at once
_EVERY_ATTACK = pytest.mark.parametrize("attack", ATTACKS, ids=[a.name for a in ATTACKS])


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    directory = _IN_MEMORY if _IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=directory) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def worlds(place: Path) -> list[tuple[World, Path]]:
    """Worlds, and for each a desk that has taken what was sound so far."""
    made = []
    for number in range(WORLDS):
        world, path = World.make(random.Random(number)), place / f"world-{number}"
        path.mkdir()
        desk = Desk(path)
        for bundle in world.before:
            desk.take(bundle)
        made.append((world, path))
    return made


def attempt(worlds: Sequence[tuple[World, Path]], attack: Attack, seed: int) -> None:
    """Let one attacker try at a copy of one desk, and look at what came of it."""
    chance = random.Random(seed)
    world, prepared = chance.choice(worlds)
    world = replace(world, chance=chance, before=[*world.before])
    with tempfile.TemporaryDirectory(dir=prepared.parent) as path:
        desk = Desk(Path(shutil.copytree(prepared, path, dirs_exist_ok=True)))
        taken = len(world.before)
        bundle = attack.make(world)
        for before in world.before[taken:]:
            desk.take(before)
        refusal = examine(desk, world, bundle, attack)
        if refusal is not None and chance.random() < 0.2:
            take_honest(desk, world)
        for envelope in (desk.path / "inbox").rglob("*.age"):
            assert hashlib.sha256(envelope.read_bytes()).hexdigest() == envelope.stem


def examine(desk: Desk, world: World, bundle: bytes, attack: Attack) -> Exception | None:
    """Import the attacker's bundle, and hold what comes of it to what must."""
    known, inbox = read_state(desk.path), desk.inbox()
    refusal = take(desk, bundle)
    if refusal is not None:
        assert type(refusal) in attack.outcomes, refusal
        assert str(refusal)
        assert before_refusal(read_state(desk.path), refusal) == before_refusal(known, refusal)
        assert inbox <= desk.inbox() <= inbox | {*world.envelopes().values()}
        return refusal
    alarms = desk.state.alarms.waiting
    causes = {group.cause for group in alarms}
    assert causes & attack.outcomes, causes
    assert all(map(is_plain, alarms))
    assert desk.inbox() >= {data for data in world.log.envelopes.values() if data in bundle}
    if causes - {Cause.MISSING, Cause.UNLOGGED}:  # the log was followed no further than it holds
        assert desk.state.logs[CHANNEL].tree in [day.after for day in world.log.days]
    return None


def before_refusal(state: ImportState | None, refusal: Exception) -> ImportState | None:
    """Return a state without the one thing that a refused bundle may leave there."""
    if state is None or not isinstance(refusal, ForkedRosterError):
        return state
    raised = state.alarms.raised
    kept = tuple(one for one in raised if one.finding.alarm.cause != Cause.ROSTER_FORKED)
    return replace(state, alarms=AlarmBook(kept))


def take(desk: Desk, bundle: bytes) -> Exception | None:
    try:
        desk.take(bundle)
    except (ConsoleError, CandorError) as error:
        return error
    return None


def take_honest(desk: Desk, world: World) -> None:
    """What was refused does not stand in the way of what is honest."""
    desk.take(world.honest())
    assert desk.state.logs[CHANNEL].tree == world.next[-1].after
    assert desk.inbox() == set(world.log.envelopes.values())
    assert {cause for cause, _ in desk.alarms} <= {Cause.ROSTER_FORKED}  # it was refused, and stays


def is_plain(group: AlarmGroup) -> bool:
    return group.sentence[:1].isalnum() and len(group.advice) > 20


def try_often(worlds: Sequence[tuple[World, Path]], attack: Attack, times: int) -> None:
    for _ in range(times):
        seed = random.randrange(1 << 32)
        try:
            attempt(worlds, attack, seed)
        except Exception as error:
            error.add_note(f"attack {attack.name} with seed {seed}")
            raise


@_EVERY_ATTACK
def test_whoever_tampers_with_bundles_is_found_out(
    worlds: list[tuple[World, Path]], attack: Attack
) -> None:
    try_often(worlds, attack, EACH)


@pytest.mark.slow
@_EVERY_ATTACK
def test_whoever_tampers_with_ten_thousand_bundles_is_found_out(
    worlds: list[tuple[World, Path]], attack: Attack
) -> None:
    try_often(worlds, attack, EACH_SLOW)


def test_ten_thousand_is_what_the_long_run_comes_to() -> None:
    assert len(ATTACKS) * EACH_SLOW >= 10_000


def test_without_an_attacker_nothing_is_found(worlds: list[tuple[World, Path]]) -> None:
    for world, prepared in worlds:
        with tempfile.TemporaryDirectory(dir=prepared.parent) as path:
            desk = Desk(Path(shutil.copytree(prepared, path, dirs_exist_ok=True)))
            take_honest(desk, world)
