"""The days of a log as couriers carried them away, checked before the log is put back from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from crypto.checkpoint import Head, NoteSignature, end_of_day
from crypto.errors import ForkedLogError, UnsignedHeadError
from crypto.log_day import Followed, LogDay
from crypto.minisign import VerifyKey


@dataclass(frozen=True, slots=True)
class Course:
    """Days of one log that follow each other, up to one that a courier has witnessed.

    Attributes:
        days: at least one, each signed by the log; every other line under a head is a witness's.
    """

    days: tuple[LogDay, ...]

    @classmethod
    def check(
        cls,
        days: Iterable[LogDay],
        origin: str,
        *,
        log_keys: Sequence[VerifyKey],
        witnesses: Mapping[str, VerifyKey],
    ) -> "Course":
        """Put days in order, and hold them to each other and to the keys of the roster.

        Days behind the last one that was witnessed are left out: nobody has vouched for them. So
        are lines under a head that are not sound: who brings a day may write there what it likes.

        Args:
            days: of one log, from any number of bundles, in any order.
            origin: which log.
            log_keys: of the roster.
            witnesses: couriers' keys, by the names under which they cosign.

        Raises:
            UnsignedHeadError: a head is not the log's, or no courier has witnessed any.
            ForkedLogError: they are of another log, or contradict each other.
            UnlinkedDayError: days between are missing.
        """
        by_day: dict[date, LogDay] = {}
        for day in days:
            known = by_day.get(day.day) or day.with_head(day.head.only(log_keys, {}))
            by_day[day.day] = with_witnesses(known, day, witnesses)
        ordered = [by_day[day] for day in sorted(by_day)]
        _follow(ordered, origin, log_keys)
        while ordered and not _is_witnessed(ordered[-1], witnesses):
            del ordered[-1]
        if not ordered:
            raise UnsignedHeadError("no courier of the roster has witnessed any of these days")
        return cls(tuple(ordered))


def is_same(one: LogDay, other: LogDay) -> bool:
    """Tell whether two files of a day say the same, whoever has signed them."""
    return (one.before, one.leaves, one.head.body) == (other.before, other.leaves, other.head.body)


def with_witnesses(known: LogDay, other: LogDay, witnesses: Mapping[str, VerifyKey]) -> LogDay:
    """Add the signatures that known witnesses have put under another copy of the same day.

    Raises:
        ForkedLogError: it is not the same.
    """
    if not is_same(known, other):
        raise ForkedLogError(f"there are two that differ of {known.day}")
    head = known.head
    for line in other.head.signatures:
        if line not in head.signatures and is_cosignature(head, known.day, line, witnesses):
            head = head.with_cosignature(line)
    return known.with_head(head)


def is_cosignature(
    head: Head, day: date, line: NoteSignature, witnesses: Mapping[str, VerifyKey]
) -> bool:
    """Tell whether a line is a known witness's signature of the head after a day.

    The line is looked at by itself: one of another key beside it would mean nothing, and must
    neither vouch for it nor spoil it.
    """
    try:
        found = replace(head, signatures=(line,)).witnesses(witnesses)
    except UnsignedHeadError:
        return False
    return found == {line.name: end_of_day(day)}


def _follow(days: Sequence[LogDay], origin: str, log_keys: Sequence[VerifyKey]) -> None:
    if days:
        first = days[0]
        seen = Followed(origin, first.before, first.day - timedelta(days=1))
        for day in days:
            seen = seen.follow(day, log_keys)


def _is_witnessed(day: LogDay, witnesses: Mapping[str, VerifyKey]) -> bool:
    return end_of_day(day.day) in day.head.witnesses(witnesses).values()
