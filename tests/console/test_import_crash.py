"""Killed at any change of the disk, an import that is run again goes on to the same end."""

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crypto.inbound import InboundInfo
from tests.console.desk import log_of
from tests.support.carried import CHANNEL, VAN, Carrier, pack

CHANGES = "fsync,mkdirat,rename,unlink,write"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bundles; an envelope of the second did not come."""
    place = tmp_path_factory.mktemp("stick")
    log, van = log_of(2, 1, 2), Carrier()
    (place / "1.zip").write_bytes(van.pull(log, log.days[:2]))
    kept = log.days[2].leaves[0]
    second = InboundInfo(VAN, CHANNEL, 2, van.previous)
    bundle, _ = pack(second, {kept: log.envelopes[kept]}, log.days[2:])
    (place / "2.zip").write_bytes(bundle)
    return place


def run(into: Path, stick: Path, shot: tuple[str, int] | None = None) -> tuple[list[str], int]:
    """Import, killed as it begins its n-th call of this name; return the calls and the status."""
    trace = into.parent / "trace"
    aim = ["-e", f"inject={shot[0]}:signal=KILL:when={shot[1]}"] if shot else []
    done = subprocess.run(
        ["strace", "-qq", "-o", trace, "-e", f"trace={CHANGES}", *aim,
         sys.executable, "-m", "tests.console.importing_life", into, stick],
        check=False, cwd=ROOT, capture_output=True, timeout=120,
    )  # fmt: skip
    return re.findall(r"^(\w+)\(", trace.read_text(), re.MULTILINE), done.returncode


def contents(into: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(into)): path.read_bytes() for path in into.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, stick: Path) -> tuple[list[str], Path]:
    into = tmp_path_factory.mktemp("whole") / "imports"
    calls, status = run(into, stick)
    assert status == 0
    return calls, into


def examine(here: Path, stick: Path, whole: tuple[list[str], Path], place: int) -> None:
    calls, undisturbed = whole
    name = calls[place]
    _, status = run(here / "imports", stick, (name, calls[: place + 1].count(name)))
    assert status == -9
    for path in (here / "imports").glob("inbox/*/*.age"):
        assert path.read_bytes() == (undisturbed / path.relative_to(here / "imports")).read_bytes()
    _, status = run(here / "imports", stick)
    assert status == 0
    assert contents(here / "imports") == contents(undisturbed)


@pytest.mark.parametrize("part", range(4))
def test_killed_at_some_change_of_the_disk_it_comes_to_the_same_end(
    tmp_path: Path, stick: Path, whole: tuple[list[str], Path], part: int
) -> None:
    count = len(whole[0])
    place = random.randrange(count * part // 4, count * (part + 1) // 4)
    examine(tmp_path, stick, whole, place)


@pytest.mark.slow
def test_killed_at_every_change_of_the_disk_it_comes_to_the_same_end(
    tmp_path: Path, stick: Path, whole: tuple[list[str], Path]
) -> None:
    for place in range(len(whole[0])):
        here = tmp_path / str(place)
        here.mkdir()
        examine(here, stick, whole, place)
