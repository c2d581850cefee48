"""What couriers fetch: the roster, forms, days of the log, envelopes, whole or from a byte on."""

import hashlib
import http.client
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.courier_refusals import CourierReason
from crypto.header import header_bytes
from crypto.log_day import parse_day
from forms.loader import default_form
from intake.bounds import SEGMENT_BYTES
from intake.service import Intake
from tests.support.couriers import (
    BOAT,
    OTHER_CHANNEL,
    Asker,
    asker,
    close_past_days,
    make_courier_house,
    make_envelope,
    refused,
    serving_couriers,
    store,
    today,
    yesterday,
)
from tests.support.service import CHANNEL, Running

HEADER = header_bytes(16)


@dataclass(frozen=True)
class Fetched:
    """A service with three envelopes of yesterday and one of this day."""

    running: Running
    one: Asker
    small: bytes
    large: bytes
    other: bytes
    open: bytes


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetched]:
    house = make_courier_house(tmp_path_factory.mktemp("served") / "house")
    small, large, other, still_open = map(make_envelope, (1, SEGMENT_BYTES + 5, 1, 1))
    store(house, yesterday(), small, large)
    store(house, yesterday(), other, channel=OTHER_CHANNEL)
    close_past_days(house)
    store(house, today(), still_open)
    with serving_couriers(house) as running:
        yield Fetched(running, asker(house), small, large, other, still_open)


def path_of(envelope: bytes, channel: str = CHANNEL) -> str:
    return f"/courier/envelopes/{channel}/{hashlib.sha256(envelope).hexdigest()}"


def test_the_roster_and_its_form_are_those_that_were_signed(served: Fetched) -> None:
    place = served.running.house.settings.roster
    signature = place.with_name("roster.json.minisig")
    assert served.one.get("/courier/roster.json").body == place.read_bytes()
    assert served.one.get("/courier/roster.json.minisig").body == signature.read_bytes()
    form = default_form()
    document = served.one.get(f"/courier/forms/{form.id}-{form.version}.toml").body
    assert hashlib.sha256(document).digest() == form.sha256


@pytest.mark.parametrize("name", ["default-2.toml", "default-01.toml", "default.toml", "%2e%2e"])
def test_no_other_form_is_there(served: Fetched, name: str) -> None:
    refused(served.one.get(f"/courier/forms/{name}"), CourierReason.NOT_FOUND, 404)


def test_a_day_of_the_log_is_the_one_that_everybody_sees(served: Fetched) -> None:
    answer = served.one.get(f"/courier/log/{CHANNEL}/{yesterday()}.json")
    assert answer.status == 200
    assert answer.headers["content-length"] == f"{len(answer.body)}"
    sources = replace(served.one, port=served.running.port)
    assert answer.body == sources.send("GET", f"/log/{CHANNEL}/{yesterday()}.json", {}).body
    leaves = {hashlib.sha256(one).digest() for one in (served.small, served.large)}
    assert set(parse_day(answer.body).leaves) == leaves


@pytest.mark.parametrize(
    "day",
    [
        today(),
        yesterday() - timedelta(days=1),
        f"{yesterday():%Y%m%d}",
        f"{yesterday():%G-W%V-%u}",
        f"{yesterday()}x",
        "",
        "%2e%2e",
    ],
)
def test_no_other_day_is_there(served: Fetched, day: object) -> None:
    refused(served.one.get(f"/courier/log/{CHANNEL}/{day}.json"), CourierReason.NOT_FOUND, 404)


def test_an_envelope_comes_whole(served: Fetched) -> None:
    for envelope in (served.small, served.large):
        answer = served.one.get(path_of(envelope))
        assert answer.status == 200
        assert answer.headers["content-length"] == f"{len(envelope)}"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.body == envelope


@pytest.mark.parametrize(
    "first",
    [
        0,
        1,
        HEADER - 1,
        HEADER,
        HEADER + SEGMENT_BYTES - 1,
        HEADER + SEGMENT_BYTES,
        HEADER + SEGMENT_BYTES + 1,
        -1,
    ],
)
def test_the_rest_of_an_envelope_begins_at_the_very_byte(served: Fetched, first: int) -> None:
    size = len(served.large)
    first %= size
    answer = served.one.ask("GET", path_of(served.large), wanted=f"bytes={first}-")
    assert answer.status == 206
    assert answer.headers["content-range"] == f"bytes {first}-{size - 1}/{size}"
    assert answer.headers["content-length"] == f"{size - first}"
    assert answer.body == served.large[first:]


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes={size}-",
        "bytes=99999999999999-",
        "bytes=0-9",
        "bytes=-9",
        "bytes=0-,5-",
        "bytes=00-",
        "bytes=+1-",
        "bytes= 0-",
        "lines=0-",
        "0-",
        "marker",
    ],
)
def test_nothing_else_is_a_range(served: Fetched, wanted: str) -> None:
    size = len(served.small)
    answer = served.one.ask("GET", path_of(served.small), wanted=wanted.format(size=size))
    refused(answer, CourierReason.NOTHING_THERE, 416)
    assert answer.headers["content-range"] == f"bytes */{size}"


def test_an_envelope_of_this_day_is_not_handed_out(served: Fetched) -> None:
    refused(served.one.get(path_of(served.open)), CourierReason.NOT_FOUND, 404)


def test_an_envelope_is_of_its_channel(served: Fetched) -> None:
    refused(served.one.get(path_of(served.other)), CourierReason.NOT_FOUND, 404)
    refused(served.one.get(path_of(served.small, OTHER_CHANNEL)), CourierReason.NOT_FOUND, 404)
    boat = asker(served.running.house, BOAT)
    assert boat.get(path_of(served.other, OTHER_CHANNEL)).body == served.other
    refused(boat.get(path_of(served.small)), CourierReason.OTHER_CHANNEL)


@pytest.mark.parametrize("change", [str.upper, lambda digest: digest[:-2], lambda _: "%20" * 32])
def test_a_hash_is_written_in_one_way(served: Fetched, change) -> None:
    digest = hashlib.sha256(served.small).hexdigest()
    path = f"/courier/envelopes/{CHANNEL}/{change(digest)}"
    refused(served.one.get(path), CourierReason.NOT_FOUND, 404)


def test_who_hangs_up_leaves_no_line(served: Fetched) -> None:
    before = served.running.log.read_text()
    for _ in range(3):
        wire = begin(served.one, served.large)
        wire.recv(1000)
        wire.close()
    time.sleep(1)
    assert served.one.get(path_of(served.small)).status == 200
    assert served.running.log.read_text() == before


def begin(one: Asker, envelope: bytes) -> socket.socket:
    """Ask for an envelope, and take nothing yet of what comes."""
    path = path_of(envelope)
    lines = [f"GET {path} HTTP/1.1", "host: x"]
    lines += [f"{name}: {value}" for name, value in one.signed("GET", path).items()]
    wire = socket.create_connection(("127.0.0.1", one.port), 30)
    wire.sendall("\r\n".join([*lines, "", ""]).encode())
    return wire


def test_what_is_purged_while_it_is_fetched_breaks_off(tmp_path: Path) -> None:
    house = make_courier_house(tmp_path / "house")
    envelope = make_envelope(4 * SEGMENT_BYTES)
    store(house, yesterday(), envelope)
    close_past_days(house)
    with serving_couriers(house) as running:
        one = asker(house)
        with begin(one, envelope) as wire:
            answer = http.client.HTTPResponse(wire)
            answer.begin()
            taken = answer.read(1 << 20)
            with Intake(house.settings.data) as intake:
                assert intake.purge({CHANNEL: 0}).envelopes == 1
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                answer.read()
        assert envelope.startswith(taken)
        refused(one.get(path_of(envelope)), CourierReason.NOT_FOUND, 404)
        assert "Unknown" not in running.log.read_text()
