"""Receipts from public days: what they prove, and to whom."""

import base64
import hashlib
from datetime import timedelta

import pytest

from console.errors import NotLoggedError, ReceiptError
from console.receipts import check_receipt, make_receipt
from crypto.log_proof import LogProof
from crypto.minisign import SigningKey
from tests.console.desk import log_of
from tests.support.carried import BOAT, CHANNEL, COURIERS, VAN, make_day, make_roster

ROSTER = make_roster()


def test_every_envelope_of_a_log_has_a_receipt() -> None:
    log = log_of(3, 0, 1, 4)
    index = 0
    for day in log.days:
        for leaf in day.leaves:
            proof = LogProof.parse(make_receipt(day, leaf).serialize())
            checked = check_receipt(proof, leaf, ROSTER)
            assert (checked.channel, checked.index, checked.size) == (
                CHANNEL,
                index,
                day.after.size,
            )
            assert checked.witnesses == {VAN: day.day}
            assert checked.day == day.day
            index += 1


def test_hashes_and_thirty_lines_are_enough_to_check_a_receipt() -> None:
    log = log_of(5, 6)
    day, leaf = log.days[1], log.days[1].leaves[2]
    top, _, head = make_receipt(day, leaf).serialize().partition("\n\n")
    _, index_line, *path = top.split("\n")
    _, size, root = head.split("\n")[:3]
    assert stranger_root(leaf, int(index_line.split()[1]), int(size), path) == root


def stranger_root(entry: bytes, index: int, size: int, path: list[str]) -> str:
    """Compute a root as RFC 9162, section 2.1.3.2, says it in words."""
    first, last = index, size - 1
    found = hashlib.sha256(b"\x00" + entry).digest()
    for part in map(base64.b64decode, path):
        if first % 2 or first == last:
            found = hashlib.sha256(b"\x01" + part + found).digest()
            while not first % 2:
                first, last = first >> 1, last >> 1
                if not first:
                    break
        else:
            found = hashlib.sha256(b"\x01" + found + part).digest()
        first, last = first >> 1, last >> 1
    assert last == 0
    return base64.b64encode(found).decode()


def test_without_a_witness_the_day_is_nobodys_word() -> None:
    log = log_of(1)
    day = make_day(log.days[0].day, log.days[0].before, log.days[0].leaves, witnesses=())
    checked = check_receipt(make_receipt(day, day.leaves[0]), day.leaves[0], ROSTER)
    assert (checked.witnesses, checked.day) == ({}, None)


def test_the_earliest_witness_says_by_when() -> None:
    log = log_of(1)
    day = log.days[0]
    later = day.day + timedelta(days=3)
    other = make_day(later, day.before, day.leaves, witnesses=(BOAT,)).head.signatures[-1]
    both = day.with_head(day.head.with_cosignature(other))
    checked = check_receipt(make_receipt(both, day.leaves[0]), day.leaves[0], ROSTER)
    assert checked.witnesses == {VAN: day.day, BOAT: later}
    assert checked.day == day.day


def test_a_day_without_the_envelope_makes_no_receipt() -> None:
    log = log_of(1, 1)
    with pytest.raises(NotLoggedError, match="has no such envelope in general"):
        make_receipt(log.days[0], log.days[1].leaves[0])


def test_a_receipt_of_another_envelope_or_of_another_service_proves_nothing() -> None:
    log = log_of(3)
    day = log.days[0]
    proof = make_receipt(day, day.leaves[0])
    with pytest.raises(ReceiptError, match="not for this envelope"):
        check_receipt(proof, day.leaves[1], ROSTER)
    with pytest.raises(ReceiptError, match="another service"):
        check_receipt(proof, day.leaves[0], make_roster(service_id=bytes(16)))


def test_a_receipt_that_the_log_did_not_sign_or_with_a_moved_witness_proves_nothing() -> None:
    log = log_of(2, 2)
    day = log.days[1]
    unsigned = make_day(day.day, day.before, day.leaves, key=SigningKey.generate())
    with pytest.raises(ReceiptError, match="no signature of the log's key"):
        check_receipt(make_receipt(unsigned, day.leaves[0]), day.leaves[0], ROSTER)
    line = next(found for found in log.days[0].head.signatures if found.name.endswith(VAN))
    moved = day.with_head(day.head.with_cosignature(line))
    with pytest.raises(ReceiptError, match="does not match"):
        check_receipt(make_receipt(moved, day.leaves[0]), day.leaves[0], ROSTER)


def test_a_witness_of_a_day_that_no_calendar_has_is_refused() -> None:
    day = log_of(1).days[0]
    name = next(found.name for found in day.head.signatures if found.name.endswith(VAN))
    far = day.with_head(day.head.with_cosignature(day.head.cosign(name, COURIERS[VAN], 1 << 63)))
    with pytest.raises(ReceiptError, match="no calendar"):
        check_receipt(make_receipt(far, day.leaves[0]), day.leaves[0], ROSTER)
