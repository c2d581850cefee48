"""A real temporary service: its roster and keys, its directory, its process.

No mocks: the roster is signed, the store is on a disk, the server is a process of its own.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.opening import StartError, open_service
from app.settings import Settings, document_settings, load_settings
from app.state import Service
from crypto.bag_reader import BagReader
from crypto.envelope import open_seekable
from crypto.keys import Identity
from crypto.log_key_file import serialize_log_key
from crypto.minisign import SigningKey
from crypto.roster import Channel, FormReference, Reviewer, Roster
from crypto.signed_roster import sign_roster
from crypto.source_keys import reviewer_signing_key
from forms.loader import default_form
from intake.service import Intake

CHANNEL = "general"
# this repository's root, for a server's process
ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 60.0


@dataclass(frozen=True)
class House:
    """A service directory, and every key that opens what arrives in it."""

    directory: Path
    settings: Settings
    root: SigningKey
    log_key: SigningKey
    roster: Roster
    readers: dict[str, Identity]
    custodian: Identity

    @property
    def config(self) -> Path:
        return self.directory / "candor.toml"

    @contextlib.contextmanager
    def open(self, **settings: Any) -> Iterator[Service]:
        """Open the service in this process, with some settings changed."""
        changed = Settings(**(self.settings.model_dump() | settings))
        with open_service(changed) as service:
            yield service

    def bags(self, reader: str = "press") -> list[BagReader]:
        """Open every stored envelope as one reviewer, fully verified."""
        bags = []
        with Intake(self.settings.data) as intake:
            for channel in self.roster.channels:
                for envelope in intake.envelopes(channel.id, open_day=True):
                    file = open_seekable(
                        intake.open_envelope(envelope.hash), [self.readers[reader]]
                    )
                    bag = BagReader(file)
                    bag.verify()
                    bags.append(bag)
        return bags

    def stored(self) -> list[Path]:
        """List what there is of payloads, finished or not."""
        return sorted(path for path in (self.settings.data / "blobs").rglob("*") if path.is_file())


def make_house(directory: Path, *, origin: str, **settings: str | int) -> House:
    """Make a service of one channel with two reviewers and a custodian."""
    directory.mkdir(parents=True, exist_ok=True)
    identities = {name: Identity.generate() for name in ("press", "lawyers", "custodian")}
    people = {name: _reviewer(name, identity) for name, identity in identities.items()}
    root, log_key = SigningKey.generate(), SigningKey.generate()
    today = datetime.now(UTC).date()
    roster = Roster(
        service_id=os.urandom(16),
        serial=1,
        issued=today,
        expires=today + timedelta(days=183),
        origins=(origin,),
        channels=(_channel(),),
        reviewers=(people["press"], people["lawyers"]),
        custodian=people["custodian"],
        root=root.verify_key,
        log_keys=(log_key.verify_key,),
    )
    values: dict[str, str | int] = {
        "root_key": root.verify_key.serialize(),
        "roster": "roster.json",
        "data": "data",
        **settings,
    }
    config = directory / "candor.toml"
    config.write_text(document_settings(values))
    (directory / "log.key").write_text(serialize_log_key(log_key))
    Intake.create(directory / "data").close()
    house = House(
        directory,
        load_settings(config),
        root,
        log_key,
        roster,
        {name: identities[name] for name in ("press", "lawyers")},
        identities["custodian"],
    )
    write_roster(house, roster)
    return house


def write_roster(house: House, roster: Roster, **changes: Any) -> None:
    """Sign a roster, perhaps changed, as the next one, and put it in its place."""
    place = house.settings.roster
    serial = json.loads(place.read_bytes())["serial"] + 1 if place.exists() else 1
    document, signature = sign_roster(replace(roster, **{"serial": serial} | changes), house.root)
    house.settings.roster.write_bytes(document)
    house.settings.roster.with_name("roster.json.minisig").write_bytes(signature)


def _reviewer(name: str, identity: Identity) -> Reviewer:
    return Reviewer(
        id=name,
        name=name.title(),
        role="reads reports",
        organisation="An organisation",
        independence="Depends on nobody here.",
        recipient=identity.recipient,
        key=reviewer_signing_key(identity).verify_key,
    )


def _channel() -> Channel:
    form = default_form()
    return Channel(
        id=CHANNEL,
        names={"en": "General", "ru": "Общий"},
        form=FormReference(form.id, form.version, form.sha256),
        reviewers=("press", "lawyers"),
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Running:
    """A server process on a loopback port."""

    house: House
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def connect(self, seconds: float = 30.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End this process, by its own id, and wait for it."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@contextlib.contextmanager
def running_service(directory: Path, **settings: str | int) -> Iterator[Running]:
    """Make a service and serve it in a process of its own, until the block ends."""
    port = free_port()
    house = make_house(directory, origin=f"http://127.0.0.1:{port}", port=port, **settings)
    with serving(house) as running:
        yield running


@contextlib.contextmanager
def serving(house: House, *, under: Sequence[str] = ()) -> Iterator[Running]:
    """Serve a directory in a process of its own, perhaps under another program."""
    log = house.directory / "log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [*under, *serve_command(house)],
            cwd=ROOT,
            stdout=errors,
            stderr=errors,
        )
    running = Running(house, house.settings.port, process, log)
    try:
        _wait_until_it_answers(running)
        yield running
    finally:
        running.stop()


def serve_command(house: House) -> list[str]:
    return [sys.executable, "-m", "tests.support.service", str(house.config)]


def _wait_until_it_answers(running: Running) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            running.connect(1.0).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start: {running.log.read_text()}")


def main() -> None:
    """Serve the configuration given, as `candor serve` does."""
    from app.serve import serve

    try:
        serve(load_settings(Path(sys.argv[1])))
    except StartError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
