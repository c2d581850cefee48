"""What do sealing itself and decoys cost?"""

import os
import time
import tracemalloc
from collections.abc import Callable
from statistics import median

from benchmarks.context import Context
from benchmarks.form import TEXT
from benchmarks.report import Row, Section, at_most, megabytes, milliseconds
from crypto.bag_info import BagKind, Sealed
from crypto.decoys import DEFAULT_DECOYS, mean_envelope_bytes, seal_decoy
from crypto.envelope import EnvelopeWriter
from crypto.keys import Identity, Recipient
from crypto.minisign import SigningKey
from crypto.padding import SMALLEST_BYTES
from crypto.roster_entries import DEFAULT_RETENTION_DAYS
from crypto.sinks import Buffer, Sink
from crypto.source_keys import SourceKeys
from crypto.submission import SubmissionWriter
from intake.service import Intake
from intake.values import Door

SLOTS = 16
SEALS = 200
LARGE_SEALS = 40
CAP = DEFAULT_DECOYS.ranges[-1].up_to_bytes
_TARGET = 0.025
_ABOUT_SEALING = """\
A report of 2 KB without files into a sink that throws it away: bag, signature, identity file for
the custodian, {slots} stanzas (2 readers, the rest blank), padded to 64 KiB; without the key
stretch."""
_ABOUT_DECOYS = """\
A decoy of the same {slots} slots, into the same sink, and through the intake onto the disk; the
service also lets it come as slowly as through Tor, which is waiting and no work. The roster's
default is {count} a day for each channel, {share:.0%} of them of 64 KiB, none above 16 MiB.
Memory is what Python allocated for the largest."""


class Nowhere:
    """A sink that forgets."""

    def write(self, data: Buffer, /) -> None:
        """Take it."""


class Sealer:
    """Seals text-only reports of one source."""

    def __init__(self) -> None:
        self._readers = [Identity.generate().recipient for _ in range(2)]
        self._custodian = Recipient.throw_away()
        self._keys = SourceKeys(os.urandom(32), Identity.generate(), SigningKey.generate())

    def seal(self, sink: Sink) -> None:
        envelope = EnvelopeWriter(sink, self._readers, slots=SLOTS)
        bag = SubmissionWriter(
            envelope,
            kind=BagKind.REPORT,
            channel="general",
            sealed=Sealed.ARRIVAL,
            text=TEXT,
            answers=b"{}",
        )
        bag.finish(self._keys, identity_text="", custodian=self._custodian)
        envelope.close()


def measure(context: Context) -> list[Section]:
    return [_reports(context), _decoys(context)]


def _reports(context: Context) -> Section:
    sealer = Sealer()
    sealing = _median(context.times(SEALS), lambda: sealer.seal(Nowhere()))
    rows = (at_most("sealing one report, median", sealing, _TARGET, milliseconds),)
    return Section("Sealing", _ABOUT_SEALING.format(slots=SLOTS), rows)


def _decoys(context: Context) -> Section:
    small, large = context.times(SEALS), context.times(LARGE_SEALS)
    with Intake.create(context.directory / "decoys") as intake:
        taken_in = [
            _median(small, lambda: _take_in(intake, SMALLEST_BYTES)),
            _median(large, lambda: _take_in(intake, CAP)),
        ]
    a_day = DEFAULT_DECOYS.mean_per_day * mean_envelope_bytes(DEFAULT_DECOYS, SLOTS)
    rows = (
        at_most(
            "sealing a decoy of 64 KiB, median",
            _median(small, lambda: seal_decoy(Nowhere(), SMALLEST_BYTES, SLOTS)),
            _TARGET,
            milliseconds,
        ),
        Row("the same onto the disk", milliseconds(taken_in[0])),
        Row(
            "sealing a decoy of 16 MiB, median",
            milliseconds(_median(large, lambda: seal_decoy(Nowhere(), CAP, SLOTS))),
        ),
        Row("the same onto the disk", milliseconds(taken_in[1])),
        Row("its peak memory", megabytes(_peak_bytes())),
        Row("a channel's decoys a day, in the mean", megabytes(a_day)),
        Row("kept at one time, in the mean", megabytes(a_day * DEFAULT_RETENTION_DAYS)),
    )
    share = DEFAULT_DECOYS.ranges[0].weight / sum(part.weight for part in DEFAULT_DECOYS.ranges)
    about = _ABOUT_DECOYS.format(slots=SLOTS, count=DEFAULT_DECOYS.mean_per_day, share=share)
    return Section("Decoys", about, rows)


def _take_in(intake: Intake, length: int) -> None:
    with intake.begin(Door("general", frozenset({SLOTS}))) as arrival:
        seal_decoy(arrival, length, SLOTS)
        arrival.commit()


def _median(rounds: int, work: Callable[[], None]) -> float:
    times: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


def _peak_bytes() -> int:
    tracemalloc.start()
    try:
        seal_decoy(Nowhere(), CAP, SLOTS)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
