"""What passes through the service's memory stays there: no dump, no look from outside."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.service import ROOT, Running, running_service

PR_GET_DUMPABLE = 3


@pytest.fixture
def running(tmp_path: Path):
    with running_service(tmp_path / "house") as service:
        yield service


def test_a_service_that_crashes_leaves_no_core(running: Running) -> None:
    """Not even where an administrator raises the limit meanwhile, or pipes dumps to a program."""
    assert resource.prlimit(running.pid, resource.RLIMIT_CORE) == (0, 0)
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with contextlib.suppress(PermissionError):
        resource.prlimit(running.pid, resource.RLIMIT_CORE, unlimited)
    running.process.send_signal(signal.SIGABRT)
    _, status = os.waitpid(running.pid, 0)
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)


def test_a_process_of_the_same_user_may_not_look_into_it() -> None:
    code = (
        "import ctypes, app.serve; app.serve.keep_memory_private();"
        f" print(ctypes.CDLL(None).prctl({PR_GET_DUMPABLE}))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert said.stdout == b"0\n"
