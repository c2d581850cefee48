"""What a service refuses to start on, and how it keeps its days."""

import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.factory import create_app
from app.log import Event
from app.opening import DEMONSTRATION_ORIGIN, StartError, open_service
from app.roster_watch import RosterWatch
from app.serve import close_days, keep_days
from app.settings import Settings
from crypto.minisign import SigningKey
from tests.app.conftest import ORIGIN
from tests.app.forms import field, form
from tests.support.service import (
    ROOT,
    House,
    free_port,
    make_house,
    serve_command,
    serving,
    write_roster,
)

FORM = form(field("reader", "press"), field("report", "x"))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "house", origin=ORIGIN)


def refusal(settings: Settings) -> str:
    with pytest.raises(StartError) as caught, open_service(settings):
        pass
    message = str(caught.value)
    assert "\n" not in message
    return message


def changed(house: House, **settings: object) -> Settings:
    return Settings(**(house.settings.model_dump() | settings))


def test_a_roster_of_another_root_key_is_refused(house: House) -> None:
    other = SigningKey.generate().verify_key.serialize()
    assert "no signature of the root key" in refusal(changed(house, root_key=other))


def test_a_root_key_that_is_none_is_refused(house: House) -> None:
    refusal(changed(house, root_key="nonsense"))


def test_an_altered_roster_is_refused(house: House) -> None:
    path = house.settings.roster
    path.write_bytes(path.read_bytes().replace(b"press", b"crass"))
    assert "no signature of the root key" in refusal(house.settings)


def test_a_missing_roster_is_named(house: House) -> None:
    house.settings.roster.unlink()
    assert "cannot read" in refusal(house.settings)


def test_a_directory_that_was_never_made_is_refused(house: House) -> None:
    assert "no data directory" in refusal(changed(house, data=house.directory / "nowhere"))


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        ("http://127.0.0.1:8081", {"port": 8081}),
        (DEMONSTRATION_ORIGIN, {"port": 8081}),
        (DEMONSTRATION_ORIGIN, {"host": "0.0.0.0"}),
        (DEMONSTRATION_ORIGIN, {"socket": "/run/candor"}),
        ("http://localhost:8080", {}),
    ],
)
def test_a_demonstration_is_served_at_its_one_place_only(
    house: House, origin: str, place: dict[str, object]
) -> None:
    write_roster(house, house.roster, origins=(origin,), demonstration=True)
    assert "a demonstration is served at" in refusal(changed(house, **place))


def test_a_demonstration_is_served_at_its_place(house: House) -> None:
    write_roster(house, house.roster, origins=(DEMONSTRATION_ORIGIN,), demonstration=True)
    with open_service(house.settings) as service:
        assert service.roster.demonstration


def test_a_second_service_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    # a port of its own: whoever answers at the usual one would pass for the first service
    house = make_house(tmp_path / "house", origin=ORIGIN, port=free_port())
    with serving(house) as first:
        second = subprocess.run(
            serve_command(house), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert "is a service running" in second.stderr
        assert first.process.poll() is None


def send_report(house: House) -> None:
    with house.open() as service:
        answer = TestClient(create_app(service), ORIGIN).post(
            "/en/report/general",
            content=FORM,
            headers={"Content-Type": "multipart/form-data; boundary=b"},
            follow_redirects=False,
        )
        assert answer.status_code == 303
        assert len(service.intake.status().open_days) == 1


def test_the_batch_closes_yesterday(house: House) -> None:
    send_report(house)
    tomorrow = house.roster.issued + timedelta(days=1)
    with open_service(house.settings, today=lambda: tomorrow) as service:
        assert close_days(service)
        assert service.intake.status().open_days == frozenset()
        assert len(list(service.intake.envelopes("general"))) == 1


def test_a_batch_that_fails_is_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.serve._RETRY_SECONDS", 0.05)
    send_report(house)
    blobs = house.settings.data / "blobs"
    aside = blobs.rename(blobs.with_name("aside"))
    tomorrow = house.roster.issued + timedelta(days=1)
    with (
        open_service(house.settings, today=lambda: tomorrow) as service,
        keep_days(RosterWatch(service, lambda _: None)),
    ):
        assert eventually(lambda: caplog.messages.count(Event.BATCH_FAILED) > 1)
        if blobs.exists():
            blobs.rmdir()
        aside.rename(blobs)
        assert eventually(lambda: not service.intake.status().open_days)


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()
