"""No courier's request is answered twice: by another process, after a restart, on another day."""

import hashlib
import subprocess
import sys
import threading

import pytest
from sqlmodel import select

from intake.errors import ReplayedRequestError
from intake.tables import NonceRow
from tests.intake.support import SIGNER, opened, raw_bytes
from tests.support.service import ROOT

NONCE = bytes(range(18))
OTHER_PROCESS = """
import sys
from pathlib import Path
from intake.errors import ReplayedRequestError
from intake.service import Intake

intake = Intake(Path(sys.argv[1]))
for line in sys.stdin:
    try:
        intake.remember_request("van", bytes.fromhex(line))
        print("new", flush=True)
    except ReplayedRequestError:
        print("replayed", flush=True)
intake.close()
"""


def test_a_request_is_answered_once(intake):
    intake.remember_request("van", NONCE)
    with pytest.raises(ReplayedRequestError):
        intake.remember_request("van", NONCE)
    intake.remember_request("van", bytes(18))


def test_two_couriers_may_draw_the_same_nonce(intake):
    intake.remember_request("van", NONCE)
    intake.remember_request("boat", NONCE)


def test_no_courier_can_use_up_the_nonce_of_another(intake):
    """What is hashed has one reading: an id has no line end."""
    intake.remember_request("van", b"\n" + NONCE)
    intake.remember_request("v", b"an\n\n" + NONCE)


def test_a_request_is_refused_after_a_restart(directory, calendar):
    with opened(directory, calendar) as intake:
        intake.remember_request("van", NONCE)
    with opened(directory, calendar) as intake, pytest.raises(ReplayedRequestError):
        intake.remember_request("van", NONCE)


def test_a_request_is_refused_by_another_process(intake, directory):
    program = [sys.executable, "-c", OTHER_PROCESS, str(directory)]
    with subprocess.Popen(
        program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin
        assert other.stdout
        intake.remember_request("van", NONCE)
        print(NONCE.hex(), file=other.stdin, flush=True)
        assert other.stdout.readline() == "replayed\n"
        print(bytes(16).hex(), file=other.stdin, flush=True)
        assert other.stdout.readline() == "new\n"
        with pytest.raises(ReplayedRequestError):
            intake.remember_request("van", bytes(16))
        other.stdin.close()
    assert other.returncode == 0


def test_of_many_copies_at_once_one_is_answered(intake):
    answers = []

    def ask() -> None:
        try:
            intake.remember_request("van", NONCE)
            answers.append("new")
        except ReplayedRequestError:
            answers.append("replayed")

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["new"] + ["replayed"] * 15


@pytest.mark.parametrize("keep_house", ["batch", "purge"])
def test_a_request_is_forgotten_after_two_days(intake, directory, calendar, keep_house):
    digest = hashlib.sha256(b"van\n" + NONCE).digest()
    run = {"batch": lambda: intake.run_batch(SIGNER), "purge": lambda: intake.purge({})}[keep_house]
    intake.remember_request("van", NONCE)
    for _ in range(2):
        calendar.turn()
        run()
        with pytest.raises(ReplayedRequestError):
            intake.remember_request("van", NONCE)
    assert digest in raw_bytes(directory)
    calendar.turn()
    run()
    assert digest not in raw_bytes(directory)
    intake.remember_request("van", NONCE)


def test_what_is_kept_names_no_courier_and_no_hour(intake, directory, calendar):
    intake.remember_request("van-of-the-north", NONCE)
    with intake._store.database.reading() as session:
        row = session.exec(select(NonceRow)).one()
    assert row.day == calendar()
    assert b"van-of-the-north" not in raw_bytes(directory)
    assert NONCE not in raw_bytes(directory)
