"""The pictures that the README shows, made from real pages with fixed people, words and day.

`make pictures` writes them to docs/pictures; an ordinary run only makes sure that they can be made.
"""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from uvicorn import Config, Server

from app.factory import create_app
from app.opening import open_service
from app.session import MailboxSession, SentSession, Session
from app.state import Service
from crypto.bag_info import StatusCode
from crypto.codename import Codename
from crypto.minisign import SigningKey
from crypto.roster import Roster
from crypto.source_keys import derive_source_keys
from intake.values import EnvelopeHash
from tests.support.png import shrink
from tests.support.replies import deliver, reply_info
from tests.support.service import ROOT, House, free_port, make_house

pytestmark = pytest.mark.browser

PICTURES = ROOT / "docs" / "pictures"
DAY = date(2026, 11, 23)
DESK = {"width": 820, "height": 860}
PHONE = {"width": 390, "height": 780}


@dataclass(frozen=True)
class Shot:
    """One picture: the page, as whom, and on what."""

    name: str
    path: str
    size: dict[str, int]
    scheme: str = "light"
    session: str = ""


SHOTS = [
    Shot("landing", "en/", DESK),
    Shot("landing-phone-ru", "ru/", PHONE),
    Shot("form", "en/report/general", DESK),
    Shot("form-dark", "en/report/general", DESK, scheme="dark"),
    Shot("words", "en/sent", DESK, session="sent-en"),
    Shot("words-phone-ru", "ru/sent", PHONE, session="sent-ru"),
    Shot("mailbox", "en/mailbox", DESK, session="mailbox"),
    Shot("mailbox-phone-dark", "en/mailbox", PHONE, scheme="dark", session="mailbox"),
]


def codename(code: str) -> Codename:
    return Codename.from_random(hashlib.sha256(b"a picture").digest()[:10], code)


def with_faces(roster: Roster) -> Roster:
    """Give the roster people whom a picture can show."""
    press, lawyers = roster.reviewers
    press = replace(
        press,
        name="Maria Keller",
        role="Investigative journalist",
        organisation="Open Desk",
        independence="Owned by its readers; takes no public money.",
    )
    lawyers = replace(
        lawyers,
        name="Anna Sokolova",
        role="Lawyer",
        organisation="Legal Aid Network",
        independence="",
    )
    root = SigningKey(hashlib.sha256(b"a picture's root").digest()).verify_key
    return replace(roster, reviewers=(press, lawyers), root=root)


@contextmanager
def serving(house: House) -> Iterator[Service]:
    """Serve in this process, where sessions can be made, on the pictures' day."""
    with open_service(house.settings, today=lambda: DAY) as opened:
        signed = replace(opened.signed_roster, roster=with_faces(opened.roster))
        service = replace(opened, signed_roster=signed)
        server = Server(
            Config(
                create_app(service),
                port=house.settings.port,
                log_config=None,
                lifespan="off",
                ws="none",
            )
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.02)
            yield service
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    port = free_port()
    house = make_house(tmp_path / "house", origin=f"http://127.0.0.1:{port}", port=port)
    keys = derive_source_keys(codename("en"), house.roster.service_id)
    deliver(
        house,
        reply_info(keys, number=1, day=date(2026, 11, 18)),
        "Thank you. Your report was opened today, and two of us have read it.",
        status=StatusCode.OPENED,
    )
    deliver(
        house,
        reply_info(keys, number=2, day=DAY),
        "You write that the invoice was paid twice.\n"
        "Do you remember, roughly, in which month? If you are not sure, leave it open.",
        status=StatusCode.QUESTION,
        next_day=date(2026, 12, 7),
    )
    with serving(house) as service:
        yield service


def session_of(service: Service, name: str) -> Session:
    if name == "mailbox":
        keys = derive_source_keys(codename("en"), service.roster.service_id)
        return MailboxSession(keys, "general", ("press",))
    code = name.removeprefix("sent-")
    envelope = EnvelopeHash(bytes(32))
    files = (1_843_200, 412_000)
    return SentSession(codename(code), "general", ("press", "lawyers"), files, envelope)


def take(page: Page, service: Service, shot: Shot) -> bytes:
    origin = service.roster.origins[0]
    if shot.session:
        cookie = service.sessions.seal(session_of(service, shot.session))
        page.context.add_cookies([{"name": "session", "value": cookie, "url": origin}])
    page.goto(f"{origin}/{shot.path}")
    return shrink(page.screenshot(animations="disabled", caret="hide"))


def test_every_picture_can_be_taken(browser: Browser, service: Service, tmp_path: Path) -> None:
    directory = Path(os.environ.get("CANDOR_PICTURES", tmp_path))
    directory.mkdir(parents=True, exist_ok=True)
    for shot in SHOTS:
        context = browser.new_context(
            viewport=shot.size, color_scheme=shot.scheme, java_script_enabled=False
        )
        picture = take(context.new_page(), service, shot)
        context.close()
        (directory / f"{shot.name}.png").write_bytes(picture)
        assert len(picture) < 50_000, shot.name


def test_the_repository_has_every_picture_and_no_other() -> None:
    assert {path.stem for path in PICTURES.glob("*.png")} == {shot.name for shot in SHOTS}
