"""The operator's commands: from an empty directory to a reply in a mailbox."""

import fcntl
import http.client
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

from crypto.minisign import VerifyKey
from crypto.source_keys import reviewer_signing_key
from intake.service import Intake
from intake.values import Door
from tests.cli.support import PROGRAM, candor, clean_environment, is_one_line, run
from tests.console.support import (
    ANNA,
    new_source,
    seal_report,
    write_identity,
    write_passphrase,
)

SLOTS = 4


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `init` made once of a plan and a passphrase: stretching that takes its time."""
    tmp_path = tmp_path_factory.mktemp("made")
    plan = tmp_path / "plan.toml"
    plan.write_text(
        f"""
        origins = ["http://{"a" * 56}.onion"]
        [[reviewer]]
        id = "anna"
        name = "Anna"
        role = "Lawyer"
        recipient = "{ANNA.recipient.serialize()}"
        key = "{reviewer_signing_key(ANNA).verify_key.serialize()}"
        [[channel]]
        id = "reports"
        names = {{ en = "Reports" }}
        slots = {SLOTS}
        """
    )
    passphrase = write_passphrase(tmp_path / "passphrase")
    found = run("init", tmp_path / "service", "--plan", plan, "--passphrase-file", passphrase)
    assert found.exit_code == 0, found.stderr
    return tmp_path


@pytest.fixture
def service(tmp_path: Path, made: Path) -> Path:
    """A service that Anna reads, one for each test."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "service"


def receive(service: Path, envelope: Path) -> str:
    with Intake(service / "data") as intake:
        door = Door("reports", frozenset({SLOTS}))
        return intake.receive(door, [envelope.read_bytes()]).hex()


def config(service: Path) -> tuple[str, str]:
    return ("--config", str(service / "candor.toml"))


def test_init_makes_a_private_service(made: Path) -> None:
    service = made / "service"
    assert stat.S_IMODE(service.stat().st_mode) == 0o700
    names = {path.name for path in service.iterdir()}
    files = {"root.age", "root.pub", "log.key", "roster.json", "roster.json.minisig", "candor.toml"}
    assert names == files | {"data"}
    for path in service.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_init_prints_the_fingerprint_that_the_settings_pin(tmp_path: Path, service: Path) -> None:
    text = (service / "candor.toml").read_text()
    pinned = [line for line in text.splitlines() if line.startswith("root_key")]
    VerifyKey.parse(pinned[0].split('"')[1])


def test_init_overwrites_nothing(tmp_path: Path, service: Path) -> None:
    before = (service / "roster.json").read_bytes()
    passphrase = ("--passphrase-file", tmp_path / "passphrase")
    found = run("init", service, "--plan", tmp_path / "plan.toml", *passphrase)
    assert found.exit_code == 1
    assert (service / "roster.json").read_bytes() == before


@pytest.mark.parametrize("plan", ["", "origins = 3", "\xff", "[[reviewer]]\nid = 'x'"])
def test_init_says_what_is_wrong_with_a_plan(tmp_path: Path, plan: str) -> None:
    (tmp_path / "plan.toml").write_text(plan, "latin-1")
    done = candor("init", tmp_path / "service", "--plan", tmp_path / "plan.toml")
    assert done.status == 1
    assert is_one_line(done.complaints)
    assert not (tmp_path / "service").exists()


def test_export_writes_sealed_envelopes_once(tmp_path: Path, service: Path) -> None:
    envelope = seal_report(tmp_path / "a.age")
    name = receive(service, envelope)
    out = tmp_path / "out"
    assert "0 envelopes" in run("export", out, *config(service)).output
    found = run("export", out, "--open-day", *config(service))
    assert "1 envelope written" in found.output
    written = out / f"{name}.age"
    assert written.read_bytes() == envelope.read_bytes()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    again = run("export", out, "--open-day", *config(service))
    assert "0 envelopes written" in again.output
    assert "1 there already" in again.output


def test_a_reply_comes_to_the_mailbox_once(tmp_path: Path, service: Path) -> None:
    keys = new_source()
    envelope = seal_report(tmp_path / "a.age", keys=keys)
    anna = ("--identity", write_identity(tmp_path / "anna.age"))
    passphrase = ("--passphrase-file", tmp_path / "passphrase")
    bundle = tmp_path / "reply.zip"
    made = run("reply", envelope, *anna, *passphrase, "--status", "opened", "--out", bundle)
    assert made.exit_code == 0, made.stderr
    found = run("deliver", bundle, *config(service))
    assert found.exit_code == 0, found.stderr
    assert "signed by Anna" in found.output
    assert "8 delivered" in found.output
    again = run("deliver", bundle, *config(service))
    assert "0 delivered, 8 delivered before" in again.output
    with Intake(service / "data") as intake:
        assert len(intake.waiting(keys.address)) == 1


def test_a_strangers_bundle_is_refused(tmp_path: Path, service: Path) -> None:
    from crypto.bundle import write_bundle
    from crypto.minisign import SigningKey

    bundle = tmp_path / "bundle.zip"
    with bundle.open("wb") as file:
        write_bundle(file, [], SigningKey.generate())
    done = candor("deliver", bundle, *config(service))
    assert done.status == 1
    assert is_one_line(done.complaints)


@pytest.mark.parametrize("command", ["batch", "purge"])
def test_housekeeping_says_what_it_did(service: Path, command: str) -> None:
    found = run(command, *config(service))
    assert found.exit_code == 0
    assert "0 envelopes" in found.output


@pytest.mark.parametrize("command", ["batch", "purge", "serve", "export x", "deliver x"])
def test_a_missing_settings_file_is_one_line_that_helps(tmp_path: Path, command: str) -> None:
    done = candor(*command.split(), "--config", tmp_path / "candor.toml")
    assert done.status == 1
    assert is_one_line(done.complaints)
    assert "--config" in done.complaints


def test_a_forged_roster_is_refused(service: Path) -> None:
    roster = service / "roster.json"
    roster.write_bytes(roster.read_bytes().replace(b'"Anna"', b'"Emma"'))
    done = candor("purge", *config(service))
    assert done.status == 1
    assert "signature" in done.complaints


@pytest.fixture
def port_8080() -> Iterator[None]:
    """Have the demonstration's one port to ourselves, among test processes."""
    lock = Path(tempfile.gettempdir()) / "candor-tests-port-8080.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if port_is_taken():
            pytest.fail("stop what listens on port 8080: the demonstration is tested there")
        yield


@pytest.mark.usefixtures("port_8080")
def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 8080))
        taken.listen()
        done = candor("demo", tmp_path / "var")
    assert done.status == 1
    assert is_one_line(done.complaints)
    assert "port 8080" in done.complaints
    assert not (tmp_path / "var").exists()


@pytest.mark.usefixtures("port_8080")
def test_a_demonstration_is_not_made_among_other_things(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = candor("demo", tmp_path)
    assert done.status == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def port_is_taken() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8080))
        except OSError:
            return True
    return False


@contextmanager
def demonstration(directory: Path) -> Iterator[list[str]]:
    """Serve a demonstration, and hand out what it printed."""
    log = directory.parent / "demo.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*PROGRAM, "demo", str(directory)], stdout=out, stderr=out, env=clean_environment()
        )
    try:
        wait_for_page(process, log)
        yield log.read_text().splitlines()
    finally:
        process.terminate()
        process.wait(30)


def wait_for_page(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen("http://127.0.0.1:8080/en/", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the demonstration does not serve:\n{log.read_text()}")


def commands_in(lines: list[str]) -> list[str]:
    """Take the printed commands as somebody would who copies them."""
    text = "\n".join(lines).replace("\\\n", " ").replace("&&\n", "&& ")
    return [line.strip() for line in text.splitlines() if "candor " in line and "HASH" not in line]


@pytest.mark.usefixtures("port_8080")
def test_the_printed_commands_of_a_demonstration_work_as_they_are(tmp_path: Path) -> None:
    directory = tmp_path / "var"
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "candor").write_text(f"#!/bin/sh\nexec {PROGRAM[0]} -c '{PROGRAM[2]}' \"$@\"\n")
    (programs / "candor").chmod(0o700)
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    with demonstration(directory) as first:
        reading = next(line for line in commands_in(first) if "export" in line)
        assert send_report(b"Printed commands work") == HTTPStatus.SEE_OTHER
        done = subprocess.run(
            ["sh", "-c", reading],
            capture_output=True,
            check=False,
            env=clean_environment() | path,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        assert "│ Printed commands work" in done.stdout.decode()
    with demonstration(directory) as second:
        assert any("goes on" in line for line in second)
        assert reading in commands_in(second)


def send_report(text: bytes) -> int:
    """Send a report as a browser without scripts does."""
    parts = ((b"reader", b"reviewer-a"), (b"report", text))
    head = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = b"".join(head % part for part in parts) + b"--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Origin": "http://127.0.0.1:8080"}
    connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=30)
    connection.request("POST", "/en/report/general", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status
