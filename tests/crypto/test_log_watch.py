"""What must have come, and the words for what did not."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import errors
from crypto.checkpoint import Head
from crypto.errors import LogError, MalformedLogError
from crypto.log_day import LogDay
from crypto.log_watch import (
    Alarm,
    Cause,
    alarm_object,
    alarm_of,
    expected_leaves,
    is_kept,
    late_day,
    missing_envelopes,
    read_alarm_object,
)
from crypto.merkle import EMPTY_TREE, Tree

TODAY = date(2026, 11, 23)
ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))

alarms = st.builds(
    Alarm,
    st.sampled_from(Cause),
    st.none() | st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True),
    st.none() | st.dates(min_value=date(1000, 1, 1)),
    st.none() | st.binary(min_size=32, max_size=32),
)


def log_of(*days: tuple[date, tuple[bytes, ...]]) -> list[LogDay]:
    made, before = [], EMPTY_TREE
    for day, leaves in days:
        made.append(log_day(day, before, leaves))
        before = made[-1].after
    return made


def log_day(day: date, before: Tree, leaves: tuple[bytes, ...]) -> LogDay:
    after = before.grow(leaves)
    return LogDay(day, before, leaves, Head("00/general", after.size, after.root))


def test_an_envelope_is_kept_until_its_retention_ends() -> None:
    assert is_kept(TODAY - timedelta(days=29), TODAY, 30)
    assert not is_kept(TODAY - timedelta(days=30), TODAY, 30)


def test_leaves_older_than_the_retention_come_without_their_envelopes() -> None:
    log = log_of((TODAY - timedelta(days=31), (ONE,)), (TODAY - timedelta(days=1), (TWO, THREE)))
    expected = expected_leaves(log, today=TODAY, retention_days=30)
    assert expected == {TWO: TODAY - timedelta(days=1), THREE: TODAY - timedelta(days=1)}


def test_each_envelope_that_did_not_come_is_an_alarm_of_its_own() -> None:
    log = log_of((TODAY - timedelta(days=1), (ONE, TWO, THREE)))
    raised = missing_envelopes(log, {TWO}, channel="general", today=TODAY, retention_days=30)
    assert [alarm.envelope for alarm in raised] == [ONE, THREE]
    assert ONE.hex() in raised[0].sentence
    assert "2026-11-22" in raised[0].sentence


def test_a_day_is_late_when_more_than_two_days_have_passed() -> None:
    assert late_day("general", TODAY - timedelta(days=2), TODAY) is None
    late = late_day("general", TODAY - timedelta(days=3), TODAY)
    assert late is not None
    assert late.is_warning


@pytest.mark.parametrize("cause", Cause)
def test_every_alarm_says_what_happened_and_what_to_do(cause: Cause) -> None:
    alarm = Alarm(cause, "general", TODAY, ONE)
    assert alarm.sentence
    assert alarm.advice
    assert alarm.is_warning == (cause is Cause.LATE)


def test_every_error_about_a_log_is_some_alarm() -> None:
    leaves = [kind for kind in vars(errors).values() if is_log_leaf(kind)]
    assert len({alarm_of(kind("…"), "general", TODAY).cause for kind in leaves}) == len(leaves) == 5


def is_log_leaf(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, LogError) and kind is not LogError


@given(alarms)
def test_an_alarm_reads_back_as_it_was_written(alarm: Alarm) -> None:
    assert read_alarm_object(alarm_object(alarm)) == alarm


@pytest.mark.parametrize(
    "change",
    [
        {"cause": "rain"},
        {"channel": "../x"},
        {"day": "2026-11-3"},
        {"day": "20261123"},
        {"envelope": "00"},
        {"envelope": 7},
        {"more": 1},
    ],
)
def test_what_is_no_alarm_is_refused(change: dict[str, object]) -> None:
    written = alarm_object(Alarm(Cause.MISSING, "general", TODAY, ONE))
    with pytest.raises(MalformedLogError):
        read_alarm_object(written | change)
