"""Which days the logs are to go on with, and of which of them each open envelope is.

Mostly that is clear: of the day on which it came. But the log may have that day already, without
the envelope: when the clock was set back, or the database or the log comes from a backup. Then the
envelope is of the first day that is still to be written, and is kept as if it had come then.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col, select

from crypto.log_day import MAX_DAY_LEAVES
from intake.bounds import MAX_FIRST_DAYS, ROWS_A_COMMIT
from intake.errors import UnrestoredLogError
from intake.log_signer import LogSigner
from intake.store import Store
from intake.tables import EnvelopeRow

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Overdue:
    """The days that a channel's log is to go on with; none when `last` is before `first`."""

    first: date
    last: date

    @property
    def end(self) -> date:
        """The last day that will have a file; what is of a day up to it may be closed then."""
        return max(self.last, self.first - ONE_DAY)

    def __iter__(self) -> Iterator[date]:
        """Go from the first day to the last."""
        day = self.first
        while day <= self.last:
            yield day
            day += ONE_DAY


def date_envelopes(store: Store, signer: LogSigner, today: date) -> dict[str, Overdue]:
    """Say for each channel which days its log is to go on with, and date its open envelopes.

    After this, each open envelope is of one of these days, of a later one, or a leaf of the file
    that its day has. Beside the signer's channels, one that left the roster with open envelopes
    has its log, too. There are none, and nothing is dated, when the clock is further ahead than the
    signer allows.

    Raises:
        UnrestoredLogError: a log lacks days that it had, or its restoration was not finished.
        MalformedLogError: a day's file was damaged: restore the log.
    """
    if today - ONE_DAY > signer.until:
        return {}
    with store.database.writing() as session:
        left = session.exec(
            select(col(EnvelopeRow.channel)).where(_is_open(), EnvelopeRow.day < today).distinct()
        ).all()
        overdue = {}
        for channel in {*signer.channels, *left}:
            _require_whole(store, session, channel)
            overdue[channel] = _overdue(store, session, channel, today)
            _date_late(store, session, channel, overdue[channel].first)
            _date_surplus(session, channel, overdue[channel])
    return overdue


def _require_whole(store: Store, session: Session, channel: str) -> None:
    """Refuse to go on with a log from an older backup than the database: that makes a second one.

    Raises:
        UnrestoredLogError: an envelope was handed out as of a day that the log does not have.
    """
    span = store.days.span(channel)
    closed = session.exec(
        select(func.max(EnvelopeRow.day)).where(_is_of(channel), col(EnvelopeRow.closed))
    ).one()
    if store.days.is_restoring(channel) or (closed and (span is None or closed > span[1])):
        raise UnrestoredLogError("the log lacks days that it had: run candor restore-log")


def _overdue(store: Store, session: Session, channel: str, today: date) -> Overdue:
    yesterday = today - ONE_DAY
    if span := store.days.span(channel):
        first = span[1] + ONE_DAY
    else:
        day = col(EnvelopeRow.day)
        oldest = session.exec(select(func.min(day)).where(_is_of(channel), day < today)).one()
        first = max(oldest or yesterday, today - MAX_FIRST_DAYS)
    return Overdue(first, yesterday)


def _date_late(store: Store, session: Session, channel: str, first: date) -> None:
    """Move what the log can no longer take on its own day to the first that is to be written."""
    by_day = defaultdict[date, set[bytes]](set)
    for day, digest in session.exec(
        select(col(EnvelopeRow.day), col(EnvelopeRow.hash)).where(
            _is_of(channel), _is_open(), EnvelopeRow.day < first
        )
    ):
        by_day[day].add(digest)
    for day, digests in by_day.items():
        late = list(digests.difference(store.days.leaves(channel, day)))
        for start in range(0, len(late), ROWS_A_COMMIT):
            piece = col(EnvelopeRow.hash).in_(late[start : start + ROWS_A_COMMIT])
            session.exec(update(EnvelopeRow).where(piece).values(day=first))


def _date_surplus(session: Session, channel: str, overdue: Overdue) -> None:
    """Move what is more than a day's file can hold to the next day."""
    while (full := _full_day(session, channel, overdue)) is not None:
        digest, of_day = col(EnvelopeRow.hash), col(EnvelopeRow.day) == full
        kept = session.exec(
            select(digest)
            .where(_is_of(channel), of_day)
            .order_by(digest)
            .offset(MAX_DAY_LEAVES - 1)
            .limit(1)
        ).one()
        surplus = update(EnvelopeRow).where(_is_of(channel), of_day, digest > kept)
        session.exec(surplus.values(day=full + ONE_DAY))


def _full_day(session: Session, channel: str, overdue: Overdue) -> date | None:
    day = col(EnvelopeRow.day)
    return session.exec(
        select(day)
        .where(_is_of(channel), day.between(overdue.first, overdue.last))
        .group_by(day)
        .having(func.count() > MAX_DAY_LEAVES)
        .order_by(day)
        .limit(1)
    ).first()


def _is_of(channel: str) -> ColumnElement[bool]:
    return col(EnvelopeRow.channel) == channel


def _is_open() -> ColumnElement[bool]:
    return col(EnvelopeRow.closed).is_(False)
