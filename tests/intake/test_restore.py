"""The server restored from a week-old backup: the log goes on as the couriers saw it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from crypto.checkpoint import Head, end_of_day, witness_name
from crypto.errors import ForkedLogError, UnlinkedDayError, UnsignedHeadError
from crypto.log_day import LogDay, parse_day
from crypto.merkle import EMPTY_TREE
from crypto.minisign import SigningKey
from crypto.sinks import Sink
from intake.course import Course
from intake.errors import (
    DirectoryInUseError,
    StorageFullError,
    UnrestoredLogError,
    WrongLengthError,
)
from intake.restore import Restored
from intake.service import Intake
from tests.intake.logs import day_of, follow, handed_out, require_consistent
from tests.intake.support import (
    DOOR,
    FIRST_DAY,
    LOG_KEY,
    SIGNER,
    Calendar,
    make_envelope,
    opened,
    read_all,
)

COURIER = SigningKey(bytes([7]) * 32)
NAME = witness_name(SIGNER.service_id, "carrier")
WITNESSES = {NAME: COURIER.verify_key}
BACKUP_DAY, LAST_DAY = FIRST_DAY + timedelta(days=2), FIRST_DAY + timedelta(days=9)
ORIGIN = SIGNER.origin("main")


@dataclass
class World:
    """A service, the backup of it, and what a courier carried away.

    Attributes:
        days: as the courier witnessed them.
        carried: envelopes of closed days, by their hashes.
        open: those of the day on which the disk died: gone for good.
    """

    live: Path
    backup: Path
    calendar: Calendar
    days: list[LogDay] = field(default_factory=list)
    carried: dict[bytes, bytes] = field(default_factory=dict)

    def live_on(self, intake: Intake, count: int = 2) -> None:
        """Let a day with some envelopes go by, its batch, and the courier's visit."""
        sent = [make_envelope() for _ in range(count)]
        hashes = [intake.receive(DOOR, [envelope]) for envelope in sent]
        self.calendar.turn()
        intake.run_batch(SIGNER)
        day = witnessed(day_of(intake, self.calendar.day - timedelta(days=1)))
        intake.cosign("main", day.day, day.head.signatures[-1], name=NAME, key=COURIER.verify_key)
        self.days.append(day)
        self.carried |= dict(zip(hashes, sent, strict=True))

    @property
    def sources(self):
        return {digest: writer(envelope) for digest, envelope in self.carried.items()}

    def course(self, days: list[LogDay] | None = None) -> Course:
        return check(self.days if days is None else days)

    def restore(self, intake: Intake, days: list[LogDay] | None = None, **changes) -> Restored:
        options = {"witnesses": WITNESSES, "retention_days": 30} | changes
        return intake.restore_log("main", self.course(days), self.sources, **options)


def witnessed(day: LogDay) -> LogDay:
    made = day.head.cosign(NAME, COURIER, end_of_day(day.day))
    return day.with_head(day.head.with_cosignature(made))


def check(days: list[LogDay], **changes) -> Course:
    options = {"log_keys": [LOG_KEY.verify_key], "witnesses": WITNESSES} | changes
    return Course.check(days, ORIGIN, **options)


def writer(envelope: bytes):
    def write(to: Sink) -> None:
        for start in range(0, len(envelope), 10_000):
            to.write(envelope[start : start + 10_000])

    return write


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Ten days; after two of them a backup is made, in the middle of the third."""
    place = tmp_path_factory.mktemp("drill")
    world = World(place / "live", place / "backup", Calendar())
    with opened(world.live, world.calendar) as intake:
        while world.calendar.day < BACKUP_DAY:
            world.live_on(intake)
        early = make_envelope()
        early_hash = intake.receive(DOOR, [early])
        intake._store.database.empty_log()
        shutil.copytree(world.live, world.backup)
        world.carried[early_hash] = early
        while world.calendar.day < LAST_DAY:
            world.live_on(intake)
    return world


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """The world, with a server and a backup of this test's own."""
    live = shutil.copytree(made.live, tmp_path / "live")
    backup = shutil.copytree(made.backup, tmp_path / "backup")
    return World(live, backup, Calendar(LAST_DAY), list(made.days), dict(made.carried))


@pytest.fixture
def intake(world: World) -> Iterator[Intake]:
    with opened(world.backup, world.calendar) as intake:
        yield intake


def require_whole(world: World, intake: Intake) -> None:
    """See that the log is what the courier has, and that every envelope of it is here."""
    require_consistent(intake)
    for day in world.days:
        here = day_of(intake, day.day)
        assert (here.before, here.leaves, here.head.body) == (
            day.before,
            day.leaves,
            day.head.body,
        )
        assert here.head.witnesses(WITNESSES) == {NAME: end_of_day(day.day)}
    days = {leaf: day.day for day in world.days for leaf in day.leaves}
    assert handed_out(intake).items() >= days.items()
    for digest in days:
        assert read_all(intake, digest) == world.carried[digest]


def test_the_backup_lacks_a_week(world, intake):
    assert intake.log_days("main") == (FIRST_DAY, BACKUP_DAY - timedelta(days=1))
    assert len(handed_out(intake)) == 4
    assert len(world.carried) == 19


def test_the_drill_brings_back_the_log_and_every_envelope(world, intake):
    restored = world.restore(intake)
    assert restored == Restored(
        until=LAST_DAY - timedelta(days=1), days_removed=0, days_added=7, taken_in=14, missing=0
    )
    assert follow(intake) == {day.day: set(day.leaves) for day in world.days}
    intake.run_batch(SIGNER)
    require_whole(world, intake)
    assert intake.sweep().missing == 0
    late = intake.receive(DOOR, [make_envelope()])
    world.calendar.turn()
    intake.run_batch(SIGNER)
    assert follow(intake)[LAST_DAY] == {late}
    require_whole(world, intake)


def test_the_last_week_s_bundles_are_enough(world, intake):
    restored = world.restore(intake, world.days[2:])
    assert (restored.days_added, restored.taken_in) == (7, 14)
    intake.run_batch(SIGNER)
    require_consistent(intake)
    assert set(handed_out(intake)) == set(world.carried)


def test_a_second_time_there_is_nothing_to_do(world, intake):
    world.restore(intake)
    again = world.restore(intake)
    assert again == Restored(LAST_DAY - timedelta(days=1), 0, 0, 0, 0)
    intake.run_batch(SIGNER)
    require_whole(world, intake)


def test_a_log_that_was_gone_on_with_after_the_backup_is_cut_back(world, intake):
    """The service was started before anybody thought of the couriers: its log is a second one."""
    new = [intake.receive(DOOR, [make_envelope()]) for _ in range(2)]
    world.calendar.turn()
    intake.run_batch(SIGNER)
    assert day_of(intake, BACKUP_DAY).head.body != world.days[2].head.body
    restored = world.restore(intake)
    assert (restored.days_removed, restored.days_added) == (8, 7)
    require_consistent(intake)
    assert not set(new) & set(handed_out(intake))
    world.calendar.turn()
    intake.run_batch(SIGNER)
    require_whole(world, intake)
    assert follow(intake)[LAST_DAY] == set(new)
    assert {handed_out(intake)[digest] for digest in new} == {LAST_DAY}


def test_an_envelope_here_that_the_couriers_day_names_is_closed_as_of_that_day(world, intake):
    """It was logged late, and the backup is from before that."""
    (early,) = set(world.days[2].leaves) & {e.hash for e in intake.envelopes("main", open_day=True)}
    with intake._store.database.writing() as session:
        session.connection().exec_driver_sql(
            "UPDATE envelope SET day = ? WHERE hash = ?", (FIRST_DAY.isoformat(), early)
        )
    world.restore(intake)
    intake.run_batch(SIGNER)
    require_whole(world, intake)
    assert len(follow(intake)[LAST_DAY - timedelta(days=1)]) == 2


def test_more_days_here_than_were_carried_away_stay(world, intake):
    with opened(world.live, world.calendar) as live:
        before = follow(live)
        assert world.restore(live, world.days[:4]) == Restored(
            LAST_DAY - timedelta(days=1), 0, 0, 0, 0
        )
        assert follow(live) == before


def test_without_any_log_here_it_is_taken_as_the_couriers_have_it(world, intake):
    """The database was saved, and not the log."""
    shutil.rmtree(world.backup / "log")
    with pytest.raises(UnrestoredLogError):
        intake.run_batch(SIGNER)
    assert world.restore(intake).days_added == 9
    intake.run_batch(SIGNER)
    require_whole(world, intake)


def test_a_log_that_was_begun_anew_gives_way(world, intake, tmp_path):
    with opened(tmp_path / "empty", world.calendar) as empty:
        empty.receive(DOOR, [make_envelope()])
        world.calendar.turn()
        empty.run_batch(SIGNER)
        restored = world.restore(empty)
        assert (restored.days_removed, restored.days_added, restored.taken_in) == (1, 9, 19)
        empty.run_batch(SIGNER)
        require_whole(world, empty)


def test_a_damaged_day_is_put_back(world):
    with opened(world.live, world.calendar) as live:
        place = world.live / "log" / "main" / f"{LAST_DAY - timedelta(days=1)}.json"
        place.write_bytes(place.read_bytes()[:-3])
        assert world.restore(live).days_added == 1
        live.run_batch(SIGNER)
        require_whole(world, live)


def test_cosignatures_that_the_backup_lacks_come_back(world, intake):
    plain = intake._store.days
    for day in world.days[:2]:
        log_line = day.head.signatures[:1]
        bare = day.with_head(Head(day.head.origin, day.head.size, day.head.root, log_line))
        plain.replace("main", bare)
    world.restore(intake)
    intake.run_batch(SIGNER)
    require_whole(world, intake)


def test_what_is_past_its_retention_stays_away(world, intake):
    """An envelope of a day that a purge would remove was erased, and stays so."""
    restored = world.restore(intake, retention_days=3)
    kept = [leaf for day in world.days if day.day >= LAST_DAY - timedelta(days=3)
            for leaf in day.leaves]  # fmt: skip
    assert restored.taken_in == len(kept) == 6
    assert intake.purge({"main": 3}).envelopes == 5
    intake.run_batch(SIGNER)
    assert set(handed_out(intake)) == set(kept)


def test_envelopes_that_nobody_has_are_counted(world, intake):
    lost = list(world.days[4].leaves)[:1] + list(world.days[8].leaves)
    for digest in lost:
        del world.carried[digest]
    restored = world.restore(intake)
    assert (restored.taken_in, restored.missing) == (11, 3)
    assert len(follow(intake)) == 9


def test_what_was_taken_in_carries_the_day_of_its_log(world, intake):
    world.restore(intake)
    times = {path.stat().st_mtime_ns for path in (world.backup / "blobs").iterdir()}
    assert max(times) < end_of_day(LAST_DAY) * 10**9
    assert all(time % (86_400 * 10**9) == 0 for time in times)


class Interrupted(BaseException):
    """Stands for a process that is killed: nothing of ours handles it."""


FILES, ENVELOPES = "intake.day_files.DayFiles", "intake.restored_envelopes"
STEPS = [
    (f"{FILES}.begin_restoring", 1),
    ("intake.restore.open_again", 1),
    (f"{FILES}.remove_after", 1),
    *((f"{FILES}.add", number) for number in (1, 2, 7)),
    ("intake.restore.restore_envelopes", 1),
    *((f"{ENVELOPES}._date_open", number) for number in (1, 3)),
    *((f"{ENVELOPES}._take_in", number) for number in (1, 2, 9)),
    (f"{FILES}.end_restoring", 1),
]


@pytest.mark.parametrize(("step", "times"), STEPS)
def test_killed_at_any_step_it_is_run_again(world, intake, monkeypatch, step, times):
    """In between no batch goes on with the log, and nothing wrong is handed out."""
    new = [intake.receive(DOOR, [make_envelope()]) for _ in range(2)]
    world.calendar.turn()
    intake.run_batch(SIGNER)
    module, _, name = step.rpartition(".")
    holder = resolve(module)
    real = getattr(holder, name)
    calls = 0

    def killed(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == times:
            raise Interrupted
        return real(*args, **kwargs)

    monkeypatch.setattr(holder, name, killed)
    with pytest.raises(Interrupted):
        world.restore(intake)
    monkeypatch.undo()
    require_consistent(intake)
    if (step, times) != STEPS[0]:
        with pytest.raises(UnrestoredLogError):
            intake.run_batch(SIGNER)
    world.restore(intake)
    world.calendar.turn()
    intake.run_batch(SIGNER)
    require_whole(world, intake)
    assert follow(intake)[LAST_DAY] == set(new)
    assert intake.sweep().missing == 0


def resolve(path: str):
    import importlib

    module, _, name = path.rpartition(".")
    found = importlib.import_module(module)
    return getattr(found, name)


def test_killed_while_days_are_removed_it_is_run_again(world, intake, monkeypatch):
    intake.run_batch(SIGNER)
    real, calls = type(intake._store.days)._settle, 0

    def killed(files, channel):
        nonlocal calls
        calls += 1
        if calls == 4:
            raise Interrupted
        real(files, channel)

    monkeypatch.setattr("intake.day_files.DayFiles._settle", killed)
    with pytest.raises(Interrupted):
        world.restore(intake)
    monkeypatch.undo()
    assert BACKUP_DAY < intake.log_days("main")[1] < LAST_DAY - timedelta(days=1)
    require_consistent(intake)
    world.restore(intake)
    intake.run_batch(SIGNER)
    require_whole(world, intake)


def test_without_room_it_is_run_again_when_there_is_some(world, intake, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("intake.blobs.RESERVE_SHARE", 1)
        patch.setattr("intake.blobs.MAX_RESERVE_BYTES", 1 << 62)
        with pytest.raises(StorageFullError):
            world.restore(intake)
        with pytest.raises(UnrestoredLogError):
            intake.run_batch(SIGNER)
    world.restore(intake)
    intake.run_batch(SIGNER)
    require_whole(world, intake)


def test_a_running_service_keeps_it_away(world, intake):
    with opened(world.backup, world.calendar) as service:
        service.sweep()
        with pytest.raises(DirectoryInUseError):
            world.restore(intake)
    assert intake.log_days("main") == (FIRST_DAY, BACKUP_DAY - timedelta(days=1))


def test_an_envelope_that_is_not_the_logged_one_is_not_taken(world, intake):
    first, second = world.days[5].leaves
    world.carried[first] = world.carried[second]
    with pytest.raises(ForkedLogError):
        world.restore(intake)
    world.carried[first] = make_envelope()[:-1]
    with pytest.raises(WrongLengthError):
        world.restore(intake)
    assert first not in {e.hash for e in intake.envelopes("main", open_day=True)}
    assert intake.sweep().missing == 0


# What is refused before anything is changed.


def test_days_between_that_are_missing_are_asked_for(world, intake):
    before = follow(intake)
    with pytest.raises(UnlinkedDayError, match="bundles before"):
        world.restore(intake, world.days[4:])
    with pytest.raises(UnlinkedDayError):
        check([*world.days[:3], *world.days[4:]])
    assert follow(intake) == before
    assert intake.run_batch(SIGNER).envelopes == 1


def test_a_log_that_differs_before_the_first_carried_day_is_not_put_together(world, intake):
    intake.receive(DOOR, [make_envelope()])
    world.calendar.turn()
    intake.run_batch(SIGNER)
    before = follow(intake)
    with pytest.raises(ForkedLogError, match="bundles before"):
        world.restore(intake, world.days[4:])
    assert follow(intake) == before


def test_only_days_up_to_the_last_witnessed_one_are_taken(world, intake):
    bare = [parse_day(without_witness(day)) for day in world.days]
    assert check([*world.days[:5], *bare[5:]]).days == tuple(world.days[:5])
    # a witness of a later day has seen the earlier ones
    assert len(check([*bare[:5], world.days[5]]).days) == 6
    with pytest.raises(UnsignedHeadError):
        check(bare)
    with pytest.raises(UnsignedHeadError):
        check([])
    stranger = {NAME: SigningKey(bytes([8]) * 32).verify_key}
    with pytest.raises(UnsignedHeadError):
        check(world.days, witnesses=stranger)


def without_witness(day: LogDay) -> bytes:
    from crypto.log_day import serialize_day

    head = Head(day.head.origin, day.head.size, day.head.root, day.head.signatures[:1])
    return serialize_day(day.with_head(head))


def test_a_witness_s_signature_of_another_day_does_not_count(world):
    bare = parse_day(without_witness(world.days[0]))
    made = bare.head.cosign(NAME, COURIER, end_of_day(bare.day) + 86_400)
    with pytest.raises(UnsignedHeadError):
        check([bare.with_head(bare.head.with_cosignature(made))])


def test_days_that_the_log_s_key_did_not_sign_are_refused(world):
    other = SigningKey(bytes(32))
    with pytest.raises(UnsignedHeadError):
        check(world.days, log_keys=[other.verify_key])


def test_days_of_another_log_are_refused(world):
    tree = EMPTY_TREE.grow([bytes(32)])
    head = Head(SIGNER.origin("other"), tree.size, tree.root).sign(LOG_KEY)
    with pytest.raises(ForkedLogError):
        check([witnessed(LogDay(FIRST_DAY, EMPTY_TREE, (bytes(32),), head))])


def test_two_that_differ_of_one_day_are_refused(world):
    tree = EMPTY_TREE.grow([bytes(32)])
    head = Head(ORIGIN, tree.size, tree.root).sign(LOG_KEY)
    with pytest.raises(ForkedLogError):
        check([*world.days, witnessed(LogDay(FIRST_DAY, EMPTY_TREE, (bytes(32),), head))])


def test_days_of_several_couriers_are_put_together(world):
    other, name = SigningKey(bytes([9]) * 32), witness_name(SIGNER.service_id, "second")
    both = WITNESSES | {name: other.verify_key}
    bare = [parse_day(without_witness(day)) for day in world.days]
    theirs = [
        day.with_head(day.head.with_cosignature(day.head.cosign(name, other, end_of_day(day.day))))
        for day in bare
    ]
    course = check([*theirs[4:], *world.days[:6]], witnesses=both)
    assert [day.day for day in course.days] == [day.day for day in world.days]
    assert set(course.days[4].head.witnesses(both)) == {NAME, name}
    assert set(course.days[8].head.witnesses(both)) == {name}


def test_no_day_is_from_the_future(world):
    assert max(day.day for day in world.days) < LAST_DAY <= date.max
