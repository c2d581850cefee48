"""What couriers bring: reviewers' bundles, and their own signatures as witnesses."""

import contextlib
import hashlib
import io
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.courier_desk import BUNDLES_AT_ONCE
from app.courier_refusals import CourierReason
from crypto.bundle import write_bundle
from crypto.checkpoint import NoteSignature, end_of_day, witness_name
from crypto.envelope import EnvelopeWriter
from crypto.header import header_bytes
from crypto.log_day import LogDay, parse_day
from crypto.minisign import SigningKey
from crypto.payload import ciphertext_bytes
from crypto.reply import REPLY_SLOTS
from crypto.source_keys import reviewer_signing_key
from intake.service import Intake
from tests.app.forms import field, file, form
from tests.support.couriers import (
    BOAT,
    KEYS,
    VAN,
    Answer,
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
from tests.support.service import CHANNEL, House, Running

BUNDLES = "/courier/bundles"
ADDRESS = bytes(range(32))
LARGE_TEXT = 3 << 20


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    house = make_courier_house(tmp_path_factory.mktemp("served") / "house")
    store(house, yesterday(), make_envelope())
    close_past_days(house)
    with serving_couriers(house) as running:
        yield running


@pytest.fixture
def house(running: Running) -> House:
    return running.house


@pytest.fixture
def van(house: House) -> Asker:
    return asker(house)


def make_reply(plaintext_bytes: int = 65_536) -> bytes:
    """Make what a reply looks like from outside."""
    sink = io.BytesIO()
    EnvelopeWriter(sink, [], slots=REPLY_SLOTS).abandon()
    header = sink.getvalue()[: header_bytes(REPLY_SLOTS)]
    return header + os.urandom(ciphertext_bytes(plaintext_bytes))


def make_bundle(signing: SigningKey, *replies: bytes) -> bytes:
    sink = io.BytesIO()
    write_bundle(sink, [(ADDRESS, io.BytesIO(reply)) for reply in replies], signing)
    return sink.getvalue()


def press(house: House) -> SigningKey:
    return reviewer_signing_key(house.readers["press"])


def waiting(house: House) -> set[bytes]:
    with Intake(house.settings.data) as intake:
        return {reply.hash for reply in intake.waiting(ADDRESS)}


def delivered(answer: Answer, new: int, already: int) -> None:
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.body == b'{"delivered":%d,"already":%d}' % (new, already)


# bundles


def test_a_bundle_is_delivered_once(house: House, van: Asker) -> None:
    reply = make_reply()
    bundle = make_bundle(press(house), reply)
    delivered(van.ask("POST", BUNDLES, bundle), 8, 0)
    assert hashlib.sha256(reply).digest() in waiting(house)
    delivered(van.ask("POST", BUNDLES, bundle), 0, 8)
    delivered(asker(house, BOAT).ask("POST", BUNDLES, bundle), 0, 8)


def test_a_bundle_is_a_reviewer_s(house: House, van: Asker) -> None:
    reply = make_reply()
    for signing in (SigningKey.generate(), KEYS[VAN], house.root):
        answer = van.ask("POST", BUNDLES, make_bundle(signing, reply))
        refused(answer, CourierReason.UNSIGNED_BUNDLE, 422)
    assert hashlib.sha256(reply).digest() not in waiting(house)


def test_what_is_no_bundle_is_refused(house: House, van: Asker) -> None:
    bundle = make_bundle(press(house), make_reply())
    flipped = bytearray(bundle)
    flipped[-40] ^= 1
    before = waiting(house)
    for body in (b"", b"marker", bundle[:-1], bundle + b"x", bytes(flipped)):
        refused(van.ask("POST", BUNDLES, body), CourierReason.NO_BUNDLE, 422)
    assert waiting(house) == before


def test_what_is_no_reply_in_a_bundle_is_refused(house: House, van: Asker) -> None:
    """Of a reply's length, and with another header."""
    no_reply = b"x" * len(make_reply())
    answer = van.ask("POST", BUNDLES, make_bundle(press(house), no_reply))
    refused(answer, CourierReason.NO_ENVELOPE, 422)
    assert hashlib.sha256(no_reply).digest() not in waiting(house)


def test_a_large_bundle_waits_on_the_volume_of_the_data(running: Running, van: Asker) -> None:
    house = running.house
    bundle = make_bundle(press(house), make_reply(LARGE_TEXT), make_reply(LARGE_TEXT))
    before = nameless(running)
    with begin(van, bundle) as wire:
        wire.sendall(bundle[: len(bundle) - 1000])
        assert eventually(lambda: bool(nameless(running) - before))
        (place,) = nameless(running) - before
        assert place.startswith(f"{house.settings.data}/")
        wire.sendall(bundle[len(bundle) - 1000 :])
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert eventually(lambda: nameless(running) == before)


def test_a_courier_who_is_gone_leaves_nothing(running: Running, van: Asker) -> None:
    house = running.house
    stored, before = house.stored(), nameless(running)
    bundle = make_bundle(press(house), make_reply(LARGE_TEXT), make_reply(LARGE_TEXT))
    with begin(van, bundle) as wire:
        wire.sendall(bundle[: len(bundle) - 1000])
        assert eventually(lambda: bool(nameless(running) - before))
    assert eventually(lambda: nameless(running) == before)
    assert house.stored() == stored
    delivered(van.ask("POST", BUNDLES, bundle), 8, 0)


def test_no_courier_keeps_another_s_bundle_out(running: Running, van: Asker) -> None:
    house = running.house
    small = make_bundle(press(house), make_reply())
    large = make_bundle(press(house), make_reply(LARGE_TEXT), make_reply(LARGE_TEXT))
    before = nameless(running)
    with contextlib.ExitStack() as held:
        for number in range(1, BUNDLES_AT_ONCE + 1):
            held.enter_context(begin(van, large)).sendall(large[: len(large) - 1000])
            assert eventually(lambda: len(nameless(running) - before) == number)  # noqa: B023
        refused(van.ask("POST", BUNDLES, small), CourierReason.BUSY, 503)
        assert van.get("/courier/roster.json").status == 200
        delivered(asker(house, BOAT).ask("POST", BUNDLES, small), 8, 0)
    assert eventually(lambda: van.ask("POST", BUNDLES, small).status == 200)


def test_a_killed_service_leaves_nothing_of_a_bundle(tmp_path: Path) -> None:
    house = make_courier_house(tmp_path / "house")
    bundle = make_bundle(press(house), make_reply(LARGE_TEXT), make_reply(LARGE_TEXT))
    with serving_couriers(house) as running, begin(asker(house), bundle) as wire:
        wire.sendall(bundle[: len(bundle) - 1000])
        assert eventually(lambda: bool(nameless(running)))
        running.stop(signal.SIGKILL)
    assert house.stored() == []


def test_a_stopping_service_lets_both_sides_finish(tmp_path: Path) -> None:
    house = make_courier_house(tmp_path / "house")
    bundle = make_bundle(press(house), make_reply(LARGE_TEXT), make_reply(LARGE_TEXT))
    report = form(field("reader", "press"), field("report", "x"), file("a", bytes(300_000)))
    head = (
        f"POST /en/report/general HTTP/1.1\r\nHost: 127.0.0.1:{house.settings.port}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {len(report)}\r\n\r\n"
    )
    with serving_couriers(house) as running:
        with begin(asker(house), bundle) as courier, running.connect() as source:
            courier.sendall(bundle[: len(bundle) - 1000])
            source.sendall(head.encode() + report[:200_000])
            assert eventually(lambda: bool(nameless(running)) and bool(house.stored()))
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            courier.sendall(bundle[len(bundle) - 1000 :])
            source.sendall(report[200_000:])
            assert courier.recv(65536).startswith(b"HTTP/1.1 200 ")
            assert source.recv(65536).startswith(b"HTTP/1.1 303 ")
        assert running.stop() == 0
    assert len(house.bags()) == 1


def begin(one: Asker, body: bytes) -> socket.socket:
    """Send the header of a bundle's request."""
    lines = ["POST /courier/bundles HTTP/1.1", "host: x", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in one.signed("POST", BUNDLES, body).items()]
    wire = socket.create_connection(("127.0.0.1", one.port), 30)
    wire.sendall("\r\n".join([*lines, "", ""]).encode())
    return wire


def nameless(running: Running) -> set[str]:
    """Say where a process has open files without a name."""
    found = set()
    for descriptor in Path(f"/proc/{running.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(descriptor.readlink()))
    return {place for place in found if place.endswith("(deleted)")}


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 15
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


# cosignatures


def signature_path(day: object) -> str:
    return f"/courier/log/{CHANNEL}/{day}/cosignature"


def fetch_day(one: Asker) -> LogDay:
    return parse_day(one.get(f"/courier/log/{CHANNEL}/{yesterday()}.json").body)


def cosigned(
    house: House, day: LogDay, courier: str = VAN, *, name: str = "", seconds: int | None = None
) -> NoteSignature:
    name = name or witness_name(house.roster.service_id, courier)
    time_of = end_of_day(day.day) if seconds is None else seconds
    return day.head.cosign(name, KEYS[courier], time_of)


def test_a_courier_witnesses_a_head(house: House, van: Asker) -> None:
    """Twice changes nothing: it stands there once."""
    for _ in range(2):
        line = cosigned(house, fetch_day(van)).serialize().encode()
        answer = van.ask("PUT", signature_path(yesterday()), line)
        assert (answer.status, answer.body) == (204, b"")
    name = witness_name(house.roster.service_id, VAN)
    known = {name: KEYS[VAN].verify_key}
    head = fetch_day(van).head
    assert head.witnesses(known) == {name: end_of_day(yesterday())}
    assert [signature.name for signature in head.signatures].count(name) == 1


def test_a_courier_witnesses_for_nobody_else(house: House, van: Asker) -> None:
    day = fetch_day(van)
    for signature in (
        cosigned(house, day, BOAT),
        cosigned(house, day, name=witness_name(house.roster.service_id, BOAT)),
        cosigned(house, day, name="somebody"),
        cosigned(house, day, seconds=end_of_day(yesterday()) + 1),
        NoteSignature(witness_name(house.roster.service_id, VAN), bytes(76)),
    ):
        answer = van.ask("PUT", signature_path(yesterday()), signature.serialize().encode())
        refused(answer, CourierReason.NO_COSIGNATURE, 422)
    assert fetch_day(van) == day


def test_a_cosignature_is_one_line(house: House, van: Asker) -> None:
    line = cosigned(house, fetch_day(van)).serialize().encode()
    for body in (b"", b"\n", line[:-1], line * 2, b"\n" + line, line + b"\n", b"\xff\n", b"marker"):
        answer = van.ask("PUT", signature_path(yesterday()), body)
        refused(answer, CourierReason.NO_COSIGNATURE, 422)


def test_there_is_nothing_to_witness_on_another_day(house: House, van: Asker) -> None:
    line = cosigned(house, fetch_day(van)).serialize().encode()
    for day in (today(), yesterday() - timedelta(days=9), f"{yesterday():%Y%m%d}", "marker"):
        answer = van.ask("PUT", signature_path(day), line)
        refused(answer, CourierReason.NOT_FOUND, 404)
