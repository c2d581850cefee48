"""The server restored from a week-old backup: the log goes on as the couriers saw it."""

import shutil
from datetime import timedelta

import pytest

from crypto.checkpoint import Head, end_of_day
from crypto.errors import ForkedLogError
from intake.errors import (
    DirectoryInUseError,
    UnknownEnvelopeError,
    UnrestoredLogError,
    WrongLengthError,
)
from intake.restore import Restored
from tests.intake.drill import BACKUP_DAY, LAST_DAY, require_whole
from tests.intake.logs import day_of, follow, handed_out, require_consistent
from tests.intake.support import DOOR, FIRST_DAY, SIGNER, make_envelope, opened


def test_the_backup_lacks_a_week(world, backup):
    assert backup.log_days("main") == (FIRST_DAY, BACKUP_DAY - timedelta(days=1))
    assert len(handed_out(backup)) == 4
    assert len(world.carried) == 19


def test_the_drill_brings_back_the_log_and_every_envelope(world, backup):
    restored = world.restore(backup)
    assert restored == Restored(
        until=LAST_DAY - timedelta(days=1), days_removed=0, days_added=7, taken_in=14, missing=0
    )
    assert follow(backup) == {day.day: set(day.leaves) for day in world.days}
    backup.run_batch(SIGNER)
    require_whole(world, backup)
    assert backup.sweep().missing == 0
    late = backup.receive(DOOR, [make_envelope()])
    world.calendar.turn()
    backup.run_batch(SIGNER)
    assert follow(backup)[LAST_DAY] == {late}
    require_whole(world, backup)


def test_the_last_week_s_bundles_are_enough(world, backup):
    restored = world.restore(backup, world.days[2:])
    assert (restored.days_added, restored.taken_in) == (7, 14)
    backup.run_batch(SIGNER)
    require_consistent(backup)
    assert set(handed_out(backup)) == set(world.carried)


def test_a_second_time_there_is_nothing_to_do(world, backup):
    world.restore(backup)
    again = world.restore(backup)
    assert again == Restored(LAST_DAY - timedelta(days=1), 0, 0, 0, 0)
    backup.run_batch(SIGNER)
    require_whole(world, backup)


def test_a_log_that_was_gone_on_with_after_the_backup_is_cut_back(world, backup):
    """The service was started before anybody thought of the couriers: its log is a second one."""
    new = [backup.receive(DOOR, [make_envelope()]) for _ in range(2)]
    world.calendar.turn()
    backup.run_batch(SIGNER)
    assert day_of(backup, BACKUP_DAY).head.body != world.days[2].head.body
    restored = world.restore(backup)
    assert (restored.days_removed, restored.days_added) == (8, 7)
    require_consistent(backup)
    assert not set(new) & set(handed_out(backup))
    for digest, envelope in world.carried.items():  # though the batch has not closed all again
        with backup.open_logged("main", digest) as file:
            assert file.read() == envelope
    for digest in new:
        with pytest.raises(UnknownEnvelopeError):
            backup.open_logged("main", digest)
    world.calendar.turn()
    backup.run_batch(SIGNER)
    require_whole(world, backup)
    assert follow(backup)[LAST_DAY] == set(new)
    assert {handed_out(backup)[digest] for digest in new} == {LAST_DAY}


def test_an_envelope_here_that_the_couriers_day_names_is_closed_as_of_that_day(world, backup):
    """It was logged late, and the backup is from before that."""
    (early,) = set(world.days[2].leaves) & {e.hash for e in backup.envelopes("main", open_day=True)}
    with backup._store.database.writing() as session:
        session.connection().exec_driver_sql(
            "UPDATE envelope SET day = ? WHERE hash = ?", (FIRST_DAY.isoformat(), early)
        )
    world.restore(backup)
    backup.run_batch(SIGNER)
    require_whole(world, backup)
    assert len(follow(backup)[LAST_DAY - timedelta(days=1)]) == 2


def test_more_days_here_than_were_carried_away_stay(world, backup):
    with opened(world.live, world.calendar) as live:
        before = follow(live)
        assert world.restore(live, world.days[:4]) == Restored(
            LAST_DAY - timedelta(days=1), 0, 0, 0, 0
        )
        assert follow(live) == before


def test_without_any_log_here_it_is_taken_as_the_couriers_have_it(world, backup):
    """The database was saved, and not the log."""
    shutil.rmtree(world.backup / "log")
    with pytest.raises(UnrestoredLogError):
        backup.run_batch(SIGNER)
    assert world.restore(backup).days_added == 9
    backup.run_batch(SIGNER)
    require_whole(world, backup)


def test_a_log_that_was_begun_anew_gives_way(world, backup, tmp_path):
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


def test_cosignatures_that_the_backup_lacks_come_back(world, backup):
    plain = backup._store.days
    for day in world.days[:2]:
        log_line = day.head.signatures[:1]
        bare = day.with_head(Head(day.head.origin, day.head.size, day.head.root, log_line))
        plain.replace("main", bare)
    world.restore(backup)
    backup.run_batch(SIGNER)
    require_whole(world, backup)


def test_what_is_past_its_retention_stays_away(world, backup):
    """An envelope of a day that a purge would remove was erased, and stays so."""
    restored = world.restore(backup, retention_days=3)
    kept = [leaf for day in world.days if day.day >= LAST_DAY - timedelta(days=3)
            for leaf in day.leaves]  # fmt: skip
    assert restored.taken_in == len(kept) == 6
    assert backup.purge({"main": 3}).envelopes == 5
    backup.run_batch(SIGNER)
    assert set(handed_out(backup)) == set(kept)


def test_envelopes_that_nobody_has_are_counted(world, backup):
    lost = list(world.days[4].leaves)[:1] + list(world.days[8].leaves)
    for digest in lost:
        del world.carried[digest]
    restored = world.restore(backup)
    assert (restored.taken_in, restored.missing) == (11, 3)
    assert len(follow(backup)) == 9


def test_what_was_taken_in_carries_the_day_of_its_log(world, backup):
    world.restore(backup)
    times = {path.stat().st_mtime_ns for path in (world.backup / "blobs").iterdir()}
    assert max(times) < end_of_day(LAST_DAY) * 10**9
    assert all(time % (86_400 * 10**9) == 0 for time in times)


def test_a_running_service_keeps_it_away(world, backup):
    with opened(world.backup, world.calendar) as service:
        service.sweep()
        with pytest.raises(DirectoryInUseError):
            world.restore(backup)
    assert backup.log_days("main") == (FIRST_DAY, BACKUP_DAY - timedelta(days=1))


def test_an_envelope_that_is_not_the_logged_one_is_not_taken(world, backup):
    first, second = world.days[5].leaves
    world.carried[first] = world.carried[second]
    with pytest.raises(ForkedLogError):
        world.restore(backup)
    world.carried[first] = make_envelope()[:-1]
    with pytest.raises(WrongLengthError):
        world.restore(backup)
    assert first not in {e.hash for e in backup.envelopes("main", open_day=True)}
    assert backup.sweep().missing == 0
