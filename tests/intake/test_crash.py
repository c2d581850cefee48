"""Killed at the n-th call that changes the disk, for many n: strace aims the shot."""

import random
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from intake.service import Intake
from tests.intake import life
from tests.intake.logs import require_consistent
from tests.intake.support import ADDRESS, SIGNER, Calendar, blobs, raw_bytes, read_all

CHANGES = "fsync,fdatasync,rename,unlink,pwrite64,ftruncate,write"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Life:
    """How a life went: the calls that changed the disk, and what was promised."""

    calls: list[str]
    said: list[list[str]]
    killed: bool


def run(directory: Path, vault: Path, shot: tuple[str, int] | None = None) -> Life:
    """Live a life, killed as it begins its n-th call of this name."""
    vault.mkdir()
    aim = ["-e", f"inject={shot[0]}:signal=KILL:when={shot[1]}"] if shot else []
    trace = directory.parent / "trace"
    watch = ["strace", "-qq", "-o", str(trace), "-e", f"trace={CHANGES}"]
    program = [sys.executable, "-m", "tests.intake.life", str(directory), str(vault)]
    done = subprocess.run([*watch, *aim, *program], check=False, cwd=ROOT, capture_output=True)
    calls = re.findall(r"^(\w+)\(", trace.read_text(), re.MULTILINE)
    said = [line.split() for line in done.stdout.decode().splitlines()]
    return Life(calls, said, done.returncode == -9)


def aim_at(calls: list[str], place: int) -> tuple[str, int]:
    """Name a call of a whole life as strace counts: each name for itself."""
    return calls[place], calls[: place + 1].count(calls[place])


def examine(directory: Path, vault: Path, said: list[list[str]]) -> None:
    """Check that promises are kept, that nothing is half there, and that the night can go on."""
    if not (directory / "candor.sqlite3").exists():
        return
    calendar = Calendar(life.night())
    with Intake.create(directory, today=calendar) as intake:
        assert intake.sweep().missing == 0
        stored = {e.hash.hex() for e in intake.envelopes("main", open_day=True)}
        waiting = {reply.hash.hex() for reply in intake.waiting(ADDRESS)}
        promised = {kind: {of for what, of in said if what == kind} for kind in KINDS}
        for digest in stored:
            assert read_all(intake, bytes.fromhex(digest)) == (vault / digest).read_bytes()
        for digest in waiting:
            with intake.open_reply(ADDRESS, bytes.fromhex(digest)) as file:
                assert file.read() == (vault / digest).read_bytes()
        require_consistent(intake)
        if not promised["closed"]:
            assert stored >= promised["arrived"]
        assert waiting >= promised["delivered"] - promised["erasing"]
        assert not waiting & promised["erased"]
        intake.run_batch(SIGNER)
        intake.purge({"main": 30})
        require_consistent(intake)
        first, last = intake.log_days("main")
        assert last == life.night() - timedelta(days=1)
        assert first == life.LONG_AGO or not promised["arrived"]
        kept = {e.hash.hex() for e in intake.envelopes("main")}
        assert kept == {e.hash.hex() for e in intake.envelopes("main", open_day=True)}
        assert len(kept) <= 3
        assert intake.sweep().removed == 0
        segments = sum(-(-(vault / digest).stat().st_size // (8 << 20)) for digest in kept)
        assert len(blobs(directory)) == segments + len(waiting)
    raw = raw_bytes(directory)
    for digest in promised["arrived"] - kept | promised["erased"]:
        header = (vault / digest).read_bytes()[:3000]
        assert not [at for at in range(40, 3000, 480) if header[at : at + 24] in raw]


KINDS = ("arrived", "delivered", "erasing", "erased", "closed", "purged")


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    place = tmp_path_factory.mktemp("life")
    return run(place / "data", place / "vault").calls


def test_a_whole_life_keeps_its_promises(tmp_path):
    whole = run(tmp_path / "data", tmp_path / "vault")
    assert [what for what, _ in whole.said] == [
        *["arrived"] * 5,
        *["delivered"] * 2,
        *["erasing", "erased", "closed", "purged", "erasing", "erased"],
    ]
    assert not whole.killed
    examine(tmp_path / "data", tmp_path / "vault", whole.said)


@pytest.mark.parametrize("part", range(5))
def test_killed_at_some_change_of_the_disk_it_keeps_its_promises(tmp_path, calls, part):
    place = random.randrange(len(calls) * part // 5, len(calls) * (part + 1) // 5)
    killed = run(tmp_path / "data", tmp_path / "vault", aim_at(calls, place))
    assert killed.killed or part == 4  # the last few calls differ from life to life
    examine(tmp_path / "data", tmp_path / "vault", killed.said)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_killed_at_every_fourth_change_of_the_disk_it_keeps_its_promises(tmp_path, calls, part):
    for place in range(4 * part, len(calls), 80):
        here = tmp_path / str(place)
        here.mkdir()
        examine(
            here / "data",
            here / "vault",
            run(here / "data", here / "vault", aim_at(calls, place)).said,
        )
