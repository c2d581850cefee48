"""A running service follows its roster: newer ones, refused ones, and one that has expired."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.factory import create_app
from app.log import Event
from app.opening import StartError, open_service
from app.roster_watch import RosterWatch
from app.state import Service
from crypto.envelope import EnvelopeWriter
from crypto.minisign import SigningKey
from crypto.signed_roster import sign_roster
from intake.errors import WrongSlotsError
from tests.app.conftest import ORIGIN
from tests.app.forms import report
from tests.support.service import House, make_house, write_roster

DAY = timedelta(days=1)


class Running:
    """A service in this process whose roster is watched, and a day that tests can turn."""

    def __init__(self, house: House, service: Service, turn: Callable[[date], None]) -> None:
        self.house, self.turn = house, turn
        app = create_app(service)
        self.watch = RosterWatch(service, lambda renewed: setattr(app.state, "service", renewed))
        self.client = TestClient(app, ORIGIN)

    def get(self, path: str) -> tuple[int, str]:
        answer = self.client.get(path, follow_redirects=False)
        return answer.status_code, answer.text


@pytest.fixture
def running(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Running]:
    caplog.set_level(logging.INFO, "candor")
    house = make_house(tmp_path / "house", origin=ORIGIN)
    days = [house.roster.issued]
    with open_service(house.settings, today=lambda: days[-1]) as service:
        yield Running(house, service, days.append)


def renamed(house: House, name: str):
    return replace(house.roster.reviewers[0], name=name), *house.roster.reviewers[1:]


def test_a_newer_roster_is_taken_without_a_new_start(running: Running, caplog) -> None:
    assert "Harriet" not in running.get("/en/")[1]
    write_roster(running.house, running.house.roster, reviewers=renamed(running.house, "Harriet"))
    running.watch.look()
    assert "Harriet" in running.get("/en/")[1]
    assert caplog.messages == [Event.ROSTER_TAKEN]
    running.watch.look()
    assert caplog.messages == [Event.ROSTER_TAKEN]


@pytest.mark.parametrize("attack", ["unsigned", "rolled back", "forked", "foreign", "half there"])
def test_what_is_no_newer_roster_changes_nothing_and_is_logged_once(
    running: Running, attack: str, caplog
) -> None:
    house = running.house
    place = house.settings.roster
    match attack:
        case "unsigned":
            stranger = SigningKey.generate()
            forged = replace(house.roster, root=stranger.verify_key, serial=2)
            write_roster(replace(house, root=stranger), forged)
        case "rolled back":
            write_roster(house, house.roster, reviewers=renamed(house, "Second"))
            running.watch.look()
            caplog.clear()
            write_roster(house, house.roster, serial=1)
        case "forked":
            write_roster(house, house.roster, serial=1, reviewers=renamed(house, "Fork"))
        case "foreign":
            write_roster(house, house.roster, service_id=bytes(16))
        case "half there":
            place.with_name("roster.json.minisig").unlink()
    before = running.watch.service
    running.watch.look()
    running.watch.look()
    assert running.watch.service is before
    assert running.get("/en/")[0] == 200
    assert caplog.messages == [Event.ROSTER_REFUSED]


def test_after_its_last_day_the_service_says_that_it_is_closed(running: Running) -> None:
    running.turn(running.house.roster.expires)
    assert running.get("/en/")[0] == 200
    running.turn(running.house.roster.expires + DAY)
    for path in ("/en/", "/en/report/general", "/ru/mailbox", "/en/nowhere"):
        status, text = running.get(path)
        assert status == 503
        assert ("closed" if path.startswith("/en") else "закрыт") in text
    answer = running.client.post(
        "/en/report/general",
        content=report(fields=[("reader", "press"), ("report", "x")]),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 503
    assert not running.watch.service.intake.status().open_days
    assert running.get("/static/candor.css")[0] == 200
    assert running.get("/en/leave")[0] == 303


def test_a_new_roster_opens_a_closed_service_again(running: Running) -> None:
    late = running.house.roster.expires + DAY
    running.turn(late)
    assert running.get("/en/")[0] == 503
    write_roster(running.house, running.house.roster, issued=late, expires=late + 30 * DAY)
    running.watch.look()
    assert running.get("/en/")[0] == 200


def test_a_service_whose_roster_has_expired_starts_and_is_closed(tmp_path: Path) -> None:
    house = make_house(tmp_path / "house", origin=ORIGIN)
    late = house.roster.expires + DAY
    with open_service(house.settings, today=lambda: late) as service:
        assert TestClient(create_app(service), ORIGIN).get("/en/").status_code == 503


def test_an_older_roster_does_not_start_a_service_again(tmp_path: Path) -> None:
    house = make_house(tmp_path / "house", origin=ORIGIN)
    first = sign_roster(house.roster, house.root)
    write_roster(house, house.roster, reviewers=renamed(house, "Second"))
    with house.open():
        pass
    house.settings.roster.write_bytes(first[0])
    house.settings.roster.with_name("roster.json.minisig").write_bytes(first[1])
    with pytest.raises(StartError, match="roster 1 is older than 2"), house.open():
        pass


def test_slots_of_an_earlier_roster_are_taken_until_it_expires(running: Running) -> None:
    house = running.house
    (channel,) = house.roster.channels
    wider = replace(channel, slots=20)
    longer = house.roster.expires + 90 * DAY
    write_roster(house, house.roster, channels=(wider,), expires=longer)
    running.watch.look()
    assert arrives(running, 16)
    assert arrives(running, 20)
    assert not arrives(running, 17)
    running.turn(house.roster.expires + DAY)
    write_roster(house, house.roster, channels=(wider,), expires=longer, issued=longer - DAY)
    running.watch.look()
    assert not arrives(running, 16)
    assert arrives(running, 20)


def arrives(running: Running, slots: int) -> bool:
    """Hand in an envelope that nobody can open, as somebody who seals for themselves would."""
    sealed = BytesIO()
    writer = EnvelopeWriter(sealed, [], slots=slots)
    writer.write(bytes(65_536))
    writer.close()
    service = running.watch.service
    try:
        service.intake.receive(service.door(service.channel("general")), [sealed.getvalue()])
    except WrongSlotsError:
        return False
    return True
