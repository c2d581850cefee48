"""What tells in which order the day's reports came: much before the batch, nothing after it.

A hundred reports are stored in a known order through the real code, three times over. Then each
thing that a seized disk shows of a stored report is listed in the order of arrival, and inversions
are counted. For random lists the chance of a count this far from the middle is exact (see ranks);
with the bound below, all observations together raise a false alarm less than once in 10^6 runs.
"""

import ctypes
import hashlib
import io
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from crypto.log_day import parse_day
from intake.service import BLOBS, Intake
from tests.intake.ranks import chance, kendall
from tests.intake.support import (
    ADDRESS,
    DOOR,
    FIRST_DAY,
    SIGNER,
    Calendar,
    make_envelope,
    make_header,
    make_reply,
)

HOW_MANY = 100
RUNS = 3
FALSE_ALARM = 1e-8  # for each of fewer than a hundred observations

Observations = dict[str, list[tuple[object, float]]]


def observe(directory: Path, envelopes: Sequence[bytes], slots: int) -> Observations:
    """Read a seized data directory: each list is in order of arrival, ties broken by lot."""
    header = len(make_header(slots))
    database = (directory / "candor.sqlite3").read_bytes()
    log = (directory / "candor.sqlite3-wal").read_bytes()
    blobs = directory / BLOBS
    scanned = [entry.name for entry in os.scandir(blobs)]
    listed = raw_directory_order(blobs)
    found = dict.fromkeys(blobs.iterdir())
    clocks = {letter: times(list(found), letter) for letter in "WXYZ"}
    places = physical_blocks(list(found))
    by_content = {file.read_bytes(): file for file in found}
    files = [by_content[envelope[header:]] for envelope in envelopes]
    inodes = {file: file.stat().st_ino for file in found}
    seen: dict[str, list[object]] = {
        "database: header's beginning": [database.rfind(e[40:72]) for e in envelopes],
        "database: header's middle": [database.rfind(e[2000:2032]) for e in envelopes],
        "database: header's end": [database.rfind(e[header - 80 : header]) for e in envelopes],
        "log: header's end": [log.rfind(e[header - 80 : header]) for e in envelopes],
        "directory: scandir": [scanned.index(file.name) for file in files],
        "directory: getdents": [listed.index(file.name) for file in files],
        "inode": [inodes[file] for file in files],
        "first block": [places[file] for file in files],
        "birth": [clocks["W"][file] for file in files],
        "change": [clocks["Z"][file] for file in files],
        "modification": [clocks["Y"][file] for file in files],
        "access": [clocks["X"][file] for file in files],
    }
    # A file may take over what the file before it gave up: what its neighbours in the order of
    # making have may be what it had itself.
    made = sorted(files, key=lambda file: clocks["W"][file])
    for step in (-1, 1):
        neighbour = dict(zip(made, made[step:] + made[:step], strict=True))
        seen[f"inode of the one made {step:+}"] = [inodes[neighbour[file]] for file in files]
        seen[f"first block of the one made {step:+}"] = [places[neighbour[f]] for f in files]
    return {what: [(value, random.random()) for value in values] for what, values in seen.items()}


def observe_leaves(intake: Intake, envelopes: Sequence[bytes]) -> Observations:
    """Read what everybody may read: where in the public log each report stands, if it is there."""
    day = parse_day(intake.log_day("main", FIRST_DAY))
    hashes = [hashlib.sha256(envelope).digest() for envelope in envelopes]
    if not day.leaves:
        return {}
    assert set(hashes) == set(day.leaves)
    return {"public log: place of the leaf": [(day.leaves.index(each), 0.0) for each in hashes]}


def raw_directory_order(path: Path) -> list[str]:
    """Names as the kernel gives them, with nothing in between."""
    libc = ctypes.CDLL(None)
    buffer = ctypes.create_string_buffer(1 << 16)
    names = []
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        while (size := libc.getdents64(descriptor, buffer, len(buffer))) > 0:
            at = 0
            while at < size:
                length = int.from_bytes(buffer.raw[at + 16 : at + 18], "little")
                names.append(buffer.raw[at + 19 : at + length].split(b"\0")[0].decode())
                at += length
    finally:
        os.close(descriptor)
    return names


def times(files: list[Path], letter: str) -> dict[Path, str]:
    """One of statx's times to the nanosecond: W birth, X access, Y modification, Z change."""
    command = ["stat", f"--printf=%.9{letter}\\n", *map(str, files)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(zip(files, done.stdout.split(), strict=True))


def physical_blocks(files: list[Path]) -> dict[Path, int]:
    """Where each file begins on the volume, as far as the file system tells."""
    done = subprocess.run(
        ["/usr/sbin/filefrag", "-v", *map(str, files)], check=False, capture_output=True, text=True
    )
    first = [line.split() for line in done.stdout.splitlines() if line.split()[:1] == ["0:"]]
    if len(first) != len(files):
        return dict.fromkeys(files, 0)
    return {file: int(line[3].rstrip(".")) for file, line in zip(files, first, strict=True)}


def send_report(intake: Intake) -> bytes:
    envelope = make_envelope()
    intake.receive(DOOR, [envelope])
    return envelope


def send_reply(intake: Intake) -> bytes:
    reply = make_reply()
    intake.deliver(ADDRESS, io.BytesIO(reply))
    return reply


def a_day_and_its_batch(
    directory: Path, send: Callable[[Intake], bytes], slots: int
) -> tuple[Observations, Observations]:
    calendar = Calendar()
    with Intake.create(directory, today=calendar) as intake:
        envelopes = [send(intake) for _ in range(HOW_MANY)]
        before = observe(directory, envelopes, slots)
        log = before["log: header's end"]
        intake._store.database.empty_log()  # as it happens by itself every thousand pages
        before = observe(directory, envelopes, slots) | {"log: header's end": log}
        old_names = [file.name[:32].encode() for file in (directory / BLOBS).iterdir()]
        calendar.turn()
        intake.run_batch(SIGNER)
        after = observe(directory, envelopes, slots) | observe_leaves(intake, envelopes)
        assert (directory / "candor.sqlite3-wal").stat().st_size == 0
        raw = (directory / "candor.sqlite3").read_bytes()
        assert not [name for name in old_names if name in raw]
    return before, after


@pytest.mark.parametrize(("send", "slots"), [(send_report, 2), (send_reply, 4)])
def test_before_the_batch_the_order_shows_and_after_it_nothing_does(tmp_path, send, slots):
    runs = [a_day_and_its_batch(tmp_path / str(run), send, slots) for run in range(RUNS)]
    before, after = (
        {what: [run[when][what] for run in runs] for what in runs[0][when]} for when in (0, 1)
    )
    report("before", before)
    report("after", after)
    for what in ("log: header's end", "database: header's end", "change"):
        assert chance(before[what]) < FALSE_ALARM, "the test has lost its power"
    for what, lists in after.items():
        assert chance(lists) > FALSE_ALARM, what


def report(when: str, observations: dict[str, list[list[tuple[object, float]]]]) -> None:
    """Say the figures, for the threat model; pytest shows them with -s."""
    for what, lists in observations.items():
        known = sum(len({value for value, _ in values}) for values in lists) / len(lists)
        taus = " ".join(f"{kendall(values):+.2f}" for values in lists)
        sys.stdout.write(f"{when:7} {what:32} tau {taus}  values {known:3.0f}\n")
