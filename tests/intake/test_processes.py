"""A service of two worker processes, and an operator beside it who keeps house."""

import hashlib
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from intake.errors import DirectoryInUseError
from intake.service import Intake
from intake.values import Swept
from tests.intake.support import FIRST_DAY, SIGNER, blobs

ROOT = Path(__file__).parents[2]


class Day:
    """A day that several processes see turn: it is written in a file, replaced at once."""

    def __init__(self, place: Path) -> None:
        self._file = place / "day"
        self.set(FIRST_DAY)

    def __call__(self) -> date:
        return date.fromisoformat(self._file.read_text())

    def set(self, day: date) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(day.isoformat())
        new.rename(self._file)

    def turn(self) -> None:
        self.set(self() + timedelta(days=1))


def start_worker(directory: Path, told: Path) -> subprocess.Popen[bytes]:
    """Begin traffic; what the sources were told goes to a file."""
    program = [sys.executable, "-m", "tests.intake.traffic", str(directory)]
    with told.open("wb") as out:
        return subprocess.Popen(
            program, cwd=ROOT, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE
        )


def wait_until_busy(told: list[Path]) -> None:
    """Wait until each worker has told a source that something arrived, and is at the next."""
    end = time.monotonic() + 60
    while not all(file.stat().st_size for file in told):
        assert time.monotonic() < end
        time.sleep(0.05)


def stop_worker(worker: subprocess.Popen[bytes]) -> None:
    _, errors = worker.communicate(timeout=60)
    assert (worker.returncode, errors.decode()) == (0, "")


@pytest.mark.parametrize(
    "seconds", [6, pytest.param(60, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_batches_and_purges_beside_a_busy_service_lose_and_break_nothing(tmp_path, seconds):
    directory = tmp_path / "data"
    told = [tmp_path / f"told{number}" for number in range(2)]
    day = Day(tmp_path)
    with Intake.create(directory, today=day) as operator:
        workers = [start_worker(directory, file) for file in told]
        wait_until_busy(told)  # on a machine at work they take longer to begin than the rest takes
        end = time.monotonic() + seconds
        closed = 0
        while time.monotonic() < end:
            assert all(worker.poll() is None for worker in workers)
            day.turn()
            closed += operator.run_batch(SIGNER).envelopes
            for envelope in list(operator.envelopes("main"))[-20:]:
                assert envelope.day < day()
                with operator.open_envelope(envelope.hash) as file:
                    assert hashlib.file_digest(file, "sha256").digest() == envelope.hash
            operator.purge({"main": 10_000})
        for worker in workers:
            stop_worker(worker)
        stored = {envelope.hash.hex() for envelope in operator.envelopes("main", open_day=True)}
        assert stored == {line for file in told for line in file.read_text().split()}
        status = operator.status()
        assert status.delivered == 2 * status.replies.envelopes > 0
        assert len(blobs(directory)) >= len(stored) + status.replies.envelopes
        assert operator.sweep() == Swept(removed=0, missing=0)
    assert closed > 0


def test_a_worker_killed_beside_another_leaves_only_what_a_sweep_removes(tmp_path):
    directory = tmp_path / "data"
    told = [tmp_path / f"told{number}" for number in range(2)]
    day = Day(tmp_path)
    with Intake.create(directory, today=day) as parent:
        workers = [start_worker(directory, file) for file in told]
        wait_until_busy(told)
        workers[0].kill()
        workers[0].communicate()
        time.sleep(0.2)
        with pytest.raises(DirectoryInUseError):
            parent.sweep()
        stop_worker(workers[1])
        assert parent.sweep().missing == 0
        stored = {envelope.hash.hex() for envelope in parent.envelopes("main", open_day=True)}
        lines = {line for file in told for line in file.read_text().split()}
        assert lines <= stored
        assert len(stored - lines) <= 1  # stored, and killed before it was told
