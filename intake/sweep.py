"""Remove what a killed process has left. Only while nobody else has the directory open."""

from sqlmodel import select

from intake.blobs import BlobName
from intake.database import storage_errors
from intake.store import Store
from intake.tables import EnvelopeRow, ReplyRow
from intake.values import Swept


def sweep(store: Store) -> Swept:
    """Remove every file that no row names, and count the segments that are missing.

    The caller holds the directory alone: the segments of an arrival in progress have no row, too.
    """
    store.remove_discarded()
    named = _named(store)
    removed = found = 0
    with storage_errors():
        for name, number, file in store.blobs.files():
            if 0 <= number < named.get(name, 0):
                found += 1
            else:
                file.unlink()
                removed += 1
        store.blobs.settle(store.today())
    return Swept(removed=removed, missing=sum(named.values()) - found)


def _named(store: Store) -> dict[BlobName, int]:
    named: dict[BlobName, int] = {}
    with store.database.reading() as session:
        for table in (EnvelopeRow, ReplyRow):
            for blob, segments in session.exec(select(table.blob, table.segments)):
                named[BlobName(blob)] = segments
    return named
