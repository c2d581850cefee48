"""A batch that is killed, finds no room, or has a log from a backup: nothing is logged twice."""

from datetime import timedelta

import pytest

from crypto.errors import MalformedLogError
from intake.errors import StorageFullError, UnrestoredLogError
from tests.intake.logs import follow, handed_out, receive, require_consistent
from tests.intake.support import DOOR, FIRST_DAY, SIGNER, Calendar, make_envelope, opened, read_all


class Interrupted(BaseException):
    """Stands for a process that is killed: nothing of ours handles it."""


def interrupt(*_args, **_kwargs):
    raise Interrupted


@pytest.mark.parametrize(
    "step",
    [
        "intake.batch.log.write_days",
        "intake.day_files.new_file_at",
        "intake.day_files._write",
        "intake.day_files.DayFiles._settle",
        "intake.batch._move_rows",
        "intake.store.Store.compact",
    ],
)
def test_interrupted_at_any_step_the_next_batch_goes_on(
    intake, directory, calendar, monkeypatch, step
):
    """What was handed out stands in the log; what a file holds is never written otherwise."""
    bytes_of = {}
    for _ in range(5):
        envelope = make_envelope()
        bytes_of[intake.receive(DOOR, [envelope])] = envelope
    calendar.turn()
    monkeypatch.setattr(step, interrupt)
    with pytest.raises(Interrupted):
        intake.run_batch(SIGNER)
    monkeypatch.undo()
    require_consistent(intake)
    written = follow(intake)
    for digest in set().union(*written.values()):  # nobody who reads the log misses one
        with intake.open_logged("main", digest) as file:
            assert file.read() == bytes_of[digest]
    calendar.turn()
    intake.run_batch(SIGNER)
    assert follow(intake) == {FIRST_DAY: set(bytes_of), FIRST_DAY + timedelta(days=1): set()}
    assert all(follow(intake)[day] == leaves for day, leaves in written.items())
    assert handed_out(intake) == dict.fromkeys(bytes_of, FIRST_DAY)
    for digest, envelope in bytes_of.items():
        assert read_all(intake, digest) == envelope


def test_interrupted_between_two_days_the_rest_is_written_later(intake, calendar, monkeypatch):
    days = []
    for _ in range(3):
        days.append(receive(intake, 2))
        calendar.turn()
    written = 0

    def die_after_one(_files, _channel):
        nonlocal written
        written += 1
        if written == 2:
            raise Interrupted

    monkeypatch.setattr("intake.day_files.DayFiles._settle", die_after_one)
    with pytest.raises(Interrupted):
        intake.run_batch(SIGNER)
    monkeypatch.undo()
    assert len(follow(intake)) == 2
    assert handed_out(intake) == {}
    assert intake.run_batch(SIGNER).envelopes == 6
    assert list(follow(intake).values()) == days
    require_consistent(intake)


def test_without_room_for_a_day_s_file_nothing_is_handed_out(intake, calendar, monkeypatch):
    envelopes = receive(intake, 3)
    calendar.turn()

    def no_room(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("intake.day_files._write", no_room)
    with pytest.raises(StorageFullError):
        intake.run_batch(SIGNER)
    monkeypatch.undo()
    assert intake.log_days("main") is None
    assert handed_out(intake) == {}
    assert intake.run_batch(SIGNER).envelopes == 3
    assert follow(intake) == {FIRST_DAY: envelopes}


def test_a_damaged_last_day_stops_the_batch_and_hands_nothing_out(intake, directory, calendar):
    receive(intake)
    calendar.turn()
    intake.run_batch(SIGNER)
    file = directory / "log" / "main" / "2026-11-23.json"
    whole = file.read_bytes()
    receive(intake)
    calendar.turn()
    for damaged in (b"", whole[:-1], whole.replace(b'"size_before": 0', b'"size_before": 1')):
        file.write_bytes(damaged)
        with pytest.raises(MalformedLogError):
            intake.run_batch(SIGNER)
        assert len(handed_out(intake)) == 1
    file.write_bytes(whole)
    assert intake.run_batch(SIGNER).envelopes == 1


@pytest.mark.parametrize("lost", [["2026-11-24.json"], ["2026-11-23.json", "2026-11-24.json"]])
def test_a_log_older_than_what_was_handed_out_is_never_gone_on_with(
    intake, directory, calendar, lost
):
    """A log from an old backup would be written a second time, and otherwise."""
    for _ in range(2):
        receive(intake)
        calendar.turn()
    intake.run_batch(SIGNER)
    for name in lost:
        (directory / "log" / "main" / name).unlink()
    before = follow(intake)
    calendar.turn()
    with pytest.raises(UnrestoredLogError):
        intake.run_batch(SIGNER)
    assert follow(intake) == before


def test_a_row_that_its_day_s_file_does_not_hold_is_logged_on_the_next_day(
    intake, directory, calendar
):
    """As when the log is newer than the database, which comes from a backup."""
    calendar.turn()
    with opened(directory.with_name("other"), Calendar(FIRST_DAY + timedelta(days=1))) as other:
        other.run_batch(SIGNER)
        file = other.log_day("main", FIRST_DAY)
    calendar.turn(-1)
    (late,) = receive(intake)
    place = directory / "log" / "main"
    place.mkdir(parents=True, mode=0o700)
    (place / "2026-11-23.json").write_bytes(file)
    calendar.turn(2)
    intake.run_batch(SIGNER)
    assert follow(intake) == {FIRST_DAY: set(), FIRST_DAY + timedelta(days=1): {late}}
    assert handed_out(intake) == {late: FIRST_DAY + timedelta(days=1)}


def test_a_row_that_its_day_s_file_holds_is_closed_without_being_logged_again(
    intake, directory, calendar
):
    """As when the batch was killed after the file, and the database is from before that."""
    envelopes = receive(intake, 3)
    calendar.turn()
    intake.run_batch(SIGNER)
    with intake._store.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE envelope SET closed = 0")
    before = intake.log_day("main", FIRST_DAY)
    assert intake.run_batch(SIGNER).envelopes == 3
    assert intake.log_day("main", FIRST_DAY) == before
    calendar.turn()
    intake.run_batch(SIGNER)
    assert follow(intake) == {FIRST_DAY: envelopes, FIRST_DAY + timedelta(days=1): set()}
