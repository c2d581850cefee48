"""The drill: a channel that two of three open together, on a service that really runs."""

import itertools
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest

from app.settings import Settings, load_settings
from console.ceremony import make_service
from console.plan import default_form_reference
from console.roster_book import open_book
from console.share_sheet import load_share
from crypto.keys import Identity
from crypto.roster import Channel
from crypto.shares import join_shares
from intake.days import utc_today
from tests.app.forms import report
from tests.app.mailbox import words_on
from tests.cli.support import MARKER, run
from tests.console.ceremonies import ANNA, BORIS, DORA, ROOT_WORDS, person, plan, sign
from tests.console.support import write_identity, write_passphrase
from tests.support.service import free_port, serving

ANSWER = "We have read it together."
FORM = default_form_reference()
READERS = {"anna": ANNA, "boris": BORIS, "dora": DORA}


@dataclass(frozen=True)
class Served:
    """What serving a directory needs to know of it."""

    directory: Path
    settings: Settings
    config: Path


@dataclass
class Desk:
    """The reviewers' machine, the root key's, and a source's browser."""

    place: Path
    origin: str
    source: OpenerDirector = field(
        default_factory=lambda: build_opener(HTTPCookieProcessor(CookieJar()))
    )

    @property
    def server(self) -> Path:
        return self.place / "server"

    @property
    def ceremony(self) -> Path:
        return self.place / "ceremony"

    def command(self, *arguments: object) -> str:
        found = run(*arguments)
        assert found.exit_code == 0, found.stderr
        return found.output

    def carry(self) -> None:
        for name in ("roster.json", "roster.json.minisig"):
            shutil.copy(self.ceremony / name, self.server)

    def serve(self) -> AbstractContextManager[object]:
        """Run the service until the block ends."""
        settings = load_settings(self.server / "candor.toml")
        return serving(Served(self.server, settings, self.server / "candor.toml"))

    def own(self, name: str) -> tuple[object, ...]:
        """Name a reviewer's own identity."""
        path = self.place / f"{name}.age"
        return ("--identity", path, "--passphrase-file", self.place / "passphrase")

    def share(self) -> None:
        """Draw the channel's key, sign the roster that names it, and carry that to the server."""
        numbers = ("general", "--threshold", "2", "--out", self.place / "sheets")
        self.command("roster", "share-channel", *numbers, "--dir", self.ceremony)
        sign(open_book(self.ceremony), today=utc_today())

    def sheets(self, serial: int) -> list[Path]:
        return [self.place / "sheets" / f"general-{serial}-{name}.txt" for name in READERS]

    def page(self, path: str, body: bytes | None = None, kind: str = "") -> str:
        headers = {"Origin": self.origin} | ({"Content-Type": kind} if kind else {})
        request = Request(self.origin + path, body, headers)
        with self.source.open(request) as answer:
            return answer.read().decode()

    def report(self, text: str) -> str:
        """Send a report with the web form; return the secret words."""
        body = report(fields=[("report", text)])
        sent = self.page("/en/report/general", body, "multipart/form-data; boundary=b")
        return words_on(sent)

    def open_mailbox(self, words: str) -> str:
        kind = "application/x-www-form-urlencoded"
        return self.page("/en/mailbox/open", urlencode({"words": words}).encode(), kind)

    def export(self) -> list[Path]:
        config = ("--config", self.server / "candor.toml")
        self.command("export", self.place / "inbox", "--open-day", *config)
        return sorted((self.place / "inbox").glob("*.age"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A service of one channel, which two of Anna, Boris and Dora open together."""
    port = free_port()
    desk = Desk(tmp_path, f"http://127.0.0.1:{port}")
    monkeypatch.setenv("CANDOR_PORT", str(port))
    write_passphrase(tmp_path / "passphrase")
    for name, identity in READERS.items():
        write_identity(tmp_path / f"{name}.age", identity)
    planned = plan(
        origins=(desk.origin,),
        reviewers=tuple(person(name, identity) for name, identity in READERS.items()),
        channels=(Channel("general", {"en": "General"}, FORM, tuple(READERS), slots=4),),
        custodian=None,
        decoys=None,
    )
    make_service(desk.ceremony, planned, ROOT_WORDS, today=utc_today(), work_factor=1)
    desk.share()
    root = open_book(desk.ceremony).newest.root.serialize()
    roster = ("--roster", desk.ceremony / "roster.json", "--fingerprint", root)
    desk.command("init", desk.server, *roster)
    return desk


def given(sheets: Iterable[Path]) -> list[object]:
    return [part for sheet in sheets for part in ("--share", sheet)]


def test_any_two_of_three_open_a_report_and_answer_it_and_nobody_can_alone(desk: Desk) -> None:
    with desk.serve():
        form = desk.page("/en/report/general")
        words = desk.report(MARKER)
        (envelope,) = desk.export()
        open_and_answer(desk, envelope, desk.sheets(2))
        mailbox = desk.open_mailbox(words)
    assert 'name="reader"' not in form
    assert "only when 2 of these people do it together: Anna, Boris and Dora." in form
    assert "You cannot choose among them" in form
    assert ANSWER in mailbox
    assert "Boris" in mailbox


def open_and_answer(desk: Desk, envelope: Path, sheets: list[Path]) -> None:
    for two in itertools.combinations(sheets, 2):
        assert MARKER in desk.command("open", envelope, *given(two))
    for sheet in sheets:
        alone = run("open", envelope, "--share", sheet)
        assert alone.exit_code == 1
        assert alone.stderr == "candor: 2 shares are needed: 1 is missing\n"
    for name in READERS:
        own = run("open", envelope, *desk.own(name))
        assert (own.exit_code, MARKER in own.output) == (3, False)
    text, bundle = desk.place / "answer.txt", desk.place / "reply.zip"
    text.write_text(ANSWER)
    reply = ("reply", envelope, *desk.own("boris"), "--text", text, "--out", bundle)
    desk.command(*reply, *given(sheets[:2]))
    desk.command("deliver", bundle, "--config", desk.server / "candor.toml")


def test_nothing_of_a_joined_key_is_written(desk: Desk) -> None:
    with desk.serve():
        desk.report(MARKER)
        (envelope,) = desk.export()
    sheets = desk.sheets(2)
    joined = join_shares([load_share(sheet) for sheet in sheets])
    before = contents(desk.place)
    desk.command("open", envelope, *given(sheets[1:]))
    desk.command("verify", envelope, *given(sheets[1:]))
    assert contents(desk.place) == before
    secrets = (joined, joined.hex().encode(), Identity(joined).serialize().encode())
    for data in before.values():
        assert not any(secret in data for secret in secrets)


def contents(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_set_opens_what_came_in_its_time_and_no_two_sets_mix(desk: Desk) -> None:
    with desk.serve():
        desk.report(MARKER)
        (before,) = desk.export()
    desk.share()
    desk.carry()
    with desk.serve():
        desk.report(MARKER)
        (after,) = [envelope for envelope in desk.export() if envelope != before]
    old, new = desk.sheets(2), desk.sheets(3)
    for envelope, sheets in ((before, old), (after, new)):
        assert MARKER in desk.command("open", envelope, *given(sheets[1:]))
    for envelope, sheets in ((after, old), (before, new)):
        found = run("open", envelope, *given(sheets[:2]))
        assert (found.exit_code, MARKER in found.output) == (3, False)
        assert "another channel's or one of another time, and it opens nothing" in found.stderr
    mixed = run("open", after, *given([old[0], new[1]]))
    assert mixed.exit_code == 1
    assert "share 2 of those given is of another set than the first" in mixed.stderr
