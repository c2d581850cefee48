"""A reviewer at work is not bothered by decoys: they see what was sent to them, and a number."""

import random
from pathlib import Path

import pytest

from tests.cli.support import run
from tests.console.support import write_identity, write_passphrase
from tests.kept_out.traffic import CHOSEN, KEPT_OUT, SMALL, decoy, on_day, report
from tests.support.service import make_house, write_roster


@pytest.mark.parametrize(("reader", "opened"), [(CHOSEN, 2), (KEPT_OUT, 0)])
def test_decoys_are_set_aside_and_counted(tmp_path: Path, reader: str, opened: int) -> None:
    house = make_house(tmp_path / "house", origin="http://candor.test")
    write_roster(house, house.roster, decoys=SMALL)
    with on_day(house, 0) as service:
        for send in random.sample([report, report, *[decoy] * 5], 7):
            send(service)
    inbox = tmp_path / "inbox"
    exported = run("export", inbox, "--open-day", "--config", house.config)
    assert exported.exit_code == 0
    assert "7 envelopes written" in exported.output
    identity = write_identity(tmp_path / "key.age", house.readers[reader])
    passphrase = write_passphrase(tmp_path / "passphrase")
    found = run("open", inbox, "--identity", identity, "--passphrase-file", passphrase)
    assert found.exit_code == 0
    assert found.stdout.count("Verified") == opened
    summary = found.stderr.splitlines()[-1]
    assert f"{7 - opened} sealed to others" in summary
    assert not any(path.stem in found.stderr for path in inbox.iterdir())
