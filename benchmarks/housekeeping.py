"""What does the daily batch cost?"""

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.context import Context
from benchmarks.report import Row, Section, megabytes, milliseconds, seconds_of
from benchmarks.sealing import SLOTS, Sealer
from intake.days import utc_today
from intake.service import Intake
from intake.values import Door

ENVELOPES = 1_000
BATCHES = 3
_DOOR = Door("general", frozenset({SLOTS}))
_ABOUT_BATCH = """\
The batch that closes a day with {count} reports of 64 KiB, in a process of its own, as `candor
batch` runs it: every payload to a new file in random order, the rows moved, the database
rewritten. Memory over what the process had when the directory was open."""


def measure(context: Context) -> list[Section]:
    return [_batch(context)]


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
    sealer = Sealer()
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
