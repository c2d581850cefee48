"""The drill: the machine with the root key is gone, and its passphrase forgotten.

Three sheets lie with three people; the server has what it always had. Everything is done as
docs/operating.md says.
"""

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.opening import open_service
from app.roster_watch import RosterWatch
from app.settings import load_settings
from console.roster_book import open_book
from crypto.keys import Identity
from crypto.minisign import VerifyKey
from intake.days import utc_today
from tests.cli.support import run
from tests.console.ceremonies import ROOT_WORDS, begin, person
from tests.console.support import write_passphrase

NEW_DORA = Identity(bytes([77]) * 32)


@dataclass
class Drill:
    """Three people with a sheet each, and the server."""

    place: Path
    root: VerifyKey
    issued: date

    @property
    def offline(self) -> Path:
        return self.place / "new-machine"

    @property
    def server(self) -> Path:
        return self.place / "server"

    def command(self, *arguments: object) -> str:
        found = run(*arguments, "--passphrase-file", self.place / "passphrase")
        assert found.exit_code == 0, found.stderr
        return found.output

    def carry(self, source: Path, destination: Path) -> None:
        for name in ("roster.json", "roster.json.minisig"):
            shutil.copy(source / name, destination)

    def recover(self, *sheets: int) -> str:
        given = [part for n in sheets for part in ("--share", self.place / f"sheet-{n}.txt")]
        files = ("--roster", self.offline / "roster.json", "--out", self.offline / "root.age")
        return self.command("roster", "recover", *given, *files)


@pytest.fixture
def drill(tmp_path: Path) -> Drill:
    """A service, and what is left of its ceremony: sheets of paper."""
    ceremony, issued = tmp_path / "ceremony", utc_today() - timedelta(days=1)
    book = begin(ceremony, issued)
    drill = Drill(tmp_path, book.newest.root, issued)
    roster = ("--roster", ceremony / "roster.json", "--fingerprint", drill.root.serialize())
    assert run("init", drill.server, *roster).exit_code == 0
    (tmp_path / "root-words").write_text(ROOT_WORDS)
    split = ("roster", "split", ceremony / "root.age", "--out", tmp_path / "sheets")
    assert run(*split, "--passphrase-file", tmp_path / "root-words").exit_code == 0
    for number in (1, 2, 3):
        (tmp_path / "sheets" / f"root-share-{number}.txt").rename(tmp_path / f"sheet-{number}.txt")
    shutil.rmtree(ceremony)
    (tmp_path / "root-words").unlink()
    write_passphrase(tmp_path / "passphrase")
    drill.offline.mkdir(mode=0o700)
    drill.carry(drill.server, drill.offline)
    return drill


@pytest.mark.parametrize("sheets", [(1, 2), (3, 1), (2, 3), (1, 2, 3)])
def test_the_next_roster_is_signed_with_the_recovered_key_and_taken_by_the_service(
    drill: Drill, sheets: tuple[int, ...]
) -> None:
    assert drill.root.serialize() in drill.recover(*sheets)
    with open_service(load_settings(drill.server / "candor.toml")) as service:
        watch = RosterWatch(service, lambda _: None)
        lines = drill.place / "dora.pub"
        dora = person("dora", NEW_DORA)
        lines.write_text(f"{dora.key.serialize()}\n{dora.recipient.serialize()}\n")
        added = run(
            *("roster", "add", "reviewer", "dora", "--lines", lines, "--name", "Dora"),
            *("--role", "Lawyer", "--channel", "general", "--dir", drill.offline),
        )
        assert added.exit_code == 0, added.stderr
        drill.command("roster", "sign", "--dir", drill.offline)
        drill.carry(drill.offline, drill.server)
        watch.look()
        taken = watch.service.roster
    assert (taken.serial, taken.root) == (2, drill.root)
    assert taken.channel("general").reviewers == ("anna", "boris", "dora")


def test_what_is_recovered_is_a_ceremonys_directory_again(drill: Drill) -> None:
    drill.recover(1, 3)
    assert {path.name for path in drill.offline.iterdir()} == {
        *("root.age", "root.pub", "roster.json", "roster.json.minisig"),
    }
    assert open_book(drill.offline).newest.serial == 1
    again = drill.command("roster", "sign", "--dir", drill.offline)
    assert "Signed     roster 2" in again


def test_one_sheet_and_a_sheet_of_another_service_recover_nothing(drill: Drill) -> None:
    other = drill.place / "other"
    begin(other)
    (drill.place / "root-words").write_text(ROOT_WORDS)
    words = ("--passphrase-file", drill.place / "root-words")
    sheets = drill.place / "other-sheets"
    assert run("roster", "split", other / "root.age", "--out", sheets, *words).exit_code == 0
    files = ("--roster", drill.offline / "roster.json", "--out", drill.offline / "root.age")
    for shares, said in (
        ([drill.place / "sheet-1.txt"], "2 shares are needed: 1 is missing"),
        ([drill.place / "sheet-1.txt", sheets / "root-share-2.txt"], "of another set"),
        (list(sheets.iterdir()), "it is not the one that signed this"),
    ):
        given = [part for share in shares for part in ("--share", share)]
        found = run("roster", "recover", *given, *files, *words)
        assert (found.exit_code, said in found.stderr) == (1, True)
    assert not (drill.offline / "root.age").exists()
