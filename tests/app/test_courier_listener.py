"""The couriers' listener beside the sources': apart, bounded, silent, and stopped in order."""

import contextlib
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.courier_app import COURIER_HEADERS, create_courier_app
from app.courier_refusals import CourierReason
from app.factory import create_app
from crypto.http_signature import serialize_digest
from tests.support import service
from tests.support.couriers import (
    VAN,
    Asker,
    asker,
    make_courier_house,
    refused,
    serving_couriers,
    yesterday,
)
from tests.support.service import (
    CHANNEL,
    House,
    Running,
    running_service,
    serve_command,
    serving,
)

ROSTER = "/courier/roster.json"
DIGEST = "00" * 32
PARAMETERS = {
    "channel": CHANNEL,
    "channel_id": CHANNEL,
    "day": f"{yesterday()}",
    "digest": DIGEST,
    "lang": "en",
    "name": "default-1.toml",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    house = make_courier_house(
        tmp_path_factory.mktemp("served") / "house",
        header_seconds=1,
        stall_seconds=1,
        stall_bytes=64,
    )
    with serving_couriers(house) as running:
        yield running


@pytest.fixture
def house(running: Running) -> House:
    return running.house


# two places


def every_route(app: Any) -> list[tuple[str, str]]:
    """List the method and an example path of each route of an application."""
    return [
        (method.upper(), re.sub(r"\{(\w+)\}", lambda match: PARAMETERS[match[1]], path))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]


def test_no_route_of_one_listener_is_one_of_the_other(house: House) -> None:
    with make_courier_house(house.directory / "another").open() as opened:
        for_sources = every_route(create_app(opened))
        for_couriers = every_route(create_courier_app(opened))
    assert len(for_sources) > 15
    assert len(for_couriers) == 7
    couriers, sources = asker(house), replace(asker(house), port=house.settings.port)
    for method, path in for_couriers:
        body = None if method == "GET" else b"x"
        answer = sources.ask(method, path, body)
        assert (answer.status, path) == (404, path)
        refused(couriers.send(method, path, {}, body), CourierReason.UNSIGNED)
    for method, path in for_sources:
        refused(couriers.ask(method, path), CourierReason.NOT_FOUND, 404)


def test_without_the_setting_nobody_answers_couriers(tmp_path: Path) -> None:
    with running_service(tmp_path / "house") as running:
        assert running.house.settings.courier_place is None
        answer = Asker(running.port).ask("GET", ROSTER)
        assert answer.status == 404


def test_a_unix_socket_serves_as_well(tmp_path: Path) -> None:
    house = make_courier_house(tmp_path / "house", courier_socket="couriers")
    place = house.directory / "couriers"
    headers = asker(house).signed("GET", ROSTER)
    with serving(house), socket.socket(socket.AF_UNIX) as wire:
        connect(wire, place)
        lines = ["GET /courier/roster.json HTTP/1.1", "host: x", "connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        assert wire.makefile("rb").read().startswith(b"HTTP/1.1 200 OK\r\n")


def connect(wire: socket.socket, place: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            return wire.connect(str(place))
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def test_an_answer_has_every_header_and_says_nothing_of_the_machine(house: House) -> None:
    for answer in (asker(house).get(ROSTER), asker(house).send("GET", "/nowhere", {})):
        for name, value in COURIER_HEADERS.items():
            assert answer.headers[name.lower()] == value
        assert not {"server", "date", "set-cookie", "location"} & answer.headers.keys()


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/courier", "/courier/"])
def test_there_is_nothing_else(house: House, path: str) -> None:
    refused(asker(house).get(path), CourierReason.NOT_FOUND, 404)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_refused(house: House, method: str) -> None:
    answer = asker(house).send(method, ROSTER, {})
    assert answer.status == 405
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


# bodies


def test_a_body_is_the_one_that_was_signed(house: House) -> None:
    one, path = asker(house), f"/courier/log/{CHANNEL}/{yesterday()}/cosignature"
    refused(
        one.send("PUT", path, one.signed("PUT", path, b"mine"), b"your"), CourierReason.OTHER_BODY
    )
    refused(one.send("PUT", path, one.signed("PUT", path), b"x"), CourierReason.UNSIGNED)
    changed = one.signed("PUT", path, b"mine") | {"content-digest": serialize_digest(bytes(32))}
    refused(one.send("PUT", path, changed, b"mine"), CourierReason.UNSIGNED)
    signed = one.signed("POST", "/courier/bundles", b"mine")
    refused(one.send("POST", "/courier/bundles", signed, b"your"), CourierReason.OTHER_BODY)


def test_what_is_fetched_has_no_body(house: House) -> None:
    one = asker(house)
    with_body = one.send("GET", ROSTER, one.signed("GET", ROSTER), b"x")
    refused(with_body, CourierReason.BAD_REQUEST, 400)
    covering = one.signed("GET", ROSTER, b"x")
    refused(one.send("GET", ROSTER, covering, b"x"), CourierReason.UNSIGNED)


def test_a_long_line_is_refused(house: House) -> None:
    path = f"/courier/log/{CHANNEL}/{yesterday()}/cosignature"
    answer = asker(house).ask("PUT", path, b"x" * 1025)
    refused(answer, CourierReason.TOO_LARGE, 413)


def test_an_announced_flood_is_refused_before_it_comes(running: Running) -> None:
    one = asker(running.house)
    headers = one.signed("POST", "/courier/bundles", b"")
    headers["content-length"] = f"{1 << 40}"
    answer = one.send("POST", "/courier/bundles", headers)
    refused(answer, CourierReason.TOO_LARGE, 413)
    assert answer.headers["connection"] == "close"


def test_a_body_that_stands_still_ends(running: Running) -> None:
    one = asker(running.house)
    headers = one.signed("POST", "/courier/bundles", b"x" * 1000)
    headers["content-length"] = "1000"
    answer = one.send("POST", "/courier/bundles", headers)
    assert answer.status == 408
    assert running.house.stored() == []


def test_a_header_that_drips_ends(running: Running) -> None:
    port = running.house.settings.courier_port
    assert port
    with socket.create_connection(("127.0.0.1", port), 15) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: ")
        with contextlib.suppress(OSError):
            assert wire.recv(1000).startswith(b"HTTP/1.1 408 ")


# what is said of it


def test_of_what_is_refused_only_the_number_is_written(tmp_path: Path) -> None:
    house = make_courier_house(tmp_path / "house")
    with serving_couriers(house) as running:
        one = asker(house)
        assert one.get(ROSTER).status == 200
        for path in ("/courier/marker", f"/courier/log/marker/{yesterday()}.json", ROSTER):
            one.send("GET", path, {"user-agent": "marker", "signature": "marker"})
        one.get("/courier/forms/marker")
        with socket.create_connection(("127.0.0.1", one.port), 15) as wire:
            wire.sendall(b"\x16\x03\x01 marker\r\n\r\n")
            wire.recv(1000)
        assert "refused" not in running.log.read_text()
        assert running.stop() == 0
        lines = [line.partition(" ")[2] for line in running.log.read_text().splitlines()]
    assert "warning requests of couriers refused count=5" in lines
    known = {"service started", "service stopped", "daily batch done", "half-made arrivals removed"}
    known |= {"requests of couriers refused"}
    for line in lines:
        assert any(event in line for event in known), line
        assert "marker" not in line
        assert VAN not in line


# the end


def test_a_port_that_is_taken_ends_both(tmp_path: Path) -> None:
    house = make_courier_house(tmp_path / "house")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", house.settings.courier_port or 0))
        taken.listen()
        with serving_or_not(house) as running:
            assert running.process.wait(60) != 0


@contextlib.contextmanager
def serving_or_not(house: House) -> Iterator[Running]:
    """Start a service that may end at once."""
    log = house.directory / "log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            serve_command(house), cwd=service.ROOT, stdout=errors, stderr=errors
        )
    running = Running(house, house.settings.port, process, log)
    try:
        yield running
    finally:
        running.stop()
