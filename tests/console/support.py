"""Real reports, sealed as the service seals them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from crypto.bag_info import BagKind, Sealed
from crypto.codename import Codename
from crypto.envelope import EnvelopeWriter
from crypto.identity_file import seal_identity
from crypto.keys import Identity, Recipient
from crypto.sinks import Sink
from crypto.source_keys import SourceKeys, derive_source_keys
from crypto.submission import SubmissionWriter

PASSPHRASE = "a passphrase for tests"
DAY = date(2026, 11, 23)
SERVICE_ID = bytes(16)
SLOTS = 4

ANNA, BORIS, CUSTODIAN = (Identity(bytes([n]) * 32) for n in (1, 2, 3))


def new_source() -> SourceKeys:
    return derive_source_keys(Codename.generate(), SERVICE_ID)


SOURCE = new_source()


@dataclass(frozen=True)
class File:
    name: str
    content: bytes
    type: str = "application/octet-stream"


def answers(values: Mapping[str, object] | None = None, **changes: object) -> bytes:
    content = {
        "form": "default",
        "version": 1,
        "language": "ru",
        "day": DAY.isoformat(),
        "readers": ["anna"],
        "answers": values or {},
    }
    return json.dumps(content | changes, ensure_ascii=False).encode()


def write_bag(
    sink: Sink,
    *,
    text: str = "Report text.",
    report: bytes | None = None,
    files: Sequence[File] = (),
    keys: SourceKeys | None = None,
    kind: BagKind = BagKind.REPORT,
    identity_text: str = "",
    custodian: Recipient | None = None,
) -> None:
    bag = SubmissionWriter(
        sink,
        kind=kind,
        channel="reports",
        sealed=Sealed.ARRIVAL,
        text=text,
        answers=report or answers(),
    )
    for file in files:
        bag.begin_attachment(file.name, file.type)
        bag.write(file.content)
        bag.end_attachment()
    bag.finish(keys or SOURCE, identity_text=identity_text, custodian=custodian)


def seal(path: Path, bag: bytes) -> Path:
    """Seal any bytes to Anna."""
    with path.open("wb") as file:
        envelope = EnvelopeWriter(file, [ANNA.recipient], slots=SLOTS)
        envelope.write(bag)
        envelope.close()
    return path


def seal_report(path: Path, recipients: Sequence[Identity] = (ANNA,), **bag: object) -> Path:
    with path.open("wb") as file:
        envelope = EnvelopeWriter(file, [i.recipient for i in recipients], slots=SLOTS)
        write_bag(envelope, **bag)  # type: ignore[arg-type]
        envelope.close()
    return path


def write_identity(path: Path, identity: Identity = ANNA) -> Path:
    path.write_bytes(seal_identity(identity, PASSPHRASE, work_factor=4))
    path.chmod(0o600)
    return path


def write_passphrase(path: Path) -> Path:
    path.write_text(PASSPHRASE + "\n")
    return path
