"""The tables. None of them links an envelope to a mailbox, or two envelopes to each other.

All are WITHOUT ROWID with keys that are as good as random, so that neither a number nor a place
in a B-tree tells in which order rows came (protocol section 8). Overflow pages still do until the
day's batch. Days are dates; there is no finer time. The age header stands in the row, so that
deleting the row is deleting the key (crypto-erase).
"""

from datetime import date
from typing import ClassVar

from sqlalchemy import Date, LargeBinary, MetaData
from sqlmodel import Field, SQLModel


class Table(SQLModel):
    """The intake's own metadata: it never mixes with another room's."""

    metadata: ClassVar[MetaData] = MetaData()
    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_with_rowid": False}


class Stored(Table):
    """What an envelope and a reply have in common.

    Attributes:
        hash: SHA-256 of the whole envelope.
        day: the day of the commit, UTC; a later one if the log had that day already.
        closed: the day's batch has rewritten it, so that its order among the day's is gone; an
            envelope was logged before: it is a leaf of the file of its day.
        length: bytes of the whole envelope.
        segments: number of files that hold the payload.
        blob: random name of those files; another one after the batch.
    """

    day: date = Field(sa_type=Date)
    closed: bool = False
    length: int
    segments: int
    blob: str


class EnvelopeRow(Stored, table=True):
    """One report or message at rest; only closed ones are given to couriers.

    Attributes:
        header: the age header, without which nobody can open the payload. It comes last: SQLite
            then finds the small columns without following the overflow pages.
    """

    __tablename__ = "envelope"

    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    channel: str
    header: bytes = Field(sa_type=LargeBinary, repr=False)


class ReplyRow(Stored, table=True):
    """One reply that waits. A mailbox exists only as these rows."""

    __tablename__ = "reply"

    address: bytes = Field(sa_type=LargeBinary, primary_key=True)
    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    header: bytes = Field(sa_type=LargeBinary, repr=False)


class DeliveredRow(Table, table=True):
    """A reply that was delivered once.

    Attributes:
        hash: of the address and the reply together (`intake.mailbox.delivery_hash`).
    """

    __tablename__ = "delivered"

    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    day: date = Field(sa_type=Date)


class DiscardedRow(Table, table=True):
    """Files that no row needs (any more) and that may still be on the disk.

    Written in the transaction that makes them needless, or before they are made in case their
    making is interrupted; gone once they are removed.
    """

    __tablename__ = "discarded"

    blob: str = Field(primary_key=True)
    segments: int


class NonceRow(Table, table=True):
    """A courier's request that was answered, so that nobody can send it again.

    Attributes:
        hash: SHA-256 of the courier's id and the nonce.
    """

    __tablename__ = "nonce"

    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    day: date = Field(sa_type=Date)


class RosterRow(Table, table=True):
    """A roster that this service has run under; public, like all of them.

    Attributes:
        sha256: of the document.
        expires: its last day: until then it is remembered beside newer ones.
    """

    __tablename__ = "roster"

    sha256: bytes = Field(sa_type=LargeBinary, primary_key=True)
    serial: int
    expires: date = Field(sa_type=Date)
    document: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)
