"""The public files of logs, held against the roster and against each other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from console.errors import ReceiptError
from console.log_course import HeadKeys
from console.receipts import require_origin
from crypto.errors import UnsignedHeadError
from crypto.log_day import LogDay
from crypto.log_watch import Alarm, Cause
from crypto.roster import Roster

_ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class CheckedLog:
    """The days of one log that were at hand.

    Attributes:
        days: sorted, one file for each.
        witnessed: the last day that each courier has witnessed.
        unwitnessed: how many days nobody has witnessed.
        problems: what does not hold, in words.
        unchecked: what could not be checked, in words.
    """

    channel: str
    days: Sequence[LogDay]
    witnessed: dict[str, date] = field(default_factory=dict)
    unwitnessed: int = 0
    problems: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def check_logs(days: Iterable[LogDay], roster: Roster) -> Iterator[CheckedLog]:
    """Check days of any number of logs of one service, in any order.

    Raises:
        ReceiptError: a day is of another service.
    """
    logs: dict[str, list[LogDay]] = {}
    for day in days:
        try:
            channel = require_origin(day.head.origin, roster)
        except ReceiptError as error:
            raise ReceiptError(f"the file of {day.day}: {error}") from None
        logs.setdefault(channel, []).append(day)
    for channel in sorted(logs):
        yield _check(channel, logs[channel], HeadKeys.of(roster))


def _check(channel: str, found: Sequence[LogDay], keys: HeadKeys) -> CheckedLog:
    in_order = sorted(found, key=lambda day: day.day)
    one_each = {day.day: day for day in in_order}
    log = CheckedLog(channel, tuple(one_each.values()))
    for day in in_order:
        other = one_each[day.day]
        if (day.before, day.leaves) != (other.before, other.leaves):
            _say(log, Cause.FORKED, day.day)
    witnessed = {day.day for day in in_order if _check_head(log, day, keys)}
    for before, after in pairwise(log.days):
        _check_step(log, before, after)
    log.unwitnessed = len(log.days) - len(witnessed)
    _say_unchecked(log)
    return log


def _check_head(log: CheckedLog, day: LogDay, keys: HeadKeys) -> bool:
    """Check the signatures under a day, and tell whether a courier has witnessed it."""
    try:
        couriers = keys.check(day)
    except UnsignedHeadError:
        _say(log, Cause.UNSIGNED, day.day)
        return False
    for courier in couriers:
        log.witnessed[courier] = max(day.day, log.witnessed.get(courier, day.day))
    return bool(couriers)


def _check_step(log: CheckedLog, before: LogDay, after: LogDay) -> None:
    """Hold a day to the one before it, and say which days between could not be looked at."""
    tree, gap = before.after, after.day - before.day > _ONE_DAY
    if gap:
        first, last = before.day + _ONE_DAY, after.day - _ONE_DAY
        log.unchecked.append(
            f"{first}, whose file is not here"
            if first == last
            else f"the days from {first} to {last}, whose files are not here"
        )
    if after.before.size < tree.size:
        _say(log, Cause.SHRANK, before.day)
    elif after.before != tree and not (gap and after.before.size > tree.size):
        _say(log, Cause.FORKED, after.day)


def _say(log: CheckedLog, cause: Cause, day: date) -> None:
    sentence = Alarm(cause, log.channel, day).sentence
    if sentence not in log.problems:
        log.problems.append(sentence)


def _say_unchecked(log: CheckedLog) -> None:
    first = log.days[0]
    if first.before.size:
        log.unchecked.insert(
            0, f"what was logged before {first.day}: {first.before.size} envelopes"
        )
    log.unchecked.append("whether others are shown the same log: compare the head with theirs")
