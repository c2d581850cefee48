"""Real envelopes' headers over payloads of noise: all that an intake can see of an envelope."""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from crypto.envelope import EnvelopeWriter
from crypto.header import header_bytes
from crypto.minisign import SigningKey
from crypto.padding import SMALLEST_BYTES
from crypto.payload import ciphertext_bytes
from intake.log_signer import LogSigner
from intake.service import BLOBS, Intake
from intake.values import Door

FIRST_DAY = date(2026, 11, 23)
DOOR = Door("main", frozenset({2}))
SIXTEEN = Door("main", frozenset({16}))
ADDRESS = b"\x01" * 32
LOG_KEY = SigningKey(bytes(range(32)))
SIGNER = LogSigner(bytes(range(16)), LOG_KEY, (DOOR.channel,), date.max)


@dataclass
class Calendar:
    """A day that a test may turn."""

    day: date = FIRST_DAY

    def __call__(self) -> date:
        return self.day

    def turn(self, days: int = 1) -> None:
        self.day += timedelta(days=days)


def make_header(slots: int = 2) -> bytes:
    sink = io.BytesIO()
    EnvelopeWriter(sink, [], slots=slots).abandon()
    return sink.getvalue()[: header_bytes(slots)]


def make_envelope(plaintext_bytes: int = SMALLEST_BYTES, *, slots: int = 2) -> bytes:
    return make_header(slots) + os.urandom(ciphertext_bytes(plaintext_bytes))


def make_reply() -> bytes:
    return make_envelope(slots=4)


@contextmanager
def opened(directory: Path, calendar: Calendar | None = None) -> Iterator[Intake]:
    with Intake.create(directory, today=calendar or Calendar()) as intake:
        yield intake


def sliced(data: bytes, size: int) -> Iterable[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def blobs(directory: Path) -> list[Path]:
    return sorted((directory / BLOBS).iterdir())


def raw_bytes(directory: Path) -> bytes:
    """Every byte of every file in a data directory."""
    return b"".join(file.read_bytes() for file in directory.rglob("*") if file.is_file())


def read_all(intake: Intake, digest: bytes) -> bytes:
    with intake.open_envelope(digest) as file:
        return file.read()
