"""What every answer carries, and whose requests are refused."""

import itertools
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from app.factory import create_app
from app.security import SECURITY_HEADERS, is_same_origin
from tests.app.conftest import ORIGIN, Web
from tests.app.forms import field, form
from tests.support.service import make_house, write_roster

HOST = "candor.test"
FORM = form(field("reader", "press"), field("report", "x"))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 303),
        ("GET", "/en/", 200),
        ("GET", "/ru/report/general", 200),
        ("GET", "/static/candor.css", 200),
        ("GET", "/static/none.css", 404),
        ("GET", "/en/sent", 403),
        ("GET", "/xx/", 404),
        ("PUT", "/en/", 405),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/en/report/general/", 404),
    ],
)
def test_every_answer_has_every_header(web: Web, method: str, path: str, status: int) -> None:
    answer = web.client.request(method, path, follow_redirects=False)
    assert answer.status_code == status
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "server" not in answer.headers
    assert "date" not in answer.headers


def test_a_redirect_never_names_a_host(web: Web) -> None:
    location = web.client.get("/", follow_redirects=False).headers["location"]
    assert location.startswith("/")
    assert not location.startswith("//")


@pytest.mark.parametrize("host", ["evil.example", "candor.test.evil.example", "candor.test:81", ""])
def test_a_request_for_another_host_is_refused(web: Web, host: str) -> None:
    answer = web.client.get("/en/", headers={"Host": host})
    assert answer.status_code == 421
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Origin": ORIGIN}, True),
        ({"Origin": f"https://{HOST}"}, True),
        ({"Origin": "null"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": f"http://{HOST}:81"}, False),
        ({"Origin": f"http://{HOST}.evil.example"}, False),
        ({"Origin": "http://[broken"}, False),
    ],
)
def test_a_post_comes_from_our_own_page(
    web: Web, headers: dict[str, str], *, allowed: bool
) -> None:
    assert is_same_origin("POST", Headers(headers | {"Host": HOST})) is allowed
    headers = headers | {"Content-Type": "multipart/form-data; boundary=b"}
    answer = web.client.post(
        "/en/report/general", content=FORM, headers=headers, follow_redirects=False
    )
    assert answer.status_code == (303 if allowed else 403)
    assert bool(web.house.stored()) is allowed


def test_reading_is_allowed_from_anywhere() -> None:
    sites = ("cross-site", "same-site", "")
    for method, site in itertools.product(("GET", "HEAD", "OPTIONS"), sites):
        headers = Headers({"Host": HOST, "Sec-Fetch-Site": site, "Origin": "http://evil.example"})
        assert is_same_origin(method, headers)


def test_a_bad_cookie_is_no_session_and_is_cleared(web: Web) -> None:
    for path in ("/en/sent", "/en/mailbox/general"):
        answer = web.client.get(path, headers={"Cookie": "session=nonsense"})
        assert answer.status_code == 403
        assert answer.headers["set-cookie"].startswith('session=""; ')
        assert "Max-Age=0" in answer.headers["set-cookie"]


def test_a_cookie_of_one_use_is_refused_in_another(web: Web) -> None:
    sent = web.post_form(FORM).headers["set-cookie"].partition(";")[0]
    assert web.client.get("/en/sent", headers={"Cookie": sent}).status_code == 200
    assert web.client.get("/en/mailbox/general", headers={"Cookie": sent}).status_code == 403


def test_forwarded_headers_are_not_believed(web: Web) -> None:
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil",
    }
    answer = web.client.get("/", headers=headers, follow_redirects=False)
    assert "evil" not in str(answer.headers)


@pytest.mark.parametrize(
    ("origin", "secure"), [("http://abc.onion", False), ("https://report.example", True)]
)
def test_a_cookie_of_an_encrypted_origin_stays_off_plain_http(
    tmp_path: Path, origin: str, *, secure: bool
) -> None:
    house = make_house(tmp_path / "house", origin=ORIGIN)
    write_roster(house, house.roster, origins=("http://abc.onion", "https://report.example"))
    with house.open() as service:
        client = TestClient(create_app(service), origin)
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = client.post(
            "/en/report/general", content=FORM, headers=headers, follow_redirects=False
        )
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 1
    assert ("Secure" in cookies[0]) == secure
    assert "HttpOnly" in cookies[0]
