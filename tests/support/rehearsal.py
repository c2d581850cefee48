"""A whole service to rehearse with: known people, a signed roster, a data directory, a server.

Keys come from fixed seeds, so that pages show the same fingerprint every time.
"""

import hashlib
import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from app.settings import Settings
from crypto.bag_info import ReplyInfo, SourceInfo, StatusCode
from crypto.bag_reader import BagReader
from crypto.envelope import EnvelopeWriter, open_seekable
from crypto.keys import Identity, Recipient
from crypto.minisign import SigningKey
from crypto.reply import write_reply
from crypto.roster import Channel, FormReference, Reviewer, Roster, sign_roster
from crypto.source_keys import reviewer_signing_key
from forms.loader import default_form
from intake.days import utc_today
from intake.service import Intake
from intake.values import EnvelopeHash

REPLY_SLOTS = 4
_START_SECONDS = 30.0
_SERVE = """
import sys
from pathlib import Path
from app.serve import serve
from app.settings import Settings
serve(Settings.model_validate_json(sys.stdin.read()))
"""


def seed(name: str) -> bytes:
    return hashlib.sha256(b"rehearsal " + name.encode()).digest()


@dataclass(frozen=True)
class Person:
    """Somebody of the roster, with the secret half."""

    entry: Reviewer
    identity: Identity


def person(id_: str, name: str, role: str, organisation: str, independence: str = "") -> Person:
    identity = Identity(seed(id_))
    entry = Reviewer(
        id=id_,
        name=name,
        role=role,
        organisation=organisation,
        independence=independence,
        recipient=identity.recipient,
        key=reviewer_signing_key(identity).verify_key,
    )
    return Person(entry, identity)


KELLER = person(
    "keller", "Maria Keller", "Investigator", "Open Desk", "Paid by readers; owns no shares."
)
SOKOLOVA = person("sokolova", "Анна Соколова", "Lawyer", "Legal Aid Network")
CUSTODIAN = person("brandt", "Jonas Brandt", "Notary", "Chamber of Notaries")
ROOT = SigningKey(seed("root"))


def make_roster(origin: str, *, channels: int = 1, demonstration: bool = False) -> Roster:
    form = default_form()
    reference = FormReference(form.id, form.version, form.sha256)
    readers = (KELLER.entry.id, SOKOLOVA.entry.id)
    general = Channel("general", {"en": "Corruption", "ru": "Коррупция"}, reference, readers)
    prisons = Channel("prisons", {"en": "Prisons"}, reference, readers[1:])
    return Roster(
        service_id=seed("service")[:16],
        serial=1,
        issued=utc_today() - timedelta(days=1),
        expires=utc_today() + timedelta(days=100),
        origins=(origin,),
        channels=(general, prisons)[:channels],
        reviewers=(KELLER.entry, SOKOLOVA.entry),
        custodian=CUSTODIAN.entry,
        root=ROOT.verify_key,
        demonstration=demonstration,
    )


@dataclass(frozen=True)
class Rehearsal:
    """A service's directory and what is in it."""

    directory: Path
    settings: Settings
    roster: Roster

    @property
    def origin(self) -> str:
        return self.roster.origins[0]

    @classmethod
    def make(cls, directory: Path, roster: Roster | None = None, **settings: object) -> "Rehearsal":
        """Write roster and data directory; the port is one that is free."""
        port = _free_port()
        roster = replace(
            roster or make_roster("http://127.0.0.1"), origins=(f"http://127.0.0.1:{port}",)
        )
        document, signature = sign_roster(roster, ROOT)
        (directory / "roster.json").write_bytes(document)
        (directory / "roster.json.minisig").write_bytes(signature)
        Intake.create(directory / "data").close()
        chosen = Settings(
            root_key=ROOT.verify_key.serialize(),
            roster=directory / "roster.json",
            data=directory / "data",
            port=port,
            **settings,  # type: ignore[arg-type]
        )
        return cls(directory, chosen, roster)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve in a process of its own until the block ends."""
        process = subprocess.Popen([sys.executable, "-c", _SERVE], stdin=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(self.settings.model_dump_json().encode())
        process.stdin.close()
        try:
            _wait_for(self.settings.port, process)
            yield self.origin
        finally:
            process.terminate()
            process.wait(_START_SECONDS)

    def read_newest(self, reader: Person = KELLER, channel: str = "general") -> BagReader:
        """Open the one envelope that this reader can open and that nobody has read yet."""
        return self._read(reader, channel)[1]

    def reply(
        self, text: str, *, by: Person = KELLER, number: int = 1, status: StatusCode | None = None
    ) -> None:
        """Answer the one report that rests here."""
        envelope, bag = self._read(by, "general")
        assert isinstance(bag.info, SourceInfo)
        info = ReplyInfo(
            mailbox=bag.info.mailbox,
            recipient=bag.info.recipient,
            in_reply_to=envelope,
            number=number,
            readers=(by.entry.id,),
            day=utc_today(),
        )
        self.deliver(info, text, by=by, status=status)

    def deliver(
        self, info: ReplyInfo, text: str, *, by: Person, status: StatusCode | None = None
    ) -> None:
        """Seal a reply and let it wait."""
        sealed = io.BytesIO()
        writer = EnvelopeWriter(sealed, [info.recipient], slots=REPLY_SLOTS)
        signing = reviewer_signing_key(by.identity)
        write_reply(writer, channel="general", info=info, text=text, status=status, signing=signing)
        writer.close()
        sealed.seek(0)
        with Intake(self.directory / "data") as intake:
            intake.deliver(info.mailbox, sealed)

    def _read(self, reader: Person, channel: str) -> tuple[EnvelopeHash, BagReader]:
        with Intake(self.directory / "data") as intake:
            (stored,) = intake.envelopes(channel, open_day=True)
            with intake.open_envelope(stored.hash) as file:
                whole = io.BytesIO(file.read())
        return stored.hash, BagReader(open_seekable(whole, [reader.identity]))


def reply_to(recipient: Recipient, mailbox: bytes, *, number: int, day: date) -> ReplyInfo:
    return ReplyInfo(mailbox, recipient, seed("envelope"), number, (KELLER.entry.id,), day)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the service did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the service does not answer")
