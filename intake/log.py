"""The log: the envelopes of each day that is over, for everybody to see and for ever.

The batch goes on with it in three steps, and may be killed between and in any of them:

1. `intake.log_dates` sees that each open envelope is of a day that the log can still take it on.
2. `write_days` writes the file of each day, whole and durable, one after the other. A day that has
   a file is never written again; a witness's signature is all that is ever added.
3. The batch closes the rows of days that have a file: only then are they handed out.

So a row that is closed is a leaf of the file of its day, and its retention counts from that day.
"""

import random
from collections.abc import Mapping
from datetime import date

from sqlmodel import col, select

from crypto.checkpoint import NoteSignature
from crypto.errors import ForkedLogError, UnsignedHeadError
from crypto.log_day import LogDay
from crypto.merkle import EMPTY_TREE, Tree
from crypto.minisign import VerifyKey
from intake.course import is_cosignature
from intake.locks import log_writing
from intake.log_dates import Overdue
from intake.log_signer import LogSigner
from intake.store import Store
from intake.tables import EnvelopeRow


def write_days(store: Store, signer: LogSigner, overdue: Mapping[str, Overdue]) -> None:
    """Write the file of each day, in order.

    Raises:
        StorageFullError, StorageError: some days have none yet; what has one is whole.
        MalformedLogError: the file of the last day was damaged: restore the log.
        ForkedLogError: the log is of another service.
    """
    with log_writing(store.directory):
        for channel, days in overdue.items():
            store.days.make_ready(channel)
            tree = _last_tree(store, signer, channel)
            busy = _busy_days(store, channel, days)
            for day in days:
                leaves = _shuffled(store, channel, day) if day in busy else ()
                logged = LogDay(day, tree, leaves, signer.sign(channel, tree.grow(leaves)))
                store.days.add(channel, logged)
                tree = logged.after


def cosign(  # noqa: PLR0913 - what was signed, and who claims to have signed it
    store: Store,
    channel: str,
    day: date,
    signature: NoteSignature,
    *,
    name: str,
    key: VerifyKey,
) -> None:
    """Add a witness's signature to a day's head, in the place of one that it has there already.

    Raises:
        UnknownDayError: the log has no such day.
        UnsignedHeadError: not this witness's signature of this head, or with a time of its own.
        StorageFullError, StorageError: it was not added.
    """
    with log_writing(store.directory):
        logged = store.days.read(channel, day)
        if not is_cosignature(logged.head, day, signature, {name: key}):
            raise UnsignedHeadError("not the cosignature of this witness for this day")
        head = logged.head.with_cosignature(signature)
        if head != logged.head:
            store.days.replace(channel, logged.with_head(head))


def _last_tree(store: Store, signer: LogSigner, channel: str) -> Tree:
    span = store.days.span(channel)
    if span is None:
        return EMPTY_TREE
    last = store.days.read(channel, span[1])
    if last.head.origin != signer.origin(channel):
        raise ForkedLogError("the log in this data directory is another service's")
    return last.after


def _busy_days(store: Store, channel: str, days: Overdue) -> set[date]:
    day = col(EnvelopeRow.day)
    query = select(day).where(EnvelopeRow.channel == channel, day.between(days.first, days.last))
    with store.database.reading() as session:
        return set(session.exec(query.distinct()))


def _shuffled(store: Store, channel: str, day: date) -> tuple[bytes, ...]:
    """List a day's envelopes in an order that is nobody's."""
    query = select(col(EnvelopeRow.hash)).where(
        EnvelopeRow.channel == channel, EnvelopeRow.day == day
    )
    with store.database.reading() as session:
        leaves = list(session.exec(query))
    random.SystemRandom().shuffle(leaves)
    return tuple(leaves)
