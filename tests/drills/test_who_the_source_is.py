"""The drill: a source says who they are, a reviewer asks, the custodian tells, nobody else knows.

From the web form to the reviewer's terminal and back, by the commands that docs/reviewing.md names.
"""

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.factory import create_app
from cli.main import app
from crypto.keys import Identity
from tests.app.forms import report
from tests.cli.support import MARKER, run
from tests.console.support import write_identity, write_passphrase
from tests.support.service import House, make_house

ORIGIN = "http://candor.test"
IDENTITY = "identity_name"


@dataclass(frozen=True)
class Desk:
    """The server, and everybody's offline machine."""

    house: House
    place: Path

    def command(self, *arguments: object, typed: str = "") -> str:
        found = CliRunner().invoke(app, [str(one) for one in arguments], input=typed)
        assert found.exit_code == 0, found.stderr
        return found.output

    def who(self, name: str) -> tuple[object, ...]:
        return (
            "--identity", self.place / f"{name}.age",
            "--passphrase-file", self.place / "passphrase",
        )  # fmt: skip

    def roster(self) -> tuple[object, ...]:
        return "--roster", self.house.settings.roster, "--root", self.house.settings.root_key

    def carried(self) -> dict[str, Path]:
        """Bring everything that the service holds to the offline machine, by name."""
        out = self.place / "out"
        shutil.rmtree(out, ignore_errors=True)
        self.command("export", out, "--open-day", "--config", self.house.config)
        return {path.name: path for path in out.iterdir()}

    def arrived_with(self, bundle: Path) -> Path:
        """Deliver a bundle, and find the one envelope that is new in the channel."""
        before = set(self.carried())
        said = self.command("deliver", bundle, "--config", self.house.config)
        assert "8 delivered, dummies among them" in said
        ((_, path),) = [one for one in self.carried().items() if one[0] not in before]
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    house = make_house(tmp_path / "house", origin=ORIGIN)
    write_passphrase(tmp_path / "passphrase")
    people: dict[str, Identity] = {**house.readers, "custodian": house.custodian}
    for name, identity in people.items():
        write_identity(tmp_path / f"{name}.age", identity)
    with house.open() as service:
        client = TestClient(create_app(service), ORIGIN)
        body = report(
            fields=[
                ("reader", "press"),
                ("reader", "lawyers"),
                ("report", "what I saw"),
                (IDENTITY, MARKER),
            ]
        )
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        path = "/en/report/general"
        sent = client.post(path, content=body, headers=headers, follow_redirects=False)
        assert sent.status_code == 303
    return Desk(house, tmp_path)


def test_a_name_goes_from_the_form_to_the_one_reviewer_who_asked_and_is_nowhere_else(
    desk: Desk,
) -> None:
    (envelope,) = desk.carried().values()
    seen = desk.command("open", envelope, *desk.who("press"))
    assert "what I saw" in seen
    assert MARKER not in seen

    (desk.place / "why.txt").write_text("The trial is on Monday.")
    ask, tell = desk.place / "ask.zip", desk.place / "tell.zip"
    why = ("--text", desk.place / "why.txt")
    desk.command("request", envelope, *desk.who("press"), *desk.roster(), *why, "--out", ask)
    request = desk.arrived_with(ask)

    decided = ("disclose", request, *desk.who("custodian"), *desk.roster(), "--out", tell)
    shown = desk.command(*decided, typed="y\ny\n")
    assert "Asked by      Press, reads reports, An organisation" in shown
    assert "The trial is on Monday." in shown
    assert MARKER in shown
    disclosure = desk.arrived_with(tell)

    told = desk.command("open", disclosure, *desk.who("press"), *desk.roster())
    assert "Told by       Custodian, reads reports, An organisation" in told
    assert f"  │ Name: {MARKER}" in told
    assert source_key(told) == source_key(seen)
    for other, sealed in (("lawyers", disclosure), ("custodian", disclosure), ("lawyers", request)):
        assert run("open", sealed, *desk.who(other), *desk.roster()).exit_code == 3

    assert len({path.stat().st_size for path in desk.carried().values()}) == 1
    assert kept(desk) == (3, 1)


def source_key(page: str) -> str:
    (line,) = [line for line in page.splitlines() if "Source's key" in line]
    return line.split()[-1]


def kept(desk: Desk) -> tuple[int, int]:
    """Count what a seized disk shows: envelopes, and in how many sorts they could be told apart."""
    database = sqlite3.connect(desk.house.settings.data / "candor.sqlite3")
    try:
        rows = database.execute(
            "SELECT channel, day, length, segments, length(header) FROM envelope"
        )
        found = rows.fetchall()
        marks = database.execute(
            "SELECT count(*) FROM envelope JOIN delivered ON envelope.hash = delivered.hash"
        ).fetchone()
    finally:
        database.close()
    assert marks == (0,)
    return len(found), len(set(found))
