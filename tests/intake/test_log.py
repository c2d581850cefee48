"""The log: every day has a file, each envelope stands in one, and nothing is handed out before."""

import stat
from datetime import date, timedelta

import pytest

from crypto.checkpoint import Head
from crypto.errors import ForkedLogError
from crypto.log_day import Followed
from crypto.merkle import EMPTY_TREE
from crypto.minisign import SigningKey
from intake.errors import StorageError, UnknownDayError
from intake.log_signer import LogSigner
from intake.values import Batched
from tests.intake.logs import day_of, follow, handed_out, receive, require_consistent
from tests.intake.support import (
    DOOR,
    FIRST_DAY,
    LOG_KEY,
    SIGNER,
    Calendar,
    Door,
    opened,
)

ORIGIN = f"{SIGNER.service_id.hex()}/main"


def test_before_the_first_batch_there_is_no_log(intake):
    receive(intake)
    assert intake.log_days("main") is None
    with pytest.raises(UnknownDayError):
        intake.log_day("main", FIRST_DAY)


def test_a_day_that_is_over_has_its_envelopes_in_its_file(intake, calendar):
    today = receive(intake, 5)
    calendar.turn()
    tomorrow = receive(intake, 3)
    intake.run_batch(SIGNER)
    assert follow(intake) == {FIRST_DAY: today}
    assert handed_out(intake) == dict.fromkeys(today, FIRST_DAY)
    calendar.turn()
    intake.run_batch(SIGNER)
    assert follow(intake) == {FIRST_DAY: today, FIRST_DAY + timedelta(days=1): tomorrow}
    require_consistent(intake)


def test_the_log_begins_on_the_day_of_the_first_envelope(intake, calendar):
    envelopes = receive(intake)
    calendar.turn(3)
    intake.run_batch(SIGNER)
    days = [FIRST_DAY + timedelta(days=n) for n in range(3)]
    assert follow(intake) == {days[0]: envelopes, days[1]: set(), days[2]: set()}


def test_a_day_without_envelopes_has_a_file_too_and_so_has_a_channel_without_any(intake, calendar):
    calendar.turn()
    intake.run_batch(SIGNER)
    assert follow(intake) == {FIRST_DAY: set()}
    calendar.turn()
    receive(intake)
    intake.run_batch(SIGNER)
    assert follow(intake) == {FIRST_DAY: set(), FIRST_DAY + timedelta(days=1): set()}
    assert day_of(intake, FIRST_DAY).head.root == EMPTY_TREE.root


def test_several_days_that_are_overdue_are_written_in_order(intake, calendar):
    calendar.turn()
    intake.run_batch(SIGNER)
    by_day = {FIRST_DAY: set()}
    for _ in range(4):
        by_day[calendar.day] = receive(intake, 2)
        calendar.turn()
    by_day[calendar.day] = set()
    calendar.turn()
    intake.run_batch(SIGNER)
    assert follow(intake) == by_day
    require_consistent(intake)


def test_a_second_batch_on_a_day_changes_no_byte_of_the_log(intake, directory, calendar):
    receive(intake, 3)
    calendar.turn()
    intake.run_batch(SIGNER)
    (file,) = (directory / "log" / "main").iterdir()
    before = file.stat().st_ino, file.read_bytes()
    receive(intake)
    intake.run_batch(SIGNER)
    assert list((directory / "log" / "main").iterdir()) == [file]
    assert (file.stat().st_ino, file.read_bytes()) == before


def test_each_channel_has_a_log_of_its_own(intake, calendar):
    other = Door("other", DOOR.slots)
    here, there = receive(intake, 2), receive(intake, 2, other)
    calendar.turn()
    signer = LogSigner(SIGNER.service_id, LOG_KEY, ("main", "other", "third"), date.max)
    intake.run_batch(signer)
    assert follow(intake, "main") == {FIRST_DAY: here}
    assert follow(intake, "other") == {FIRST_DAY: there}
    assert follow(intake, "third") == {FIRST_DAY: set()}
    assert day_of(intake, FIRST_DAY, "other").head.origin == f"{SIGNER.service_id.hex()}/other"


def test_a_channel_that_left_the_roster_is_logged_until_nothing_of_it_is_open(intake, calendar):
    gone = Door("gone", DOOR.slots)
    last = receive(intake, 2, gone)
    calendar.turn()
    assert intake.run_batch(SIGNER) == Batched(envelopes=2, replies=0)
    assert follow(intake, "gone") == {FIRST_DAY: last}
    calendar.turn(3)
    intake.run_batch(SIGNER)
    assert follow(intake, "gone") == {FIRST_DAY: last}


def test_a_channel_that_comes_back_into_the_roster_has_no_gap(intake, calendar):
    calendar.turn()
    both = LogSigner(SIGNER.service_id, LOG_KEY, ("main", "back"), date.max)
    intake.run_batch(both)
    calendar.turn(5)
    intake.run_batch(SIGNER)
    calendar.turn()
    intake.run_batch(both)
    assert list(follow(intake, "back")) == [FIRST_DAY + timedelta(days=n) for n in range(7)]


def test_a_clock_that_is_set_back_writes_no_day_twice_and_logs_what_came_later(intake, calendar):
    first = receive(intake)
    calendar.turn(3)
    intake.run_batch(SIGNER)
    before = follow(intake)
    calendar.turn(-2)
    late = receive(intake, 2)
    assert intake.run_batch(SIGNER) == Batched(envelopes=0, replies=0)
    assert follow(intake) == before
    assert handed_out(intake) == dict.fromkeys(first, FIRST_DAY)
    calendar.turn(2)
    assert intake.run_batch(SIGNER) == Batched(envelopes=0, replies=0)
    calendar.turn()
    assert intake.run_batch(SIGNER) == Batched(envelopes=2, replies=0)
    day = FIRST_DAY + timedelta(days=3)
    assert follow(intake) == before | {day: late}
    assert handed_out(intake) == dict.fromkeys(first, FIRST_DAY) | dict.fromkeys(late, day)


def test_a_clock_that_was_far_ahead_has_not_filled_the_log(intake, calendar):
    signer = LogSigner(SIGNER.service_id, LOG_KEY, ("main",), FIRST_DAY + timedelta(days=200))
    here = receive(intake)
    calendar.turn(10_000)
    assert intake.run_batch(signer) == Batched(envelopes=0, replies=0)
    assert intake.log_days("main") is None
    calendar.turn(1 - 10_000)
    assert intake.run_batch(signer) == Batched(envelopes=1, replies=0)
    assert follow(intake) == {FIRST_DAY: here}


def test_a_clock_that_began_in_1970_makes_no_log_of_thousands_of_days(directory):
    calendar = Calendar(date(1970, 1, 1))
    with opened(directory, calendar) as intake:
        first = receive(intake)
        calendar.day = FIRST_DAY
        intake.run_batch(SIGNER)
        leaves = follow(intake)
        assert len(leaves) == 731
        assert leaves[FIRST_DAY - timedelta(days=731)] == first
        require_consistent(intake)


def test_more_than_a_file_holds_goes_over_to_the_next_day(intake, calendar, monkeypatch):
    monkeypatch.setattr("intake.log_dates.MAX_DAY_LEAVES", 3)
    envelopes = receive(intake, 8)
    calendar.turn(2)
    assert intake.run_batch(SIGNER).envelopes == 6
    leaves = follow(intake)
    assert [len(day) for day in leaves.values()] == [3, 3]
    calendar.turn()
    assert intake.run_batch(SIGNER).envelopes == 2
    assert set().union(*follow(intake).values()) == envelopes
    require_consistent(intake)


def test_a_late_envelope_is_kept_as_if_it_had_come_on_the_day_that_logs_it(intake, calendar):
    calendar.turn(31)
    intake.run_batch(SIGNER)
    calendar.turn(-31)
    (late,) = receive(intake)
    calendar.turn(32)
    intake.run_batch(SIGNER)
    assert handed_out(intake) == {late: FIRST_DAY + timedelta(days=31)}
    calendar.turn(29)
    assert intake.purge({"main": 30}).envelopes == 0
    calendar.turn(2)
    assert intake.purge({"main": 30}).envelopes == 1


@pytest.mark.parametrize("retention", [1, 2, 30])
def test_a_purge_takes_nothing_that_a_reader_of_the_log_expects(intake, calendar, retention):
    """Readers expect an envelope while its day > today - retention."""
    (digest,) = receive(intake)
    calendar.turn()
    intake.run_batch(SIGNER)
    while calendar.day - timedelta(days=retention) < FIRST_DAY:
        intake.purge({"main": retention})
        assert digest in handed_out(intake)
        calendar.turn()
    calendar.turn()
    assert intake.purge({"main": retention}).envelopes == 1


def test_the_log_stays_when_its_envelopes_are_purged(intake, calendar):
    envelopes = receive(intake, 3)
    calendar.turn()
    intake.run_batch(SIGNER)
    before = intake.log_day("main", FIRST_DAY)
    calendar.turn(100)
    assert intake.purge({"main": 30}).envelopes == 3
    intake.run_batch(SIGNER)
    assert intake.log_day("main", FIRST_DAY) == before
    assert follow(intake)[FIRST_DAY] == envelopes


def test_the_files_are_private_carry_their_day_and_leave_nothing_else(intake, directory, calendar):
    receive(intake)
    calendar.turn(3)
    intake.run_batch(SIGNER)
    place = directory / "log" / "main"
    assert sorted(file.name for file in place.iterdir()) == [
        f"2026-11-2{n}.json" for n in (3, 4, 5)
    ]
    for number, file in enumerate(sorted(place.iterdir())):
        midnight = 1_795_392_000 + number * 86_400
        assert file.stat().st_mtime_ns == midnight * 10**9
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for path in (place, place.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert path.stat().st_mtime_ns % (86_400 * 10**9) == 0


def test_what_a_killed_writer_left_is_removed(intake, directory, calendar):
    calendar.turn()
    intake.run_batch(SIGNER)
    left = directory / "log" / "main" / f".2026-11-24.json.{'0' * 16}.part"
    left.write_bytes(b"half a day")
    calendar.turn()
    intake.run_batch(SIGNER)
    assert not left.exists()
    assert len(follow(intake)) == 2


def test_another_service_does_not_go_on_with_this_one_s_log(intake, calendar):
    calendar.turn()
    intake.run_batch(SIGNER)
    calendar.turn()
    with pytest.raises(ForkedLogError):
        intake.run_batch(LogSigner(bytes(16), LOG_KEY, ("main",), date.max))


def test_a_new_log_key_goes_on_with_the_log_of_the_old_one(intake, calendar):
    calendar.turn()
    intake.run_batch(SIGNER)
    calendar.turn()
    new = SigningKey(bytes(32))
    intake.run_batch(LogSigner(SIGNER.service_id, new, ("main",), date.max))
    keys = [LOG_KEY.verify_key, new.verify_key]
    seen = Followed(ORIGIN)
    for day in range(2):
        logged = day_of(intake, FIRST_DAY + timedelta(days=day))
        seen = seen.follow(logged, keys)
        assert logged.head == Head(ORIGIN, 0, EMPTY_TREE.root).sign((LOG_KEY, new)[day])


@pytest.mark.parametrize("channel", ["", "..", "a/b", "A", "main.json", "x" * 33])
def test_what_is_no_channel_s_id_has_no_log(intake, channel):
    assert intake.log_days(channel) is None
    with pytest.raises(UnknownDayError):
        intake.log_day(channel, FIRST_DAY)


def test_other_files_beside_the_days_are_no_days(intake, directory, calendar):
    calendar.turn()
    intake.run_batch(SIGNER)
    place = directory / "log" / "main"
    for name in ("2026-13-01.json", "2027-02-31.json", "2027-01-01.json.bak", "lost+found", "note"):
        (place / name).write_text("not a day")
    assert intake.log_days("main") == (FIRST_DAY, FIRST_DAY)


def test_a_day_that_cannot_be_read_is_not_one_that_is_unknown(intake, directory):
    (directory / "log" / "main" / "2026-11-23.json").mkdir(parents=True)
    with pytest.raises(StorageError):
        intake.log_day("main", FIRST_DAY)
