"""Decoys come through the same door as reports, when nothing foretells it, and leave no mark."""

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import decoys
from app.decoys import seconds_to_next, send_decoy, send_decoys
from app.factory import create_app
from app.log import Event
from app.opening import open_service
from app.roster_watch import RosterWatch
from app.serve import close_days
from app.state import Service
from crypto.decoys import DEFAULT_DECOYS
from crypto.envelope import open_envelope
from crypto.errors import NotAddressedError
from crypto.header import header_bytes
from crypto.padding import SMALLEST_BYTES
from crypto.payload import ciphertext_bytes
from crypto.roster import DecoyRange, Decoys
from tests.app.conftest import ORIGIN
from tests.app.forms import file, report
from tests.support.service import House, free_port, make_house, serving, write_roster

SMALL = Decoys(1000, (DecoyRange(SMALLEST_BYTES, 1),))
LARGE = Decoys(1000, (DecoyRange(1 << 20, 1),))
HEADERS = {"Content-Type": "multipart/form-data; boundary=b"}


def at_once(_seconds: float) -> None:
    """Spend no time."""


@contextmanager
def with_decoys(
    house: House, published: Decoys | None = SMALL, **settings: Any
) -> Iterator[Service]:
    write_roster(house, house.roster, decoys=published)
    with house.open(**settings) as service:
        yield service


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "house", origin=ORIGIN)


@pytest.fixture
def quick_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day of ten seconds, so that a hundred decoys a second come."""
    monkeypatch.setattr("app.decoys._DAY_SECONDS", 10.0)


def lengths(service: Service) -> list[int]:
    return [envelope.bytes for envelope in service.intake.envelopes("general", open_day=True)]


def test_a_decoy_is_an_envelope_of_its_channel_that_no_reviewer_opens(house: House) -> None:
    with with_decoys(house) as service:
        send_decoy(service, at_once)
        (stored,) = service.intake.envelopes("general", open_day=True)
        assert stored.bytes == header_bytes(16) + ciphertext_bytes(SMALLEST_BYTES)
        everybody = [*house.readers.values(), house.custodian]
        with (
            service.intake.open_envelope(stored.hash) as envelope,
            pytest.raises(NotAddressedError),
        ):
            open_envelope(envelope, everybody)


def test_decoys_have_the_lengths_that_the_roster_publishes(house: House) -> None:
    published = Decoys(1, (DecoyRange(SMALLEST_BYTES, 1), DecoyRange(69_632, 1)))
    with with_decoys(house, published) as service:
        for _ in range(60):
            send_decoy(service, at_once)
        found = Counter(lengths(service))
    known = [header_bytes(16) + ciphertext_bytes(n) for n in (SMALLEST_BYTES, 67_584, 69_632)]
    assert set(found) <= set(known)
    assert known[0] in found
    assert len(found) > 1


def test_decoys_come_by_themselves_and_are_logged_by_nobody(
    house: House, quick_days: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with with_decoys(house) as service, send_decoys(RosterWatch(service, at_once)):
        assert eventually(lambda: len(lengths(service)) >= 3)
    assert caplog.records == []


def test_a_served_roster_with_decoys_gets_them_without_any_setting(tmp_path: Path) -> None:
    """Sixty-four channels with a thousand a day each get one every 1.35 seconds."""
    port = free_port()
    house = make_house(tmp_path / "house", origin=f"http://127.0.0.1:{port}", port=port)
    (channel,) = house.roster.channels
    many = tuple(replace(channel, id=f"channel-{number}") for number in range(64))
    write_roster(house, house.roster, channels=many, decoys=SMALL)
    with serving(house) as running:
        assert eventually(lambda: len(house.stored()) >= 3)
        stopped = running.stop()
    assert stopped == 0
    events = [line.split(maxsplit=2)[2] for line in running.log.read_text().splitlines()]
    known = (Event.SWEPT, Event.BATCH_DONE, Event.STARTED, Event.STOPPED)
    assert [event for event in events if not event.startswith(known)] == []
    assert len(events) == len(known)


@pytest.mark.parametrize("channels", [1, 5])
@pytest.mark.parametrize("mean", [1, 6, 1000])
def test_between_two_decoys_lies_a_time_without_memory(
    house: House, channels: int, mean: int
) -> None:
    """Of all waits a share of e^-x is longer than x times the mean, whatever x is."""
    (channel,) = house.roster.channels
    many = tuple(replace(channel, id=f"channel-{number}") for number in range(channels))
    source, draws = random.Random(20261123), 20_000
    write_roster(house, house.roster, channels=many)
    with with_decoys(house, replace(SMALL, mean_per_day=mean)) as service:
        roster = replace(service.roster, channels=many)
        service_of_many = replace(
            service, signed_roster=replace(service.signed_roster, roster=roster)
        )
        waits = [seconds_to_next(service_of_many, source) or 0.0 for _ in range(draws)]
    for x in (0.05, 0.5, 1.0, 2.0, 4.0):
        longer = sum(wait * mean * channels / 86_400 > x for wait in waits)
        expected = draws * 2.718281828**-x
        assert abs(longer - expected) < 5 * expected**0.5


def test_no_decoys_come_under_a_roster_that_publishes_none(house: House) -> None:
    with with_decoys(house, None) as service:
        assert seconds_to_next(service) is None
        send_decoy(service, at_once)
        assert lengths(service) == []


def test_no_decoys_come_to_a_service_that_takes_no_reports(house: House) -> None:
    write_roster(house, house.roster, decoys=SMALL)
    after = house.roster.expires + timedelta(days=1)
    with open_service(house.settings, today=lambda: after) as service:
        assert service.is_closed
        assert seconds_to_next(service) is None


def test_a_newer_roster_begins_and_ends_them(
    house: House, quick_days: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.decoys._LOOK_SECONDS", 0.05)
    with with_decoys(house, None) as service:
        watch = RosterWatch(service, at_once)
        with send_decoys(watch):
            write_roster(house, house.roster, decoys=SMALL)
            watch.look()
            assert eventually(lambda: lengths(service) != [])
            write_roster(house, house.roster, decoys=None)
            watch.look()
            assert eventually(lambda: is_quiet(service))


def is_quiet(service: Service) -> bool:
    before = len(lengths(service))
    threading.Event().wait(2.0)
    return len(lengths(service)) == before


def test_while_older_slots_are_taken_some_decoys_have_them(house: House) -> None:
    with with_decoys(house):
        pass
    (channel,) = house.roster.channels
    changed = replace(house.roster, channels=(replace(channel, slots=20),))
    write_roster(house, changed, decoys=SMALL)
    with house.open() as service:
        (channel,) = service.roster.channels
        drawn = Counter(decoys._draw_slots(channel, service.door(channel)) for _ in range(4000))
        assert set(drawn) == {16, 20}
        assert 300 < drawn[16] < 700
        for slots in (16, 20):
            with service.intake.begin(service.door(channel)) as arrival:
                decoys.seal_decoy(arrival, SMALLEST_BYTES, slots)
                arrival.commit()


def test_a_decoy_arrives_at_the_pace_of_a_circuit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small one within seconds, the largest in minutes."""
    monkeypatch.setattr("app.decoys._CHANCE", random.Random(20261123))
    for length in (SMALLEST_BYTES, 1 << 20, 16 << 20):
        totals = []
        for _ in range(9):
            waits: list[float] = []
            decoys.seal_decoy(decoys._Slow(Nowhere(), waits.append), length, 16)
            totals.append(sum(waits))
        assert length / decoys._FASTEST < median(totals) < 2 * length / decoys._SLOWEST
        assert max(totals) > 3 * min(totals)
    with with_decoys(house, LARGE) as service:
        waits = []
        send_decoy(service, waits.append)
        assert len(waits) >= 3


class Nowhere:
    def write(self, data: object, /) -> None:
        """Drop it."""


def test_a_service_that_stops_waits_for_no_decoy_and_keeps_nothing_of_it(
    house: House, quick_days: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.decoys._SLOWEST", 20_000)
    monkeypatch.setattr("app.decoys._FASTEST", 20_001)
    with with_decoys(house, Decoys(1000, (DecoyRange(16 << 20, 1),))) as service:
        with send_decoys(RosterWatch(service, at_once)):
            assert eventually(lambda: house.stored() != [])
        assert house.stored() == []
        assert lengths(service) == []


def test_a_source_is_served_while_a_decoy_is_on_its_way(house: House) -> None:
    """Even where a single upload takes every place and every thread."""
    answers: list[int] = []
    with with_decoys(house, LARGE, uploads_at_once=1, sealing_threads=1) as service:
        client = TestClient(create_app(service), ORIGIN)

        def wait(_seconds: float) -> None:
            if not answers:
                answer = client.post(
                    "/en/report/general",
                    content=report(file("a", b"x" * 70_000)),
                    headers=HEADERS,
                    follow_redirects=False,
                )
                answers.append(answer.status_code)

        send_decoy(service, wait)
        assert answers == [303]
        assert len(lengths(service)) == 2


def test_while_room_is_short_no_decoy_comes_and_the_operator_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with with_decoys(house) as service:
        assert close_days(service)
        assert Event.DECOYS_PAUSED not in caplog.messages
        monkeypatch.setattr("intake.blobs.MAX_DECOY_RESERVE_BYTES", 1 << 60)
        monkeypatch.setattr("intake.blobs.DECOY_RESERVE_SHARE", 1)
        send_decoy(service, at_once)
        assert lengths(service) == []
        assert close_days(service)
        assert caplog.messages.count(Event.DECOYS_PAUSED) == 1


def form_of(house: House, language: str = "en", **changes: Any) -> str:
    """Give the text of the report's form, under a roster of which something is changed."""
    write_roster(house, house.roster, **changes)
    with house.open() as service:
        return TestClient(create_app(service), ORIGIN).get(f"/{language}/report/general").text


def test_the_form_says_what_those_who_are_left_out_can_know(house: House) -> None:
    assert "the others cannot tell them" in (said := form_of(house, decoys=DEFAULT_DECOYS))
    assert "together larger than 16 MB" in " ".join(said.replace("\N{NO-BREAK SPACE}", " ").split())
    assert "пустые конверты" in form_of(house, "ru", decoys=DEFAULT_DECOYS)


def test_the_form_promises_nothing_where_no_decoys_come_or_nobody_can_be_left_out(
    house: House,
) -> None:
    assert "Empty envelopes" not in form_of(house, decoys=None)
    (channel,) = house.roster.channels
    alone = replace(channel, reviewers=("press",))
    said = form_of(house, channels=(alone,), decoys=DEFAULT_DECOYS)
    assert "Only those who are ticked" in said
    assert "Empty envelopes" not in said


def eventually(holds: Callable[[], bool]) -> bool:
    for _ in range(600):
        if holds():
            return True
        threading.Event().wait(0.1)
    return False
