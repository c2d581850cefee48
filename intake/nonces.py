"""The couriers' requests that were answered: none of them is answered again.

A request is taken within some minutes of the time at which it says that it was signed, so its nonce
needs to be remembered for no longer than that; days are what there is to count in. What is kept
tells on which day so many requests were answered, and not whose or when.
"""

import hashlib

from sqlmodel import col, delete

from intake.bounds import NONCE_KEPT
from intake.errors import ReplayedRequestError
from intake.store import Store
from intake.tables import NonceRow


def remember(store: Store, courier: str, nonce: bytes) -> None:
    """Take note of a request, for all processes and after every restart.

    Args:
        store: what is kept.
        courier: the courier's id.
        nonce: of the request.

    Raises:
        ReplayedRequestError: it was taken note of before.
        StorageFullError, StorageError: it was not.
    """
    digest = hashlib.sha256(f"{courier}\n".encode("ascii") + nonce).digest()
    with store.database.writing() as session:
        if session.get(NonceRow, digest):
            raise ReplayedRequestError("the request was answered before")
        session.add(NonceRow(hash=digest, day=store.today()))


def forget(store: Store) -> None:
    """Forget the requests that are too old to be taken anyway."""
    with store.database.writing() as session:
        session.exec(delete(NonceRow).where(col(NonceRow.day) < store.today() - NONCE_KEPT))
