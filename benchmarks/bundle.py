"""What does it cost to carry a day's envelopes to the reviewers?"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from pathlib import Path
from statistics import median

from benchmarks.context import Context
from benchmarks.report import Row, Section, at_least, megabytes, speed
from console.plan import default_form_reference
from crypto.checkpoint import Head, log_origin
from crypto.header import header_bytes
from crypto.inbound import InboundInfo, RosterDocument, write_inbound
from crypto.inbound_reader import InboundBundle
from crypto.keys import Identity
from crypto.log_day import LogDay
from crypto.merkle import EMPTY_TREE
from crypto.minisign import SigningKey
from crypto.padding import SMALLEST_BYTES
from crypto.payload import ciphertext_bytes
from crypto.roster import Channel, Courier, Reviewer, Roster
from crypto.signed_roster import sign_roster
from crypto.sinks import Buffer
from intake.days import utc_today

ENVELOPES = 10_000
SLOTS = 16
ROUNDS = 3
TARGET = 200.0  # envelopes a second
_BYTES = header_bytes(SLOTS) + ciphertext_bytes(SMALLEST_BYTES)
_SERVICE_ID = bytes(16)
_ABOUT = """\
A bundle of {count:,} envelopes of {size:,} bytes, one day of a channel: packed by the courier,
checked without keeping anything, and imported, all from the page cache. *The floor* is SHA-256 once
over the same file. An import also writes every envelope, and ends when all are on the disk; it runs
in a process of its own. Memory over what the process had before."""


@dataclass(frozen=True, slots=True)
class _Keys:
    root: SigningKey
    courier: SigningKey
    log: SigningKey


class _Nowhere:
    """A sink that forgets."""

    def write(self, data: Buffer, /) -> None:
        """Take it."""


def measure(context: Context) -> list[Section]:
    directory = context.directory / "bundle"
    directory.mkdir()
    keys = _Keys(*(SigningKey.generate() for _ in range(3)))
    count = context.size(ENVELOPES)
    path = directory / "bundle.zip"
    times: dict[str, list[float]] = {"floor": [], "pack": [], "check": [], "import": []}
    memory: list[int] = []
    for _ in range(context.times(ROUNDS)):
        times["pack"].append(_timed(lambda: _pack(path, count, keys)))
        os.sync()
        times["floor"].append(_timed(lambda: _hash(path)))
        times["check"].append(_timed(lambda: _check(path, keys)))
        seconds, peak = _import(path, directory / "imports", keys)
        times["import"].append(seconds)
        memory.append(peak)
    size = path.stat().st_size
    rates = {name: count / median(samples) for name, samples in times.items()}
    rows = (
        Row("the floor", speed(size, times["floor"])),
        Row("packing, envelopes a second", f"{rates['pack']:.0f}"),
        at_least("checking, envelopes a second", rates["check"], TARGET),
        Row("the same, in parts of the floor", f"{rates['check'] / rates['floor']:.2f}"),
        at_least("importing, envelopes a second", rates["import"], TARGET),
        Row("the same, in parts of the floor", f"{rates['import'] / rates['floor']:.2f}"),
        Row("memory of an import", megabytes(max(memory))),
    )
    return [Section("Bundles", _ABOUT.format(count=count, size=_BYTES), rows)]


def _envelopes(count: int) -> dict[bytes, int]:
    """Number envelopes by their hashes: each is the same noise behind a number."""
    return {hashlib.sha256(_envelope(number)).digest(): number for number in range(count)}


_NOISE = os.urandom(_BYTES - 8)


def _envelope(number: int) -> bytes:
    return number.to_bytes(8, "big") + _NOISE


def _pack(path: Path, count: int, keys: _Keys) -> None:
    numbers = _envelopes(count)
    day = _day(tuple(numbers), keys)

    def in_order() -> Iterator[tuple[bytes, io.BytesIO]]:
        for found in sorted(numbers):
            yield found, io.BytesIO(_envelope(numbers[found]))

    form = default_form_reference()
    with path.open("wb") as file:
        write_inbound(
            file,
            InboundInfo("van", "general", 1),
            in_order(),
            days=[day],
            forms={f"{form.id}-{form.version}.toml": _form()},
            roster=_roster(keys),
            signing=keys.courier,
        )


def _form() -> bytes:
    return resources.files("forms").joinpath("default.toml").read_bytes()


def _day(leaves: tuple[bytes, ...], keys: _Keys) -> LogDay:
    after = EMPTY_TREE.grow(leaves)
    head = Head(log_origin(_SERVICE_ID, "general"), after.size, after.root).sign(keys.log)
    return LogDay(utc_today() - timedelta(days=1), EMPTY_TREE, leaves, head)


def _roster(keys: _Keys) -> RosterDocument:
    today = utc_today()
    key = SigningKey.generate().verify_key
    reviewer = Reviewer("press", "Press", "reads", "", "", Identity.generate().recipient, key)
    roster = Roster(
        service_id=_SERVICE_ID,
        serial=1,
        issued=today,
        expires=today + timedelta(days=30),
        origins=("http://127.0.0.1",),
        channels=(Channel("general", {"en": "G"}, default_form_reference(), ("press",), SLOTS),),
        reviewers=(reviewer,),
        root=keys.root.verify_key,
        couriers=(Courier("van", ("general",), keys.courier.verify_key),),
        log_keys=(keys.log.verify_key,),
    )
    return RosterDocument(*sign_roster(roster, keys.root))


def _hash(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        hashlib.file_digest(file, "sha256")


def _check(path: Path, keys: _Keys) -> None:
    """Check everything in the bundle, and keep nothing."""
    with path.open("rb", buffering=0) as file:
        bundle = InboundBundle(file, lambda _info, _roster: keys.courier.verify_key)
        for envelope in bundle.envelopes:
            bundle.copy(envelope, _Nowhere())


def _import(path: Path, into: Path, keys: _Keys) -> tuple[float, int]:
    root = keys.root.verify_key.serialize()
    command = [sys.executable, "-m", "benchmarks.importing", str(path), str(into), root]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    shutil.rmtree(into)
    seconds, memory = output.split()
    return float(seconds), int(memory)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
