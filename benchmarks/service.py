"""A service of its own for a measurement: made in a temporary directory, run by the project's own
`serve` in a process of its own.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.settings import document_settings
from benchmarks.client import FailedError, connected
from benchmarks.processes import Watched
from crypto.keys import Identity
from crypto.log_key_file import serialize_log_key
from crypto.minisign import SigningKey
from crypto.roster import DEFAULT_LIFETIME, Channel, FormReference, Reviewer, Roster
from crypto.signed_roster import sign_roster
from crypto.sodium import random_bytes
from crypto.source_keys import reviewer_signing_key
from forms.loader import default_form
from intake.days import utc_today
from intake.service import Intake

CHANNEL = "general"
READERS = ("anna", "boris")
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """A service that has been set up."""

    config: Path
    port: int

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    @property
    def form_path(self) -> str:
        return f"/en/report/{CHANNEL}"


def make_place(directory: Path, **settings: str | int) -> Place:
    """Set up a service with two reviewers and a custodian; no demonstration, so any port does."""
    directory.mkdir(parents=True)
    port = _free_port()
    root, log_key = SigningKey.generate(), SigningKey.generate()
    roster = _roster(root, log_key, f"http://127.0.0.1:{port}")
    document, signature = sign_roster(roster, root)
    (directory / "roster.json").write_bytes(document)
    (directory / "roster.json.minisig").write_bytes(signature)
    (directory / "log.key").write_text(serialize_log_key(log_key))
    Intake.create(directory / "data").close()
    key = root.verify_key.serialize()
    values: dict[str, str | int] = {"root_key": key, "port": port, **settings}
    config = directory / "candor.toml"
    config.write_text(document_settings(values))
    return Place(config, port)


@contextmanager
def running(place: Place, *, stretch: bool = True) -> Iterator[Watched]:
    """Run the service; without the key stretch only where a measurement is about all the rest."""
    command = ["benchmarks.serving", str(place.config), *([] if stretch else ["--without-stretch"])]
    with child_server(command, place.address) as watched:
        with connected(place.address) as connection:
            connection.get("/en/").require(200)
        yield watched


@contextmanager
def child_server(
    module: Sequence[str], address: tuple[str, int], **environment: str
) -> Iterator[Watched]:
    """Run a module of ours that serves, from the moment it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_listening(address, process)
        yield Watched(process.pid)
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=60)
        if process.returncode or " error " in errors:
            print(errors, file=sys.stderr)


def _wait_until_listening(address: tuple[str, int], process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise FailedError(f"{address} did not begin to listen")


def _roster(root: SigningKey, log_key: SigningKey, origin: str) -> Roster:
    form = default_form()
    today = utc_today()
    return Roster(
        service_id=bytes(random_bytes(16)),
        serial=1,
        issued=today - timedelta(days=2),
        expires=today + DEFAULT_LIFETIME - timedelta(days=2),
        origins=(origin,),
        channels=(
            Channel(
                CHANNEL,
                {"en": "General", "ru": "Общий"},
                FormReference(form.id, form.version, form.sha256),
                READERS,
            ),
        ),
        reviewers=tuple(map(_reviewer, READERS)),
        root=root.verify_key,
        log_keys=(log_key.verify_key,),
        custodian=_reviewer("custodian"),
    )


def _reviewer(name: str) -> Reviewer:
    identity = Identity.generate()
    return Reviewer(
        id=name,
        name=name.capitalize(),
        role="Lawyer",
        organisation="The office for reports",
        independence="Elected by the staff, and bound to secrecy.",
        recipient=identity.recipient,
        key=reviewer_signing_key(identity).verify_key,
    )


def free_address() -> tuple[str, int]:
    """Find a port that is free."""
    return "127.0.0.1", _free_port()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
