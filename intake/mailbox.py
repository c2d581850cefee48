"""The mailbox: replies that wait under an address until a source comes for them.

Any address has a mailbox, and one that was never used is empty like any other: there is no record
of sources (protocol section 5).
"""

import hashlib
import io
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import BinaryIO

from sqlmodel import col, select

from crypto.reply import MAX_REPLY_BYTES, REPLY_SLOTS
from intake.arrival import Arrival, Arrived
from intake.blobs import BlobName
from intake.bounds import COPY_BYTES
from intake.errors import RemnantsLeftError, UnknownReplyError
from intake.store import Store
from intake.stored_file import StoredFile
from intake.tables import DeliveredRow, DiscardedRow, ReplyRow
from intake.values import Delivery, Door, EnvelopeHash, WaitingReply

_DOOR = Door("", frozenset({REPLY_SLOTS}), MAX_REPLY_BYTES)


def waiting(store: Store, address: bytes) -> list[WaitingReply]:
    """List what waits under an address, by hash, which is no order."""
    with store.database.reading() as session:
        rows = session.exec(
            select(col(ReplyRow.hash), col(ReplyRow.day), col(ReplyRow.length))
            .where(ReplyRow.address == address)
            .order_by(col(ReplyRow.hash))
        ).all()
    return [WaitingReply(EnvelopeHash(digest), day, length) for digest, day, length in rows]


def open_reply(store: Store, address: bytes, digest: EnvelopeHash) -> BinaryIO:
    """Open a waiting reply for reading anywhere.

    Raises:
        UnknownReplyError: none such waits there.
    """
    chosen = (ReplyRow.address == address, ReplyRow.hash == digest)
    with store.database.reading() as session:
        row = session.exec(
            select(col(ReplyRow.header), col(ReplyRow.length)).where(*chosen)
        ).one_or_none()
    if row is None:
        raise UnknownReplyError("no such reply waits here")

    def locate() -> BlobName:
        with store.database.reading() as session:
            blob = session.exec(select(col(ReplyRow.blob)).where(*chosen)).one_or_none()
        if blob is None:
            raise UnknownReplyError("the reply was erased")
        return BlobName(blob)

    return io.BufferedReader(StoredFile(*row, store.blobs, locate))


def erase(store: Store, address: bytes, digests: Iterable[bytes] | None) -> None:
    """Erase waiting replies, all of them when `digests` is None.

    The rows are zeroed (secure_delete), and the log is emptied at once unless somebody reads from
    it at this very moment; then the next erasure or batch does.
    """
    query = select(ReplyRow).where(ReplyRow.address == address)
    if digests is not None:
        query = query.where(col(ReplyRow.hash).in_(set(digests)))
    with store.database.writing() as session:
        rows = session.exec(query).all()
        discarded = [(BlobName(row.blob), row.segments) for row in rows]
        for row in rows:
            session.add(DiscardedRow(blob=row.blob, segments=row.segments))
            session.delete(row)
    if discarded:
        store.remove(discarded)
        with suppress(RemnantsLeftError):
            store.database.empty_log(patience=timedelta(0))


def deliver(store: Store, address: bytes, file: BinaryIO) -> Delivery:
    """Let one reply wait under an address, unless it was delivered there before.

    Raises:
        RefusedEnvelopeError: not a reply's envelope.
        StorageFullError, StorageError: it could not be stored.
    """
    accepted = False

    def keep(arrived: Arrived) -> bool:
        nonlocal accepted
        accepted = _keep_reply(store, address, arrived)
        return accepted

    with Arrival(store, _DOOR, keep) as arrival:
        while block := file.read(COPY_BYTES):
            arrival.write(block)
        arrival.commit()
    return Delivery.ACCEPTED if accepted else Delivery.ALREADY


def delivery_hash(address: bytes, digest: EnvelopeHash) -> bytes:
    """Name one reply in one mailbox: SHA-256(address (32) || envelope hash (32)).

    With the address in it, a copy that somebody had delivered elsewhere keeps no reply from its
    mailbox, and what is remembered names neither.
    """
    return hashlib.sha256(address + digest).digest()


def _keep_reply(store: Store, address: bytes, arrived: Arrived) -> bool:
    with store.database.writing() as session:
        delivery = delivery_hash(address, arrived.hash)
        if session.get(DeliveredRow, delivery):
            return False
        day = store.today()
        session.add(DeliveredRow(hash=delivery, day=day))
        session.add(
            ReplyRow(
                address=address,
                hash=arrived.hash,
                day=day,
                length=arrived.length,
                segments=arrived.segments,
                blob=arrived.blob,
                header=arrived.header,
            )
        )
    return True
