"""The drill: a reviewer's laptop is lost, and whoever found it may know its passphrase.

Everything is done as docs/operating.md says, on the offline machine and on the server; what the
old identity can still do is tried with the identity itself.
"""

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.opening import open_service
from app.replies import open_mail
from app.roster_watch import RosterWatch
from app.settings import load_settings
from app.state import Service
from console.public_lines import PublicLines
from console.roster_book import open_book
from crypto.envelope import EnvelopeWriter, open_envelope
from crypto.errors import NotAddressedError
from crypto.keys import Identity
from crypto.source_keys import SourceKeys
from intake.days import utc_today
from tests.cli.support import run
from tests.console.support import new_source, write_bag, write_identity, write_passphrase

ANNA, BORIS, NEW_BORIS = (Identity(bytes([number]) * 32) for number in (1, 2, 3))
CHANNEL = "reports"
OVERLAP = timedelta(days=183)


@dataclass
class Drill:
    """The offline machine, the server, and what a source holds."""

    place: Path
    day: date = field(default_factory=utc_today)
    source: SourceKeys = field(default_factory=new_source)

    @property
    def offline(self) -> Path:
        return self.place / "ceremony"

    @property
    def server(self) -> Path:
        return self.place / "server"

    def command(self, *arguments: object) -> str:
        found = run(*arguments)
        assert found.exit_code == 0, found.stderr
        return found.output

    def ceremony(self, *arguments: object) -> str:
        return self.command("roster", *arguments, "--dir", self.offline)

    def sign_and_carry(self) -> None:
        self.ceremony("sign", "--passphrase-file", self.place / "passphrase")
        self.carry("roster.json")

    def carry(self, name: str) -> None:
        for end in ("", ".minisig"):
            shutil.copy(self.offline / f"{name}{end}", self.server / f"roster.json{end}")

    def report(self, service: Service) -> bytes:
        """Send a report to everybody whom the roster in force names."""
        channel = service.channel(CHANNEL)
        recipients = [one.recipient for one in service.roster.reviewers_of(channel)]
        out = io.BytesIO()
        writer = EnvelopeWriter(out, recipients, slots=channel.slots)
        write_bag(writer, keys=self.source)
        writer.close()
        service.intake.receive(service.door(channel), [out.getvalue()])
        return out.getvalue()

    def reply(self, envelope: bytes, name: str, identity: Identity) -> Path:
        """Answer a report with an identity, whoever has it."""
        path, bundle = self.place / f"{name}.age", self.place / f"{name}.zip"
        (self.place / "report.age").write_bytes(envelope)
        write_identity(path, identity)
        words = ("--identity", path, "--passphrase-file", self.place / "passphrase")
        self.command(
            *("reply", self.place / "report.age", *words, "--status", "opened", "--out", bundle)
        )
        return bundle

    def deliver(self, bundle: Path) -> tuple[int, str]:
        found = run("deliver", bundle, "--config", self.server / "candor.toml")
        return found.exit_code, found.output + found.stderr

    def read_mail(self, service: Service, day: date | None = None) -> tuple[list[str], int]:
        """Return by whom the source sees answers, and how many are shown as unreadable."""
        mail = open_mail(service.intake, service.roster.signers(day or self.day), self.source)
        return [letter.reviewer.id for letter in mail.letters], len(mail.unreadable)


def opens(envelope: bytes, identity: Identity) -> bool:
    try:
        return bool(open_envelope(io.BytesIO(envelope), [identity]).read())
    except NotAddressedError:
        return False


@pytest.fixture
def drill(tmp_path: Path) -> Drill:
    """A service that Anna and Boris read, made offline."""
    made = Drill(tmp_path)
    write_passphrase(tmp_path / "passphrase")
    entries = ""
    for name, identity in (("anna", ANNA), ("boris", BORIS)):
        lines = PublicLines.of(identity)
        entries += f'[[reviewer]]\nid = "{name}"\nname = "{name.title()}"\nrole = "Lawyer"\n'
        entries += f'key = "{lines.key.serialize()}"\n'
        entries += f'recipient = "{lines.recipient.serialize()}"\n'
    (tmp_path / "plan.toml").write_text(
        f'origins = ["http://{"a" * 56}.onion"]\n{entries}'
        f'[[channel]]\nid = "{CHANNEL}"\nnames = {{ en = "Reports" }}\nslots = 4\n'
    )
    (tmp_path / "boris-new.pub").write_text(PublicLines.of(NEW_BORIS).serialize())
    made.command(
        *("roster", "new", made.offline, "--plan", tmp_path / "plan.toml"),
        *("--passphrase-file", tmp_path / "passphrase"),
    )
    fingerprint = open_book(made.offline).newest.root.serialize()
    roster = ("--roster", made.offline / "roster.json", "--fingerprint", fingerprint)
    made.command("init", made.server, *roster)
    return made


@pytest.fixture
def service(drill: Drill) -> Iterator[Service]:
    settings = load_settings(drill.server / "candor.toml")
    with open_service(settings, today=lambda: drill.day) as service:
        yield service


def test_a_lost_laptop_opens_what_came_before_and_nothing_after(
    drill: Drill, service: Service
) -> None:
    watch = RosterWatch(service, lambda _: None)
    before = drill.report(watch.service)

    said = drill.ceremony("revoke", "boris", "--lines", drill.place / "boris-new.pub")
    assert f"reports of {CHANNEL}, since roster 1 (" in said
    drill.sign_and_carry()
    watch.look()
    after = drill.report(watch.service)

    assert opens(before, BORIS)
    assert not opens(after, BORIS)
    assert opens(after, NEW_BORIS)
    assert not opens(before, NEW_BORIS)
    assert opens(before, ANNA)
    assert opens(after, ANNA)


def test_nothing_that_the_lost_key_signs_or_signed_is_taken(drill: Drill, service: Service) -> None:
    watch = RosterWatch(service, lambda _: None)
    report = drill.report(watch.service)
    real = drill.reply(report, "boris", BORIS)
    assert drill.deliver(real)[0] == 0
    assert drill.read_mail(watch.service) == (["boris"], 0)

    drill.ceremony("revoke", "boris", "--lines", drill.place / "boris-new.pub")
    drill.sign_and_carry()
    watch.look()

    forged = drill.reply(report, "thief", BORIS)
    status, said = drill.deliver(forged)
    assert status == 1
    assert "refused" in said
    assert drill.read_mail(watch.service) == ([], 1)
    again = drill.reply(drill.report(watch.service), "boris-new", NEW_BORIS)
    assert drill.deliver(again)[0] == 0
    assert drill.read_mail(watch.service) == (["boris"], 1)


def test_a_removed_reviewer_reads_nothing_new_and_answers_nobody(
    drill: Drill, service: Service
) -> None:
    watch = RosterWatch(service, lambda _: None)
    before = drill.report(watch.service)
    drill.ceremony("revoke", "boris")
    drill.sign_and_carry()
    watch.look()
    after = drill.report(watch.service)
    assert (opens(before, BORIS), opens(after, BORIS), opens(after, ANNA)) == (True, False, True)
    assert drill.deliver(drill.reply(before, "boris", BORIS))[0] == 1


def test_the_old_roster_does_not_come_back(drill: Drill, service: Service) -> None:
    watch = RosterWatch(service, lambda _: None)
    drill.ceremony("revoke", "boris", "--lines", drill.place / "boris-new.pub")
    drill.sign_and_carry()
    watch.look()
    drill.carry("roster-1.json")
    watch.look()
    assert watch.service.roster.serial == 2
    assert not opens(drill.report(watch.service), BORIS)
    said = run("roster", "verify", drill.server / "roster.json", "--dir", drill.offline)
    assert (said.exit_code, "rolled back" in said.stderr) == (1, True)


def test_a_key_that_was_replaced_in_peace_still_signs_until_its_day(
    drill: Drill, service: Service
) -> None:
    watch = RosterWatch(service, lambda _: None)
    report = drill.report(watch.service)
    drill.ceremony("rotate", "boris", "--lines", drill.place / "boris-new.pub")
    drill.sign_and_carry()
    watch.look()
    assert not opens(drill.report(watch.service), BORIS)
    assert drill.deliver(drill.reply(report, "boris", BORIS))[0] == 0
    assert drill.read_mail(watch.service) == (["boris"], 0)
    assert drill.read_mail(watch.service, drill.day + OVERLAP) == (["boris"], 0)
    assert drill.read_mail(watch.service, drill.day + OVERLAP + timedelta(days=1)) == ([], 1)
