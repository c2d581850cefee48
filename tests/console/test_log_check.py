"""What anybody finds in the public files of a log."""

from collections.abc import Sequence
from datetime import date

import pytest

from console.errors import ReceiptError
from console.log_check import CheckedLog, check_logs
from crypto.log_day import LogDay
from crypto.minisign import SigningKey
from tests.console.desk import log_of
from tests.support.carried import BOAT, OTHER_CHANNEL, VAN, Log, make_day, make_roster


def check(days: Sequence[LogDay]) -> CheckedLog:
    (log,) = check_logs(days, make_roster())
    return log


@pytest.fixture
def days() -> list[LogDay]:
    return log_of(2, 0, 3, 1).days


def test_a_whole_log_holds_whatever_the_order_of_its_files(days: list[LogDay]) -> None:
    log = check([days[2], days[0], days[3], days[1], days[2]])
    assert log.days == tuple(days)
    assert log.problems == []
    assert log.witnessed == {VAN: days[3].day}
    assert log.unwitnessed == 0
    assert log.unchecked == ["whether others are shown the same log: compare the head with theirs"]


def test_each_channel_is_a_log_of_its_own(days: list[LogDay]) -> None:
    other = Log(OTHER_CHANNEL)
    other.close_day(1)
    found = [*check_logs([*other.days, *days], make_roster())]
    assert [(log.channel, len(log.days)) for log in found] == [("general", 4), ("other", 1)]


def test_what_was_before_and_between_is_said_to_be_unchecked(days: list[LogDay]) -> None:
    log = check([days[1], days[3]])
    assert log.problems == []
    assert log.unchecked[:2] == [
        f"what was logged before {days[1].day}: 2 envelopes",
        f"{days[2].day}, whose file is not here",
    ]
    assert f"from {days[1].day} to {days[2].day}" in check([days[0], days[3]]).unchecked[0]


def test_days_that_nobody_witnessed_are_counted(days: list[LogDay]) -> None:
    alone = remade(days[3], witnesses=())
    both = remade(days[2], witnesses=(VAN, BOAT))
    log = check([*days[:2], both, alone])
    assert log.problems == []
    assert (log.unwitnessed, log.witnessed) == (1, {VAN: days[2].day, BOAT: days[2].day})


def remade(day: LogDay, leaves: Sequence[bytes] | None = None, **options: object) -> LogDay:
    return make_day(day.day, day.before, day.leaves if leaves is None else leaves, **options)  # type: ignore[arg-type]


def problems_at(log: CheckedLog) -> list[tuple[str, date]]:
    words = ("something else", "shortened", "no sound signature")
    return [
        (next(word for word in words if word in problem), day.day)
        for problem in log.problems
        for day in log.days
        if str(day.day) in problem
    ]


def test_a_day_that_does_not_continue_the_one_before_is_a_fork(days: list[LogDay]) -> None:
    other = log_of(2, 0, 3, 1).days
    assert problems_at(check([*days[:3], other[3]])) == [("something else", days[3].day)]


def test_two_files_of_a_day_that_differ_are_a_fork(days: list[LogDay]) -> None:
    other = remade(days[3], days[3].leaves[:-1])
    assert problems_at(check([*days, other])) == [("something else", days[3].day)]


@pytest.mark.parametrize("left_out", [0, 1])
def test_a_log_that_shrank_is_told_over_a_gap_too(days: list[LogDay], left_out: int) -> None:
    last = make_day(days[3].day, days[0].before, days[3].leaves)
    here = days[: 3 - left_out]
    assert problems_at(check([*here, last])) == [("shortened", here[-1].day)]


def test_over_a_gap_a_log_of_the_same_size_must_be_the_same(days: list[LogDay]) -> None:
    other = log_of(2, 0, 3, 1).days
    assert problems_at(check([days[0], other[2]])) == [("something else", days[2].day)]
    assert check([days[0], days[2]]).problems == []


def test_a_head_that_is_not_signed_is_told(days: list[LogDay]) -> None:
    forged = remade(days[1], key=SigningKey.generate())
    log = check([days[0], forged, *days[2:]])
    assert problems_at(log) == [("no sound signature", days[1].day)]


def test_a_witness_of_another_day_is_told(days: list[LogDay]) -> None:
    line = next(found for found in days[0].head.signatures if found.name.endswith(VAN))
    moved = days[1].with_head(days[1].head.with_cosignature(line))
    log = check([days[0], moved, *days[2:]])
    assert problems_at(log) == [("no sound signature", days[1].day)]


def test_a_log_of_another_service_is_refused(days: list[LogDay]) -> None:
    with pytest.raises(ReceiptError, match="another service"):
        check_logs(days, make_roster(service_id=bytes(16))).__next__()
