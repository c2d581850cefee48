"""What do the daily batch and the sealing itself cost?"""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.context import Context
from benchmarks.form import TEXT
from benchmarks.report import Row, Section, megabytes, milliseconds, seconds_of
from crypto.bag_info import BagKind, Sealed
from crypto.envelope import EnvelopeWriter
from crypto.keys import Identity, Recipient
from crypto.minisign import SigningKey
from crypto.sinks import Buffer, Sink
from crypto.source_keys import SourceKeys
from crypto.submission import SubmissionWriter
from intake.days import utc_today
from intake.service import Intake
from intake.values import Door

ENVELOPES = 1_000
SLOTS = 16
SEALS = 200
BATCHES = 3
_DOOR = Door("general", frozenset({SLOTS}))
_ABOUT_SEALING = """\
A report of 2 KB without files into a sink that throws it away: bag, signature, identity file for
the custodian, {slots} stanzas (2 readers, the rest blank), padded to 64 KiB; without the key
stretch."""
_ABOUT_BATCH = """\
The batch that closes a day with {count} reports of 64 KiB, in a process of its own, as `candor
batch` runs it: every payload to a new file in random order, the rows moved, the database
rewritten. Memory over what the process had when the directory was open."""


class _Nowhere:
    """A sink that forgets."""

    def write(self, data: Buffer, /) -> None:
        """Take it."""


def measure(context: Context) -> list[Section]:
    return [_sealing(context), _batch(context)]


def _sealing(context: Context) -> Section:
    sealer = _Sealer()
    times: list[float] = []
    for _ in range(context.times(SEALS)):
        started = time.perf_counter()
        sealer.seal(_Nowhere())
        times.append(time.perf_counter() - started)
    rows = (Row("sealing one report, median", milliseconds(median(times))),)
    return Section("Sealing", _ABOUT_SEALING.format(slots=SLOTS), rows)


class _Sealer:
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


def _batch(context: Context) -> Section:
    count = context.times(ENVELOPES)
    filled: list[float] = []
    batched: list[tuple[float, int]] = []
    for number in range(BATCHES):
        directory = context.directory / f"batch-{number}"
        filled.append(_fill(directory, count))
        batched.append(_run_batch(directory))
    rows = (
        Row("one report sealed and taken in", milliseconds(median(filled) / count)),
        Row("the batch, median", seconds_of(median(seconds for seconds, _ in batched))),
        Row("its peak memory", megabytes(max(memory for _, memory in batched))),
    )
    return Section("The daily batch", _ABOUT_BATCH.format(count=count), rows)


def _fill(directory: Path, count: int) -> float:
    """Let envelopes arrive, yesterday; give the seconds that sealing and storing took."""
    sealer = _Sealer()
    started = time.perf_counter()
    with Intake.create(directory, today=lambda: utc_today() - timedelta(days=1)) as intake:
        for _ in range(count):
            with intake.begin(_DOOR) as arrival:
                sealer.seal(arrival)
                arrival.commit()
    return time.perf_counter() - started


def _run_batch(directory: Path) -> tuple[float, int]:
    command = [sys.executable, "-m", "benchmarks.batching", str(directory)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, memory = output.split()
    return float(seconds), int(memory)
