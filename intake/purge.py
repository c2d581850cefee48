"""Retention: remove what is too old, and leave nothing of its headers in any file (crypto-erase).

Without its header a payload is under a random key that nobody has. So the rows go first, zeroed
(secure_delete), then VACUUM writes the database anew and the log is cut to nothing; the segments,
which by then are noise, go last.

An envelope stays through the day on which it is as many days old as its channel keeps them, so one
more than readers of the log count on: they expect it while its day > today - retention_days.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func
from sqlmodel import Session, col, select

from intake import nonces
from intake.bounds import DELIVERED_KEPT, REPLY_KEPT, ROWS_A_COMMIT
from intake.locks import housekeeping
from intake.store import Store
from intake.tables import DeliveredRow, DiscardedRow, EnvelopeRow, ReplyRow
from intake.values import Purged


def purge(store: Store, retention: Mapping[str, int]) -> Purged:
    """Remove what is older than its time; what an interrupted purge left is put right first.

    Args:
        store: what is kept.
        retention: days that each channel keeps an envelope after the day it came. Envelopes of a
            channel that is not named are kept, and counted.

    Raises:
        StorageFullError: the rows are gone, but VACUUM had no room: run it again.
        RemnantsLeftError: the rows are gone, but the log could not be emptied: run it again.
    """
    today = store.today()
    with housekeeping(store.directory):
        store.remove_discarded()
        envelopes = 0
        for channel, days in retention.items():
            old = col(EnvelopeRow.day) < today - timedelta(days=days)
            envelopes += _remove_rows(
                store, EnvelopeRow, (col(EnvelopeRow.channel) == channel) & old
            )
        replies = _remove_rows(store, ReplyRow, col(ReplyRow.day) < today - REPLY_KEPT)
        with store.database.writing() as session:
            forget = delete(DeliveredRow).where(col(DeliveredRow.day) < today - DELIVERED_KEPT)
            delivered = session.exec(forget).rowcount
            without_rule = _count_without_rule(session, retention)
        nonces.forget(store)
        store.compact()
        store.remove_discarded()
    return Purged(envelopes, replies, delivered, without_rule)


def _remove_rows(
    store: Store, table: type[EnvelopeRow | ReplyRow], old: ColumnElement[bool]
) -> int:
    removed = 0
    while taken := _remove_some(store, table, old):
        removed += taken
    return removed


def _remove_some(
    store: Store, table: type[EnvelopeRow | ReplyRow], old: ColumnElement[bool]
) -> int:
    with store.database.writing() as session:
        rows = session.exec(
            select(col(table.hash), col(table.blob), col(table.segments))
            .where(old)
            .limit(ROWS_A_COMMIT)
        ).all()
        session.exec(delete(table).where(col(table.hash).in_([row[0] for row in rows]), old))
        session.add_all(DiscardedRow(blob=blob, segments=count) for _, blob, count in rows)
    return len(rows)


def _count_without_rule(session: Session, retention: Mapping[str, int]) -> int:
    unruled = col(EnvelopeRow.channel).not_in(list(retention))
    return session.exec(select(func.count()).select_from(EnvelopeRow).where(unruled)).one()
