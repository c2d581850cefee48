"""What does it cost to prove that an envelope was logged?"""

import secrets
import time
from collections.abc import Callable
from datetime import date
from statistics import median

from benchmarks.context import Context
from benchmarks.report import Row, Section, at_most, kilobytes, milliseconds
from crypto.checkpoint import Head
from crypto.log_day import LogDay, parse_day, serialize_day
from crypto.log_proof import LogProof, prove
from crypto.merkle import HASH_BYTES, Tree, leaf_hash
from crypto.minisign import SigningKey

LEAVES = 10_000_000
A_DAY = 2_740  # a log that reaches so many leaves in ten years
ROUNDS = 50
PROOF_TARGET_SECONDS = 0.010
_ORIGIN = f"{bytes(16).hex()}/general"
_ABOUT = """\
A receipt out of a log of {leaves:,} leaves, made from the public file of its last day, which has
{day:,} (so many a day in ten years). Nothing else of the log is kept or read: the file brings the
peaks of the tree before it. In turn with *the floor*: SHA-256 once over each leaf of that day."""


def measure(context: Context) -> list[Section]:
    """Measure a log that was really grown to its size."""
    key = SigningKey.generate()
    day = _last_day(context.size(LEAVES), key)
    file = serialize_day(day)
    times: dict[str, list[float]] = {"floor": [], "read": [], "prove": [], "verify": []}
    for _ in range(context.times(ROUNDS)):
        wanted = secrets.choice(day.leaves)
        times["floor"].append(_timed(lambda: [leaf_hash(leaf) for leaf in day.leaves]))
        times["read"].append(_timed(lambda: parse_day(file)))
        times["prove"].append(_timed(lambda leaf=wanted: prove(day, leaf)))
        receipt = prove(day, wanted).serialize()
        times["verify"].append(_timed(lambda text=receipt, leaf=wanted: _check(text, leaf, key)))
    took = {name: median(samples) for name, samples in times.items()}
    rows = (
        Row("the floor", milliseconds(took["floor"])),
        at_most("making the proof", took["prove"], PROOF_TARGET_SECONDS, milliseconds),
        Row("making the proof, in parts of the floor", f"{took['prove'] / took['floor']:.1f}"),
        Row("reading and checking the day's file first", milliseconds(took["read"])),
        Row("checking the receipt, signature included", milliseconds(took["verify"])),
        Row("the day's file", kilobytes(len(file))),
        Row("the receipt", kilobytes(len(receipt))),
    )
    return [Section("Receipts", _ABOUT.format(leaves=day.head.size, day=A_DAY), rows)]


def _check(receipt: str, leaf: bytes, key: SigningKey) -> None:
    LogProof.parse(receipt).verify(leaf, [key.verify_key])


def _last_day(size: int, key: SigningKey) -> LogDay:
    before = Tree().grow(number.to_bytes(HASH_BYTES, "big") for number in range(size - A_DAY))
    leaves = tuple(secrets.token_bytes(HASH_BYTES) for _ in range(A_DAY))
    after = before.grow(leaves)
    return LogDay(date(2036, 11, 25), before, leaves, Head(_ORIGIN, size, after.root).sign(key))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
