"""The envelopes of a log that is put back: opened, dated, taken in again where they are missing.

See `intake.restore`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import update
from sqlmodel import col, select

from crypto.errors import ForkedLogError
from crypto.header import MAX_SLOTS
from crypto.log_day import LogDay
from crypto.sinks import Sink
from intake.arrival import Arrival, Arrived
from intake.bounds import ROWS_A_COMMIT
from intake.course import Course
from intake.store import Store
from intake.tables import EnvelopeRow
from intake.values import Door

_ANY_SLOTS = frozenset(range(1, MAX_SLOTS + 1))  # what was logged has passed its channel's door
Carried = Mapping[bytes, Callable[[Sink], None]]
"""The envelopes that were carried away, by their hashes: each writes itself to a sink."""


def open_again(store: Store, channel: str, kept: date | None) -> None:
    """Open what was closed as of a later day than those that stay."""
    late = (col(EnvelopeRow.channel) == channel) & col(EnvelopeRow.closed)
    if kept is not None:
        late &= col(EnvelopeRow.day) > kept
    with store.database.reading() as session:
        rows = session.exec(select(col(EnvelopeRow.hash)).where(late)).all()
    _change(store, rows, closed=False)


def restore_envelopes(
    store: Store, channel: str, course: Course, carried: Carried, retention_days: int
) -> tuple[int, int]:
    """Date what is here and take in what is not, of each day; return what came and what did not.

    What a purge would remove stays away: its time is over.
    """
    kept_since = store.today() - timedelta(days=retention_days)
    taken_in = missing = 0
    for day in course.days:
        _date_open(store, channel, day)
        if day.day >= kept_since:
            lacking = _lacking(store, day.leaves)
            for digest in lacking & carried.keys():
                _take_in(store, channel, day.day, digest, carried[digest])
            taken_in += len(lacking & carried.keys())
            missing += len(lacking - carried.keys())
    return taken_in, missing


def _date_open(store: Store, channel: str, day: LogDay) -> None:
    """Give open envelopes that are leaves of a day that day; the next batch closes them."""
    other = (
        (col(EnvelopeRow.channel) == channel)
        & col(EnvelopeRow.closed).is_(False)
        & (col(EnvelopeRow.day) != day.day)
    )
    with store.database.reading() as session:
        rows = session.exec(select(col(EnvelopeRow.hash)).where(other)).all()
    leaves = set(day.leaves)
    _change(store, [digest for digest in rows if digest in leaves], day=day.day)


def _change(store: Store, rows: Sequence[bytes], **values: object) -> None:
    for start in range(0, len(rows), ROWS_A_COMMIT):
        piece = col(EnvelopeRow.hash).in_(rows[start : start + ROWS_A_COMMIT])
        with store.database.writing() as session:
            session.exec(update(EnvelopeRow).where(piece).values(**values))


def _lacking(store: Store, leaves: Sequence[bytes]) -> set[bytes]:
    lacking = set(leaves)
    for start in range(0, len(leaves), ROWS_A_COMMIT):
        piece = col(EnvelopeRow.hash).in_(leaves[start : start + ROWS_A_COMMIT])
        with store.database.reading() as session:
            here = session.exec(select(col(EnvelopeRow.hash)).where(piece)).all()
        lacking.difference_update(here)
    return lacking


def _take_in(
    store: Store, channel: str, day: date, digest: bytes, write: Callable[[Sink], None]
) -> None:
    """Take an envelope in again as what it was: logged, closed, and of its day.

    It passes the same gate as when it came first. The order in which such envelopes are written is
    that of their hashes in a set, which is none.
    """

    def keep(arrived: Arrived) -> bool:
        if arrived.hash != digest:
            raise ForkedLogError("an envelope that was carried away is not the one that was logged")
        row = EnvelopeRow(
            hash=arrived.hash,
            channel=channel,
            day=day,
            closed=True,
            length=arrived.length,
            segments=arrived.segments,
            blob=arrived.blob,
            header=arrived.header,
        )
        with store.database.writing() as session:
            session.add(row)
        return True

    with Arrival(replace(store, today=lambda: day), Door(channel, _ANY_SLOTS), keep) as arrival:
        write(arrival)
        arrival.commit()
