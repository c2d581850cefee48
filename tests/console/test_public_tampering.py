"""Whoever alters a public day, or a receipt, is found out by whoever has the roster."""

import random
from collections.abc import Callable, Sequence

import pytest

from console.errors import ReceiptError
from console.log_check import check_logs
from console.receipts import check_receipt, make_receipt
from crypto.errors import CandorError, MalformedLogError
from crypto.log_day import LogDay, parse_day, serialize_day
from crypto.log_proof import LogProof
from tests.console.attackers import World
from tests.console.desk import log_of
from tests.support.carried import make_day, make_roster

ROSTER = make_roster()
TIMES, TIMES_SLOW = 300, 10_000


def tampered(data: bytes, chance: random.Random) -> bytes:
    """Alter some bytes: one bit, a letter to another one, a stretch, or the end."""
    changed = bytearray(data)
    at = chance.randrange(len(data))
    match chance.randrange(4):
        case 0:
            changed[at] ^= 1 << chance.randrange(8)
        case 1:
            changed[at] = chance.choice(b"0123456789abcdefABC+/=-\n ")
        case 2:
            del changed[at : at + chance.randint(1, 40)]
        case _:
            other = chance.randrange(len(data) - 8)
            changed[other : other + 8] = data[at : at + 8].ljust(8, b"0")
    return bytes(changed)


def alter_days(times: int) -> None:
    days = log_of(2, 0, 3).days
    for _ in range(times):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        place = chance.randrange(len(days))
        data = serialize_day(days[place])
        changed = tampered(data, chance)
        if changed != data:
            assert is_found(days, place, changed), seed


def is_found(days: Sequence[LogDay], place: int, changed: bytes) -> bool:
    """Tell whether anything is said; a witness who is struck out is one who is not there."""
    try:
        here = [*days[:place], parse_day(changed), *days[place + 1 :]]
        logs = [*check_logs(here, ROSTER)]
    except (MalformedLogError, ReceiptError):
        return True
    return any(log.problems or log.unwitnessed for log in logs)


def alter_receipts(times: int) -> None:
    day = log_of(5).days[0]
    proof = make_receipt(day, day.leaves[2]).serialize().encode()
    for _ in range(times):
        seed = random.randrange(1 << 32)
        changed = tampered(proof, random.Random(seed))
        if changed != proof:
            assert proves_nothing_or_less(changed, day.leaves[2]), seed


def proves_nothing_or_less(changed: bytes, leaf: bytes) -> bool:
    try:
        found = check_receipt(LogProof.parse(changed.decode()), leaf, ROSTER)
    except (CandorError, ReceiptError, UnicodeDecodeError):
        return True
    return not found.witnesses


def test_an_altered_day_is_found_out() -> None:
    alter_days(TIMES)


def test_an_altered_receipt_proves_nothing_or_has_lost_its_witness() -> None:
    alter_receipts(TIMES)


@pytest.mark.slow
@pytest.mark.parametrize("alter", [alter_days, alter_receipts])
def test_ten_thousand_altered_days_and_receipts_are_found_out(
    alter: Callable[[int], None],
) -> None:
    alter(TIMES_SLOW)


def shortened(days: Sequence[LogDay]) -> list[LogDay]:
    """Take a day's leaves out of the log, and sign all days behind it anew, as a server can."""
    left, before = [*days[:1]], days[0].after
    for day in days[2:]:
        left.append(make_day(day.day, before, day.leaves))
        before = left[-1].after
    return left


def rewritten(days: Sequence[LogDay]) -> list[LogDay]:
    """Take one leaf out of a day, and sign all days behind it anew."""
    left, before = [], days[0].before
    for number, day in enumerate(days):
        left.append(make_day(day.day, before, day.leaves[number == 1 :]))
        before = left[-1].after
    return left


@pytest.mark.parametrize("lie", [shortened, rewritten])
def test_a_server_that_signs_a_log_anew_is_found_out_by_whoever_kept_its_days(
    lie: Callable[[Sequence[LogDay]], list[LogDay]],
) -> None:
    for seed in range(20):
        days = World.make(random.Random(seed)).log.days
        for kept in range(1, len(days)):
            (found,) = check_logs([*days[kept:], *lie(days)], ROSTER)
            assert found.problems, (seed, kept)
