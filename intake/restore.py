"""Put a channel's log back as couriers saw it, after the service came back from a backup.

What others have seen of a log cannot be unmade: a log that says something else is a second one, and
everybody would be told so. So where the log here differs from what was carried away, or ends before
it, it is cut back to what both have, and goes on as it was carried away. The log is never begun
anew.

In this order, so that whoever is killed runs it again:

1. The log is marked, so that no batch goes on with it, and the place is swept.
2. Envelopes of days that are to change are opened again: closed ones are leaves of their day.
3. The days that differ are removed, the last one first; the carried ones are put in their place.
4. Envelopes that are here get the day of their leaf; what is missing here is taken in again.
5. The mark is taken away. Envelopes that are in no day's file the next batch logs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from crypto.errors import ForkedLogError, MalformedLogError, UnlinkedDayError
from crypto.log_day import LogDay
from crypto.minisign import VerifyKey
from intake.course import Course, is_same, with_witnesses
from intake.errors import UnknownDayError
from intake.locks import housekeeping, log_writing
from intake.restored_envelopes import Carried, open_again, restore_envelopes
from intake.store import Store

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes:
        until: the last day of the log, as it is now.
        days_removed: which were written here after the backup, and seen by nobody else.
        days_added: as the couriers have them.
        taken_in: envelopes that were missing here.
        missing: leaves of the carried days that the service is to keep and that are nowhere.
    """

    until: date
    days_removed: int
    days_added: int
    taken_in: int
    missing: int


def restore_log(  # noqa: PLR0913 - what was carried away, and what the roster says of it
    store: Store,
    channel: str,
    course: Course,
    carried: Carried,
    *,
    witnesses: Mapping[str, VerifyKey],
    retention_days: int,
) -> Restored:
    """Put a log back, and the envelopes that are missing here. The caller is alone with the store.

    Raises:
        UnlinkedDayError: days between the log here and the carried ones are missing.
        ForkedLogError: the log here differs already before the first day that was carried.
        MalformedLogError: a day's file here is damaged before those that are to be put back.
        StorageFullError, StorageError: it is not done yet: run it again.
    """
    with housekeeping(store.directory), log_writing(store.directory):
        plan = _plan(store, channel, course)
        store.days.make_ready(channel)
        store.days.begin_restoring(channel)
        open_again(store, channel, plan.kept)
        removed = store.days.remove_after(channel, plan.kept)
        for day in plan.same:
            _add_witnesses(store, channel, day, witnesses)
        for day in plan.added:
            store.days.add(channel, day)
        taken_in, missing = restore_envelopes(store, channel, course, carried, retention_days)
        store.days.end_restoring(channel)
    return Restored(plan.until, removed, len(plan.added), taken_in, missing)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done to the files.

    Attributes:
        kept: the last day here that stays; None when none does.
        same: carried days that are here as well.
        added: carried days that are not.
        until: the last day there will be.
    """

    kept: date | None
    same: tuple[LogDay, ...]
    added: tuple[LogDay, ...]
    until: date


def _plan(store: Store, channel: str, course: Course) -> _Plan:
    same = 0
    while same < len(course.days) and _is_here(store, channel, course.days[same]):
        same += 1
    added, span = course.days[same:], store.days.span(channel)
    if added:
        kept, until = _link(store, channel, added[0]), added[-1].day
    else:
        kept = until = span[1] if span else course.days[-1].day
    return _Plan(kept, course.days[:same], added, until)


def _is_here(store: Store, channel: str, day: LogDay) -> bool:
    """Tell whether a day stands here as it was carried away; a damaged one does not."""
    try:
        return is_same(store.days.read(channel, day.day), day)
    except (UnknownDayError, MalformedLogError):
        return False


def _link(store: Store, channel: str, first: LogDay) -> date | None:
    """Find the day here that a carried one continues; where there is none before it, nothing."""
    span = store.days.span(channel)
    if span is None or first.day <= span[0]:
        return None
    before = first.day - ONE_DAY
    try:
        tree = store.days.read(channel, before).after
    except UnknownDayError:
        raise UnlinkedDayError(
            f"the log here ends on {span[1]} and what was carried away begins on {first.day}: give"
            " the bundles before as well"
        ) from None
    if tree != first.before:
        raise ForkedLogError(
            f"the log here differs already on {before} from what was carried away: give the bundles"
            " before as well"
        )
    return before


def _add_witnesses(
    store: Store, channel: str, carried: LogDay, witnesses: Mapping[str, VerifyKey]
) -> None:
    here = store.days.read(channel, carried.day)
    witnessed = with_witnesses(here, carried, witnesses)
    if witnessed != here:
        store.days.replace(channel, witnessed)
