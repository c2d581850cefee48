"""The envelopes that rest here: keep, list, read."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from sqlmodel import Session, col, select

from intake.arrival import Arrived
from intake.blobs import BlobName
from intake.errors import RestsElsewhereError, UnknownEnvelopeError
from intake.store import Store
from intake.stored_file import StoredFile
from intake.tables import EnvelopeRow
from intake.values import EnvelopeHash, StoredEnvelope


def keep_envelope(store: Store, channel: str, arrived: Arrived) -> bool:
    """Make the row of an envelope; False when the same bytes rest in the channel already.

    The day is drawn inside the transaction. Commits are in one order, so whatever carries a day
    was committed before the batch that closes it looked.

    Raises:
        RestsElsewhereError: they rest in another channel.
    """
    with store.database.writing() as session:
        if _rests_in(session, channel, arrived.hash):
            return False
        session.add(
            EnvelopeRow(
                hash=arrived.hash,
                channel=channel,
                day=store.today(),
                length=arrived.length,
                segments=arrived.segments,
                blob=arrived.blob,
                header=arrived.header,
            )
        )
    return True


def rests_in(store: Store, channel: str, digest: EnvelopeHash) -> bool:
    """Tell whether an envelope rests in a channel.

    Raises:
        RestsElsewhereError: it rests in another one. To call that the same would let whoever hands
            a copy in first, for a channel of their own, keep it from those whom it is for.
    """
    with store.database.reading() as session:
        return _rests_in(session, channel, digest)


def _rests_in(session: Session, channel: str, digest: EnvelopeHash) -> bool:
    found = session.exec(
        select(col(EnvelopeRow.channel)).where(EnvelopeRow.hash == digest)
    ).one_or_none()
    if found not in {None, channel}:
        raise RestsElsewhereError("the same envelope rests in another channel")
    return found is not None


def list_envelopes(store: Store, channel: str, *, open_day: bool) -> Iterator[StoredEnvelope]:
    """List a channel's envelopes by hash, which is no order.

    The list is taken at once and lent piece by piece, so that a slow reader holds up nobody.
    """
    query = (
        select(
            col(EnvelopeRow.hash),
            col(EnvelopeRow.channel),
            col(EnvelopeRow.day),
            col(EnvelopeRow.length),
        )
        .where(EnvelopeRow.channel == channel)
        .order_by(col(EnvelopeRow.hash))
    )
    if not open_day:
        query = query.where(col(EnvelopeRow.closed))
    with store.database.reading() as session:
        rows = session.exec(query).all()
    for digest, name, day, length in rows:
        yield StoredEnvelope(EnvelopeHash(digest), name, day, length)


def open_logged(store: Store, channel: str, digest: EnvelopeHash) -> BinaryIO:
    """Open an envelope of this channel that stands in its log.

    Between the file of a day and the end of its batch, or after the log was put back, such an
    envelope may still be open: it is handed out nevertheless, since whoever reads the log asks.

    Raises:
        UnknownEnvelopeError: there is none, or it is not logged yet.
    """
    query = select(col(EnvelopeRow.day), col(EnvelopeRow.closed)).where(
        EnvelopeRow.hash == digest, EnvelopeRow.channel == channel
    )
    with store.database.reading() as session:
        row = session.exec(query).one_or_none()
    if row is None or not (row[1] or digest in store.days.leaves(channel, row[0])):
        raise UnknownEnvelopeError("there is no such envelope")
    return open_envelope(store, digest)


def open_envelope(store: Store, digest: EnvelopeHash) -> BinaryIO:
    """Open a stored envelope for reading anywhere.

    Raises:
        UnknownEnvelopeError: there is none.
    """
    query = select(col(EnvelopeRow.header), col(EnvelopeRow.length)).where(
        EnvelopeRow.hash == digest
    )
    with store.database.reading() as session:
        row = session.exec(query).one_or_none()
    if row is None:
        raise UnknownEnvelopeError("there is no such envelope")

    def locate() -> BlobName:
        with store.database.reading() as session:
            blob = session.exec(
                select(col(EnvelopeRow.blob)).where(EnvelopeRow.hash == digest)
            ).one_or_none()
        if blob is None:
            raise UnknownEnvelopeError("the envelope was removed")
        return BlobName(blob)

    return io.BufferedReader(StoredFile(*row, store.blobs, locate))
