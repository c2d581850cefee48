"""A full disk: refused with a plain page, what came before stays, what comes later is taken."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.namespaces import in_own
from tests.support.service import ROOT

CASES = Path(__file__).with_name("on_small_disk.py")
MOUNT = """
mkdir "$0"/disk "$0"/rows &&
mount -t tmpfs -o size=40m none "$0"/disk && mount -t tmpfs -o size=2m none "$0"/rows && exec "$@"
"""


@pytest.mark.parametrize("case", ["without_any_room", "in_the_middle", "for_a_row", "many_at_once"])
def test_a_full_disk_takes_nothing_and_loses_nothing(tmp_path: Path, case: str) -> None:
    """On real file systems, mounted where only this process sees them."""
    namespace = in_own("mount")
    mounted = ["sh", "-c", MOUNT, str(tmp_path)]
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CASES)]
    given = ["-k", case, "--basetemp", str(tmp_path / "inside")]
    done = subprocess.run(
        [*namespace, *mounted, *program, *given],
        cwd=ROOT,
        env={**os.environ, "CANDOR_SMALL_DISK": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    said = done.stdout.decode()
    assert done.returncode == 0, said
    assert "1 passed" in said
