"""A log of three days with fixed keys, and what tests do with it."""

import hashlib
from datetime import date, timedelta

from crypto.checkpoint import Head, end_of_day, log_origin, witness_name
from crypto.log_day import LogDay
from crypto.merkle import EMPTY_TREE
from crypto.minisign import SigningKey

SERVICE_ID = bytes(range(16))
LOG_KEY, WITNESS, OTHER = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3))
ORIGIN = log_origin(SERVICE_ID, "general")
NAME = witness_name(SERVICE_ID, "van")
WITNESSES = {NAME: WITNESS.verify_key}
FIRST_DAY = date(2026, 11, 22)
COUNTS = (5, 0, 3)


def envelope_hash(number: int) -> bytes:
    return hashlib.sha256(f"envelope {number}".encode()).digest()


def make_days(key: SigningKey = LOG_KEY) -> tuple[LogDay, ...]:
    """Three days, the second one without an envelope; the first and last are witnessed."""
    days: list[LogDay] = []
    tree, number = EMPTY_TREE, 0
    for offset, count in enumerate(COUNTS):
        leaves = tuple(envelope_hash(number + step) for step in range(count))
        after, day = tree.grow(leaves), FIRST_DAY + timedelta(days=offset)
        head = Head(ORIGIN, after.size, after.root).sign(key)
        if offset != 1:
            head = head.with_cosignature(head.cosign(NAME, WITNESS, end_of_day(day)))
        days.append(LogDay(day, tree, leaves, head))
        tree, number = after, number + count
    return tuple(days)


DAYS = make_days()
