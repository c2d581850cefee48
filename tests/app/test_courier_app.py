"""The couriers' application when its roster changes or it fails, and its words."""

import asyncio
import hashlib
import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient
from starlette.types import Message

from app.courier_access import require_courier
from app.courier_app import COURIER_HEADERS, create_courier_app
from app.courier_desk import CourierDesk
from app.courier_refusals import STATUS, CourierReason, courier_reason_of
from app.courier_routes import router
from app.errors import Reason, Refusal
from app.log import Event
from app.opening import open_service
from app.roster_watch import RosterWatch
from app.serve import close_days
from app.state import Service
from crypto.bundle import write_bundle
from crypto.checkpoint import end_of_day, witness_name
from crypto.errors import BundleError, UnsignedHeadError, UntimelyRequestError
from crypto.log_day import parse_day
from crypto.minisign import SigningKey
from crypto.roster import Courier
from crypto.source_keys import reviewer_signing_key
from intake.errors import StorageError, StorageFullError, TooLargeError, UnknownDayError
from tests.support.couriers import (
    COURIERS,
    KEYS,
    VAN,
    Asker,
    close_past_days,
    make_courier_house,
    make_envelope,
    store,
    yesterday,
)
from tests.support.service import CHANNEL, House, write_roster

ROSTER = "/courier/roster.json"
DAY = f"/courier/log/{CHANNEL}/{yesterday()}.json"


class Opened:
    """A service in this process whose roster is watched, and a day that tests can turn."""

    def __init__(self, house: House, service: Service, turn: Callable[[date], None]) -> None:
        self.house, self.service, self.turn = house, service, turn
        app = create_courier_app(service)
        self.watch = RosterWatch(service, lambda renewed: setattr(app.state, "service", renewed))
        self.client = TestClient(app, "http://couriers", raise_server_exceptions=False)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        courier: str = VAN,
        key: SigningKey = KEYS[VAN],
    ) -> tuple[int, str]:
        headers = Asker(0, courier, key).signed(method, path, body)
        answer = self.client.request(method, path, headers=headers, content=body)
        for name, value in COURIER_HEADERS.items():
            assert answer.headers[name] == value
        return answer.status_code, answer.text

    def put_roster(self, couriers: tuple[Courier, ...]) -> None:
        write_roster(self.house, self.house.roster, couriers=couriers)
        self.watch.look()


@pytest.fixture
def opened(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Opened]:
    caplog.set_level(logging.INFO)
    house = make_courier_house(tmp_path / "house")
    store(house, yesterday(), make_envelope())
    close_past_days(house)
    days = [house.roster.issued]
    with open_service(house.settings, today=lambda: days[-1]) as service:
        yield Opened(house, service, days.append)


def no(reason: CourierReason) -> tuple[int, str]:
    return STATUS[reason], f"{reason}\n"


# bundles


def trickling(opened: Opened) -> int:
    """Begin a bundle, never end it, and return the status of the answer."""
    headers = Asker(0, VAN, KEYS[VAN]).signed("POST", "/courier/bundles", b"marker")
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/courier/bundles",
        "raw_path": b"/courier/bundles",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        + [(b"content-length", b"100000")],
    }
    answer: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Message) -> None:
        answer.append(message)

    desk = CourierDesk(bundle_time=timedelta(seconds=0.3))
    app = create_courier_app(replace(opened.service, desk=desk))
    asyncio.run(app(scope, receive, send))
    with desk.bundles.one(VAN), desk.bundles.one(VAN):  # it has given its place back
        desk.close()
    return int(answer[0]["status"])


def test_a_bundle_that_trickles_in_is_given_up(opened: Opened) -> None:
    assert trickling(opened) == STATUS[CourierReason.TOO_SLOW]


# the roster


def test_a_courier_is_let_in_no_longer_once_the_roster_names_it_no_longer(opened: Opened) -> None:
    assert opened.ask("GET", ROSTER)[0] == 200
    opened.put_roster(COURIERS[1:])
    assert opened.ask("GET", ROSTER) == no(CourierReason.UNSIGNED)


def test_a_courier_s_old_key_is_nobody_s(opened: Opened) -> None:
    new = SigningKey.generate()
    opened.put_roster((replace(COURIERS[0], key=new.verify_key),))
    assert opened.ask("GET", ROSTER) == no(CourierReason.UNSIGNED)
    assert opened.ask("GET", ROSTER, key=new)[0] == 200


def test_a_channel_can_be_taken_from_a_courier(opened: Opened) -> None:
    assert opened.ask("GET", DAY)[0] == 200
    opened.put_roster((replace(COURIERS[0], channels=("other",)),))
    assert opened.ask("GET", DAY) == no(CourierReason.OTHER_CHANNEL)


def test_a_newer_roster_is_served_at_once(opened: Opened) -> None:
    opened.put_roster(COURIERS)
    assert opened.ask("GET", ROSTER)[1] == opened.house.settings.roster.read_text()


def test_under_an_expired_roster_couriers_fetch_and_bring_nothing(opened: Opened) -> None:
    """What was sealed before is the reviewers'; who may sign now, nobody says."""
    opened.turn(opened.house.roster.expires + timedelta(days=1))
    assert opened.ask("GET", ROSTER)[0] == 200
    assert opened.ask("GET", DAY)[0] == 200
    sink = io.BytesIO()
    write_bundle(sink, [], reviewer_signing_key(opened.house.readers["press"]))
    answer = opened.ask("POST", "/courier/bundles", sink.getvalue())
    assert answer == no(CourierReason.ROSTER_EXPIRED)
    opened.turn(opened.house.roster.expires)
    assert opened.ask("POST", "/courier/bundles", sink.getvalue())[0] == 200


# what is refused, and what fails


def test_every_route_asks_for_a_courier() -> None:
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    assert len(routes) == 7
    for route in routes:
        assert require_courier in {dependant.call for dependant in route.dependant.dependencies}
        assert route.body_field is None  # FastAPI would read it, and spool it


def test_what_is_kept_does_not_depend_on_what_is_fetched(opened: Opened) -> None:
    intake = opened.service.intake
    (stored,) = intake.envelopes(CHANNEL)
    path = f"/courier/envelopes/{CHANNEL}/{stored.hash.hex()}"
    for _ in range(2):
        assert opened.ask("GET", path)[0] == 200
    opened.turn(yesterday() + timedelta(days=30))
    assert intake.purge({CHANNEL: 30}).envelopes == 0
    assert opened.ask("GET", path)[0] == 200
    opened.turn(yesterday() + timedelta(days=31))
    assert intake.purge({CHANNEL: 30}).envelopes == 1
    assert opened.ask("GET", path) == no(CourierReason.NOT_FOUND)


def test_a_damaged_log_is_a_fault_of_ours_and_only_its_type_is_written(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    day = parse_day(opened.service.intake.log_day(CHANNEL, yesterday()))
    name = witness_name(opened.house.roster.service_id, VAN)
    line = day.head.cosign(name, KEYS[VAN], end_of_day(yesterday())).serialize().encode()
    file = opened.house.settings.data / "log" / CHANNEL / f"{yesterday()}.json"
    file.write_bytes(b"marker")
    caplog.clear()
    answer = opened.ask("PUT", f"/courier/log/{CHANNEL}/{yesterday()}/cosignature", line)
    assert answer == no(CourierReason.INTERNAL)
    ours = [record.getMessage() for record in caplog.records if record.name == "candor"]
    assert ours == [Event.FAILED]


def test_a_lost_segment_is_a_failure_of_the_store(opened: Opened) -> None:
    (stored,) = opened.service.intake.envelopes(CHANNEL)
    (segment,) = opened.house.stored()
    segment.unlink()
    headers = Asker(0).signed("GET", path := f"/courier/envelopes/{CHANNEL}/{stored.hash.hex()}")
    answer = opened.client.get(path, headers=headers)
    assert hashlib.sha256(answer.content).digest() != stored.hash


def test_refusals_are_counted_and_said_once_a_day(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        assert opened.client.get(ROSTER).status_code == 403
    assert opened.client.get("/marker").status_code == 404
    assert opened.ask("GET", ROSTER)[0] == 200
    assert Event.COURIERS_REFUSED not in caplog.messages
    close_days(opened.service)
    (record,) = [found for found in caplog.records if found.msg == Event.COURIERS_REFUSED]
    assert record.counts == {"count": 4}
    caplog.clear()
    close_days(opened.service)
    assert Event.COURIERS_REFUSED not in caplog.messages


@pytest.mark.parametrize("reason", list(CourierReason))
def test_every_reason_has_a_refusing_status_and_plain_words(reason: CourierReason) -> None:
    assert HTTPStatus.BAD_REQUEST <= STATUS[reason] < 600
    assert reason == reason.strip().rstrip(".")
    assert reason[0].islower()
    assert reason.isascii()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UntimelyRequestError("x"), CourierReason.UNTIMELY),
        (UnsignedHeadError("x"), CourierReason.NO_COSIGNATURE),
        (BundleError("x"), CourierReason.NO_BUNDLE),
        (UnknownDayError("x"), CourierReason.NOT_FOUND),
        (TooLargeError("x"), CourierReason.TOO_LARGE),
        (StorageFullError("x"), CourierReason.STORAGE_FULL),
        (StorageError("x"), CourierReason.STORAGE_FAILED),
        (Refusal(Reason.NOT_FOUND), CourierReason.NOT_FOUND),
        (Refusal(Reason.UNKNOWN_HOST), CourierReason.INTERNAL),
        (ZeroDivisionError(), CourierReason.INTERNAL),
    ],
)
def test_an_error_is_told_by_its_kind(error: Exception, reason: CourierReason) -> None:
    assert courier_reason_of(error) is reason
