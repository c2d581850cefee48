"""A small office: two reviewers, a custodian, two channels, and what they write to each other."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.import_directory import INBOX, open_imports
from console.import_state import ImportState
from console.plan import default_form_reference
from crypto.bundle_reader import OutboundBundle
from crypto.envelope import EnvelopeWriter
from crypto.inbound import RosterDocument
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.roster import Channel, Reviewer, Roster
from crypto.signed_roster import sign_roster
from crypto.source_keys import reviewer_signing_key
from tests.console.support import ANNA, BORIS, CUSTODIAN, SLOTS

TODAY = datetime.now(UTC).date()  # commands ask the clock
ROOT = SigningKey(bytes([40]) * 32)
CHANNEL, OTHER_CHANNEL = "reports", "press"


def _person(name: str, role: str, identity: Identity) -> Reviewer:
    return Reviewer(
        id=name.lower(),
        name=name,
        role=role,
        organisation="A desk",
        independence="",
        recipient=identity.recipient,
        key=reviewer_signing_key(identity).verify_key,
    )


def _channel(channel: str, *reviewers: str) -> Channel:
    return Channel(
        id=channel,
        names={"en": channel},
        form=default_form_reference(),
        reviewers=reviewers,
        slots=SLOTS,
    )


OFFICE = Roster(
    service_id=bytes(16),
    serial=1,
    issued=TODAY - timedelta(days=10),
    expires=TODAY + timedelta(days=100),
    origins=("http://127.0.0.1",),
    channels=(_channel(CHANNEL, "anna", "boris"), _channel(OTHER_CHANNEL, "boris")),
    reviewers=(_person("Anna", "Lawyer", ANNA), _person("Boris", "Editor", BORIS)),
    root=ROOT.verify_key,
    custodian=_person("Clara", "Custodian", CUSTODIAN),
)


def write_roster(directory: Path, **changes: Any) -> tuple[str, ...]:
    """Write the office's roster, perhaps changed, and return the options that name it."""
    document, signature = sign_roster(replace(OFFICE, **changes), ROOT)
    (directory / "roster.json").write_bytes(document)
    (directory / "roster.json.minisig").write_bytes(signature)
    return "--roster", str(directory / "roster.json"), "--root", ROOT.verify_key.serialize()


def seal_to(path: Path, bag: bytes, *recipients: Identity) -> Path:
    """Seal any bag as an envelope of the office's channels."""
    sealed = io.BytesIO()
    envelope = EnvelopeWriter(sealed, [one.recipient for one in recipients], slots=SLOTS)
    envelope.write(bag)
    envelope.close()
    path.write_bytes(sealed.getvalue())
    return path


def carried_to(bundle: Path, channel: str, out: Path) -> Path:
    """Take out of a bundle what goes to a channel, as its courier would bring it."""
    signers: Sequence = [person.key for person in OFFICE.people]
    with bundle.open("rb", buffering=0) as file:
        opened = OutboundBundle(file, signers)
        (found,) = [one for one in opened.envelopes if one.destination == channel]
        out.write_bytes(opened.open(found).read())
    return out


def imported(directory: Path, envelope: Path, **changes: Any) -> Path:
    """Put an envelope where an import would have, with the roster of that time."""
    document, signature = sign_roster(replace(OFFICE, **changes), ROOT)
    state = ImportState(
        root=ROOT.verify_key,
        service_id=OFFICE.service_id,
        rosters={OFFICE.serial: hashlib.sha256(document).digest()},
    )
    with open_imports(directory) as opened:
        opened.write_roster(OFFICE.serial, RosterDocument(document, signature))
        data = envelope.read_bytes()
        with opened.new_envelope(CHANNEL, hashlib.sha256(data).digest()) as file:
            file.write(data)
        opened.save(state)
    return directory / INBOX / CHANNEL
