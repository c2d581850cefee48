"""The public record: files that anybody may check, and a page that says how far it goes."""

import asyncio
import hashlib
import html
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.factory import create_app
from app.opening import open_service
from app.routes.record import log_day
from crypto.checkpoint import end_of_day, witness_name
from crypto.log_day import LogDay, parse_day
from crypto.minisign import SigningKey, VerifyKey
from crypto.roster import Courier
from crypto.signed_roster import parse_roster
from forms.loader import load_form
from intake.days import utc_today
from tests.app.conftest import ORIGIN, Web
from tests.app.forms import report
from tests.support.service import House, make_house, write_roster

COURIER = SigningKey(bytes([7]) * 32)
TODAY = utc_today()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = make_house(tmp_path / "house", origin=ORIGIN)
    couriers = (
        Courier("carrier", ("general",), COURIER.verify_key),
        Courier("idle", ("general",), SigningKey(bytes([8]) * 32).verify_key),
    )
    write_roster(house, house.roster, couriers=couriers)
    return replace(house, roster=replace(house.roster, couriers=couriers))


@pytest.fixture
def web(house: House) -> Iterator[Web]:
    """A service on the day after one with two reports; its batch is done."""
    with open_service(house.settings) as service:
        client = TestClient(create_app(service), ORIGIN)
        for _ in range(2):
            body = report(fields=[("reader", "press"), ("report", "what I saw")])
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            client.post("/en/report/general", content=body, headers=headers, follow_redirects=False)
    with open_service(house.settings, today=lambda: TOMORROW) as service:
        service.intake.run_batch(service.log_signer)
        app = create_app(service)
        yield Web(house, service, TestClient(app, ORIGIN, raise_server_exceptions=False))


def day(web: Web) -> LogDay:
    return parse_day(web.client.get(f"/log/general/{TODAY}.json").content)


def cosign(web: Web, key: SigningKey, courier: str) -> None:
    name = witness_name(web.house.roster.service_id, courier)
    made = day(web).head.cosign(name, key, end_of_day(TODAY))
    web.service.intake.cosign("general", TODAY, made, name=name, key=key.verify_key)


def test_a_day_is_sent_as_it_lies_on_the_disk(web: Web) -> None:
    answer = web.client.get(f"/log/general/{TODAY}.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content == web.service.intake.log_day("general", TODAY)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert len(day(web).leaves) == 2
    day(web).head.require_signed([web.house.log_key.verify_key])


def test_a_large_day_is_sent_whole_even_when_it_is_cosigned_meanwhile(web: Web) -> None:
    leaves = tuple(hashlib.sha256(b"%d" % number).digest() for number in range(4000))
    tree = day(web).after.grow(leaves)
    large = LogDay(TOMORROW, day(web).after, leaves, web.service.log_signer.sign("general", tree))
    web.service.intake._store.days.add("general", large)
    before = web.service.intake.log_day("general", TOMORROW)
    assert web.client.get(f"/log/general/{TOMORROW}.json").content == before
    answer = log_day(web.service, "general", TOMORROW.isoformat())
    name = witness_name(web.house.roster.service_id, "carrier")
    made = large.head.cosign(name, COURIER, end_of_day(TOMORROW))
    web.service.intake.cosign("general", TOMORROW, made, name=name, key=COURIER.verify_key)
    assert web.service.intake.log_day("general", TOMORROW) != before
    sent = []

    async def send(message):
        sent.append(message.get("body", b""))

    asyncio.run(answer({"type": "http"}, asyncio.Queue().get, send))
    assert b"".join(sent) == before
    assert len(sent) > 4
    assert int(answer.headers["content-length"]) == len(before)


@pytest.mark.parametrize(
    "path",
    [
        f"/log/general/{TOMORROW}.json",
        f"/log/general/{TODAY:%Y%m%d}.json",
        f"/log/general/{TODAY}",
        f"/log/other/{TODAY}.json",
        f"/log/%2e%2e/{TODAY}.json",
        f"/log/GENERAL/{TODAY}.json",
        "/log/general/today.json",
        "/log/general/..%2f..%2fcandor.json",
        "/log/",
        "/forms/",
        "/forms/default-2.toml",
        "/forms/default-1",
        "/forms/..%2fcandor.toml",
        "/roster.json.minisig.minisig",
    ],
)
def test_what_is_not_there_is_not_found(web: Web, path: str) -> None:
    answer = web.client.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_a_stranger_can_verify_the_roster_and_the_form_from_here(web: Web) -> None:
    document, signature = (web.client.get(f"/roster.json{end}") for end in ("", ".minisig"))
    root = VerifyKey.parse(web.house.root.verify_key.serialize())
    roster = parse_roster(document.content, signature.content, root, today=TODAY, origin=ORIGIN)
    assert document.headers["content-type"] == "application/json"
    assert signature.headers["content-type"].startswith("text/plain")
    form = roster.channels[0].form
    found = web.client.get(f"/forms/{form.id}-{form.version}.toml")
    assert found.headers["content-type"] == "application/toml"
    assert hashlib.sha256(found.content).digest() == form.sha256
    assert load_form(found.content) == web.service.forms["general"]


def test_the_page_says_how_far_the_record_goes_and_that_nobody_has_witnessed_it(web: Web) -> None:
    text = web.client.get("/en/log").text
    head = json.loads(web.client.get(f"/log/general/{TODAY}.json").text)["head"].split("\n")
    assert "General" in text
    assert f"<dd>{head[1]}</dd>" in text
    assert f'<dd class="fingerprint">{html.escape(head[2])}</dd>' in text
    assert "not yet witnessed" in text
    assert f'href="/log/general/{TODAY}.json"' in text
    assert 'href="/roster.json"' in text
    assert 'href="/forms/default-1.toml"' in text


def test_the_page_names_the_couriers_who_witnessed_it_and_nobody_else(web: Web) -> None:
    cosign(web, SigningKey(bytes([9]) * 32), "stranger")
    assert "not yet witnessed" in web.client.get("/en/log").text
    cosign(web, COURIER, "carrier")
    text = web.client.get("/en/log").text
    assert "<dd>carrier</dd>" in text
    assert "not yet witnessed" not in text
    assert "stranger" not in text
    assert "idle" not in text


def test_before_the_first_day_is_over_the_page_says_so(house: House) -> None:
    with house.open() as service:
        client = TestClient(create_app(service), ORIGIN)
        assert "Nothing is published yet" in client.get("/en/log").text
        assert "Пока ничего не опубликовано" in client.get("/ru/log").text


def test_every_page_leads_to_the_record_in_its_language(web: Web) -> None:
    for code in ("en", "ru"):
        assert f'href="/{code}/log"' in web.client.get(f"/{code}/").text
        assert web.client.get(f"/{code}/log").headers["content-language"] == code


def test_a_closed_service_still_shows_its_record(web: Web) -> None:
    after = web.house.roster.expires + timedelta(days=1)
    with open_service(web.house.settings, today=lambda: after) as service:
        client = TestClient(create_app(service), ORIGIN)
        assert client.get("/en/").status_code == 503
        paths = ("/en/log", f"/log/general/{TODAY}.json", "/roster.json", "/forms/default-1.toml")
        assert [client.get(path).status_code for path in paths] == [200] * 4


def test_a_damaged_day_is_a_fault_of_ours_and_no_empty_page(web: Web) -> None:
    file = web.house.settings.data / "log" / "general" / f"{TODAY}.json"
    file.write_bytes(file.read_bytes()[:-2])
    assert web.client.get("/en/log").status_code == 500
