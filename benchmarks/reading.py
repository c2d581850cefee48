"""How fast does a reviewer read?"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_aead_chacha20poly1305_ietf_decrypt as open_chunk

from benchmarks.context import MEBIBYTE, Context
from benchmarks.report import (
    Row,
    Section,
    at_least,
    at_most,
    milliseconds,
    ratio,
    seconds_of,
    speed,
)
from console.examine import Choice
from console.layout import Style
from console.opening import load_identity
from console.present import Pages
from console.reading import Reading
from console.roster_shelf import RosterShelf
from console.show import Page
from crypto.bag_info import BagKind, Sealed
from crypto.envelope import begin
from crypto.header import header_bytes
from crypto.identity_file import seal_identity
from crypto.keys import Identity, Recipient
from crypto.minisign import SigningKey
from crypto.payload import NONCE_BYTES, SEALED_CHUNK
from crypto.source_keys import SourceKeys
from crypto.submission import SubmissionWriter

LARGE_BYTES = 1 << 30
HUGE_BYTES = 4 << 30
ROUNDS = 5
SPEED_TARGET = 0.8
SINGLE_TARGET = 1.0
SLOTS = 16
_PASSPHRASE = "a passphrase for measuring"
_ABOUT = """\
`candor open` of an envelope of {size:.2f} GiB with one attachment, from the page cache:
everything verified, nothing written. The functions are called in one process after the identity
is unlocked, in turn with *the floor*: PyNaCl's public decryption of the same chunks and SHA-256
over what comes out, on one core. The whole command is timed as well, less the same command on an
envelope without files (start of Python, scrypt of the passphrase)."""
_ABOUT_SINGLE = """\
`candor open --attachment 002`: 1 MiB out of the middle of an envelope of {size:.2f} GiB."""


@dataclass(frozen=True, slots=True)
class _Envelope:
    path: Path
    file_key: bytes


@dataclass(frozen=True, slots=True)
class _Reviewer:
    identity: Identity
    identity_file: Path
    passphrase_file: Path


def measure(context: Context) -> list[Section]:
    directory = context.directory / "reading"
    directory.mkdir()
    reviewer = _make_reviewer(directory)
    small = _seal(context, reviewer, directory / "small.age", [])
    return [
        _whole(context, reviewer, directory, small.path),
        _single(context, reviewer, directory),
    ]


def _whole(context: Context, reviewer: _Reviewer, directory: Path, small: Path) -> Section:
    size = context.size(LARGE_BYTES)
    envelope = _seal(context, reviewer, directory / "large.age", [size])
    floors: list[float] = []
    ours: list[float] = []
    starts: list[float] = []
    commands: list[float] = []
    for _ in range(context.times(ROUNDS)):
        floors.append(_seconds(lambda: _floor(envelope)))
        ours.append(_seconds(lambda: _read(reviewer, envelope.path)))
        starts.append(_command_seconds(reviewer, small))
        commands.append(_command_seconds(reviewer, envelope.path) - starts[-1])
    envelope.path.unlink()
    rows = (
        Row("the floor", speed(size, floors)),
        Row("the console's functions", speed(size, ours)),
        at_least("in parts of the floor", ratio(floors, ours), SPEED_TARGET),
        Row("start and unlock of the command", seconds_of(median(starts))),
        Row("the whole command, less start and unlock", speed(size, commands)),
        at_least("the same in parts of the floor", ratio(floors, commands), SPEED_TARGET),
    )
    return Section("Reading a large envelope", _ABOUT.format(size=size / (1 << 30)), rows)


def _single(context: Context, reviewer: _Reviewer, directory: Path) -> Section:
    size = context.size(HUGE_BYTES)
    sizes = [size // 2, MEBIBYTE, size - size // 2 - 2 * MEBIBYTE]
    envelope = _seal(context, reviewer, directory / "huge.age", sizes)
    choice = Choice(attachments=("002",))
    inside: list[float] = []
    commands: list[float] = []
    for _ in range(context.times(ROUNDS)):
        inside.append(_seconds(lambda: _read(reviewer, envelope.path, choice)))
        commands.append(_command_seconds(reviewer, envelope.path, "--attachment", "002"))
    envelope.path.unlink()
    rows = (
        at_most("the console's functions", median(inside), SINGLE_TARGET, milliseconds),
        Row("the whole command, start and unlock included", milliseconds(median(commands))),
    )
    about = _ABOUT_SINGLE.format(size=size / (1 << 30))
    return Section("Reading one attachment", about, rows)


def _floor(envelope: _Envelope) -> None:
    """Decrypt and hash with what PyNaCl offers everybody."""
    sha256 = hashlib.sha256()
    with envelope.path.open("rb", buffering=0) as file:
        start = header_bytes(SLOTS)
        last = (os.fstat(file.fileno()).st_size - start - NONCE_BYTES - 1) // SEALED_CHUNK
        file.seek(start)
        key = HKDF(SHA256(), 32, file.read(NONCE_BYTES), b"payload").derive(envelope.file_key)
        for counter in range(last + 1):
            nonce = counter.to_bytes(11, "big") + bytes([counter == last])
            sha256.update(open_chunk(file.read(SEALED_CHUNK), None, nonce, key))


def _read(reviewer: _Reviewer, path: Path, choice: Choice = Choice()) -> None:  # noqa: B008 - frozen
    """Do what `candor open` does once it is started and the identity is unlocked."""
    complaints: list[str] = []
    shown = Pages(Page(80, Style()), lambda _line: None)
    rosters = RosterShelf(datetime.now(UTC).date())
    reading = Reading([reviewer.identity], choice, shown, complaints.append, rosters)
    reading.read(path)
    if complaints or not reading.opened:
        raise RuntimeError(f"the envelope was not opened: {complaints}")


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _command_seconds(reviewer: _Reviewer, path: Path, *options: str) -> float:
    """Time the whole command."""
    command = [
        str(Path(sys.executable).with_name("candor")),
        "open",
        str(path),
        f"--identity={reviewer.identity_file}",
        f"--passphrase-file={reviewer.passphrase_file}",
        *options,
    ]
    return _seconds(lambda: _run(command))


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _make_reviewer(directory: Path) -> _Reviewer:
    identity_file, passphrase_file = directory / "reviewer.age", directory / "passphrase"
    identity_file.write_bytes(seal_identity(Identity.generate(), _PASSPHRASE))
    passphrase_file.write_text(f"{_PASSPHRASE}\n")
    for secret in (identity_file, passphrase_file):
        secret.chmod(0o600)
    return _Reviewer(load_identity(identity_file, _PASSPHRASE), identity_file, passphrase_file)


def _seal(context: Context, reviewer: _Reviewer, path: Path, sizes: Sequence[int]) -> _Envelope:
    """Seal a report with attachments of these sizes, under a file key the floor knows."""
    file_key = os.urandom(16)
    with path.open("wb") as file:
        recipients = [reviewer.identity.recipient, *[Recipient.throw_away()] * (SLOTS - 1)]
        stanzas = [recipient.wrap(file_key).stanza() for recipient in recipients]
        payload = begin(file, stanzas, file_key, os.urandom(NONCE_BYTES))
        bag = SubmissionWriter(
            payload,
            kind=BagKind.REPORT,
            channel="general",
            sealed=Sealed.ARRIVAL,
            text="The ledgers are attached.",
            answers=b"{}",
        )
        for number, size in enumerate(sizes, start=1):
            bag.begin_attachment(f"ledger {number}.bin", "application/octet-stream")
            for block in context.content.blocks(size):
                bag.write(block)
            bag.end_attachment()
        keys = SourceKeys(os.urandom(32), Identity.generate(), SigningKey.generate())
        bag.finish(keys, identity_text="", custodian=None)
        payload.close()
    os.sync()  # or the disk would still be at work while it is read
    return _Envelope(path, file_key)
