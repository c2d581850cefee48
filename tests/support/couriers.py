"""A real service with two channels and two couriers, and somebody who asks as one of them."""

import contextlib
import hashlib
import http.client
import io
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.courier_refusals import CourierReason
from app.log_signing import log_signer
from crypto.envelope import EnvelopeWriter
from crypto.http_signature import Request, sign_request_with
from crypto.minisign import SigningKey
from crypto.padding import padded_bytes
from crypto.roster import Courier
from intake.service import Intake
from intake.values import Door
from tests.support.service import (
    CHANNEL,
    START_SECONDS,
    House,
    Running,
    free_port,
    make_house,
    serving,
    write_roster,
)

OTHER_CHANNEL = "other"
VAN, BOAT = "van", "boat"
KEYS = {VAN: SigningKey(bytes([3]) * 32), BOAT: SigningKey(bytes([4]) * 32)}
CHANNELS = {VAN: (CHANNEL, OTHER_CHANNEL), BOAT: (OTHER_CHANNEL,)}
COURIERS = tuple(Courier(name, CHANNELS[name], key.verify_key) for name, key in KEYS.items())


def make_courier_house(directory: Path, **settings: str | int) -> House:
    """Make a service of two channels: the van fetches both, the boat only the other one."""
    port, courier_port = free_port(), free_port()
    places: dict[str, str | int] = {"port": port, "courier_port": courier_port}
    house = make_house(directory, origin=f"http://127.0.0.1:{port}", **(places | settings))
    (channel,) = house.roster.channels
    roster = replace(
        house.roster,
        serial=2,
        channels=(channel, replace(channel, id=OTHER_CHANNEL)),
        couriers=COURIERS,
    )
    write_roster(house, roster)
    return replace(house, roster=roster)


def make_envelope(size: int = 1) -> bytes:
    """Seal to nobody: an envelope that holds so many bytes, and more to fill it up."""
    sealed = io.BytesIO()
    writer = EnvelopeWriter(sealed, [], slots=16)
    writer.write(os.urandom(padded_bytes(size)))
    writer.close()
    return sealed.getvalue()


def store(house: House, day: date, *envelopes: bytes, channel: str = CHANNEL) -> list[bytes]:
    """Let envelopes arrive on a day; return their hashes."""
    with Intake(house.settings.data, today=lambda: day) as intake:
        return [intake.receive(Door(channel, frozenset({16})), [one]) for one in envelopes]


def close_past_days(house: House) -> None:
    """Log and close every day before this one."""
    with Intake(house.settings.data) as intake:
        intake.run_batch(log_signer(house.roster, house.log_key))


def today() -> date:
    return datetime.now(UTC).date()


def yesterday() -> date:
    return today() - timedelta(days=1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def words(self) -> str:
        return self.body.decode()


def refused(answer: Answer, reason: CourierReason, status: int = 403) -> None:
    """Hold an answer to be this refusal, in its fixed words and nothing else."""
    assert (answer.status, answer.words) == (status, f"{reason}\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Asker:
    """Asks as a courier, each time over a connection of its own, or as what it says it is."""

    port: int
    courier: str = VAN
    key: SigningKey = field(default_factory=lambda: KEYS[VAN])

    def signed(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        query: str = "",
        off: float = 0,
        nonce: bytes | None = None,
    ) -> dict[str, str]:
        """Sign a request, perhaps at another time than now."""
        digest = None if body is None else hashlib.sha256(body).digest()
        request = Request(method, path, query, digest)
        now = int(time.time() + off)
        return sign_request_with(request, self.courier, self.key, now, nonce or os.urandom(18))

    def get(self, path: str, **options: Any) -> Answer:
        return self.ask("GET", path, **options)

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, wanted: str | None = None
    ) -> Answer:
        """Sign and send a request."""
        headers = self.signed(method, path, body)
        if wanted is not None:
            headers["range"] = wanted
        return self.send(method, path, headers, body)

    def send(
        self, method: str, target: str, headers: dict[str, str], body: bytes | None = None
    ) -> Answer:
        """Send a request as it is."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, 30)) as wire:
            wire.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers.items():
                wire.putheader(name, value)
            if body is not None:
                wire.putheader("content-length", f"{len(body)}")
            wire.endheaders(body)
            answer = wire.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, fields, answer.read())


@contextlib.contextmanager
def serving_couriers(house: House) -> Iterator[Running]:
    """Serve a directory, and return when couriers are answered, too."""
    with serving(house) as running:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and running.process.poll() is None:
            with contextlib.suppress(OSError):
                asker(house).send("GET", "/", {})
                yield running
                return
            time.sleep(0.05)
        raise RuntimeError(f"nobody answers couriers: {running.log.read_text()}")


def asker(house: House, courier: str = VAN, key: SigningKey | None = None) -> Asker:
    """Ask where a house answers couriers."""
    port = house.settings.courier_port
    assert port is not None
    return Asker(port, courier, key or KEYS[courier])
