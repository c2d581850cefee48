"""Requests that no browser makes: each gets a plain answer or a closed connection, and no echo."""

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.security import SECURITY_HEADERS
from tests.leaks.needles import Needles
from tests.support.nursery import forked_service, log_of
from tests.support.service import House, free_port, make_house

PATIENCE_SECONDS = 20.0
# the same in every worker, for it stands in the names of tests
MARK = "qzvjmarkxwkqbhjy"
REPORT = "/en/report/general"
PATHS = ["/", "/en", "/en/", "/en/report", REPORT, "/en/sent", "/en/sent/check", "/en/sent/done"]
PATHS += ["/en/mailbox", "/en/mailbox/open", "/en/mailbox/general", "/en/mailbox/erase"]
PATHS += ["/en/leave", "/en/left", "/static/candor.css", "/favicon.ico", f"/{MARK}"]
PATHS += ["/en/log", "/log/general/2026-11-23.json", "/roster.json", "/roster.json.minisig"]
PATHS += ["/forms/default-1.toml"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]
# what the parser knows no such method as, or what is no request of a path
STRANGE_METHODS = ["TRACE", "CONNECT", "PRI", "get", MARK.upper(), "G" * 9000]
STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@dataclass(frozen=True)
class Target:
    house: House

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.house.settings.port}"

    def send(self, raw: bytes, *, half_close: bool = False) -> bytes:
        """Send some bytes; give all that comes back until the connection ends."""
        answer = b""
        address = ("127.0.0.1", self.house.settings.port)
        with (
            socket.create_connection(address, PATIENCE_SECONDS) as connection,
            contextlib.suppress(ConnectionResetError, BrokenPipeError),
        ):
            connection.sendall(raw)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                answer += piece
        return answer

    def ask(self, lines: str, body: bytes = b"") -> bytes:
        """Send a request written with plain line ends; `{host}` is this service's."""
        head = lines.replace("{host}", self.host).replace("\n", "\r\n") + "\r\n\r\n"
        return self.send(head.encode("utf-8", "surrogateescape") + body)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    port = free_port()
    house = make_house(
        tmp_path_factory.mktemp("attacked") / "house",
        origin=f"http://127.0.0.1:{port}",
        port=port,
        header_seconds=2,
        stall_seconds=2,
        keep_alive_seconds=1,
    )
    with forked_service(house) as process:
        while b"daily batch done" not in log_of(house).read_bytes():
            time.sleep(0.05)
        yield Target(house)
        assert process.is_alive()


@pytest.fixture(autouse=True)
def silent(target: Target) -> Iterator[None]:
    """Hold that no request of a test gets a line in the log, or leaves anything."""
    before = log_of(target.house).read_bytes()
    yield
    assert log_of(target.house).read_bytes() == before
    assert target.house.stored() == []


def statuses(answer: bytes) -> list[int]:
    """Give the status of each answer, after checking that each is plain and complete."""
    assert not Needles.of(MARK).within("the answer", answer)
    assert b"Traceback" not in answer
    found = [int(status) for status in STATUS_LINE.findall(answer)]
    final = [status for status in found if status >= 200]
    for name, value in SECURITY_HEADERS.items():
        assert answer.lower().count(f"\r\n{name}: {value}\r\n".lower().encode()) == len(final)
    return found


@pytest.mark.parametrize("method", METHODS)
def test_every_method_on_every_path_gets_a_plain_answer(target: Target, method: str) -> None:
    for path in PATHS:
        given = "Content-Length: 0\n" if method in {"POST", "PUT", "PATCH"} else ""
        answer = target.ask(f"{method} {path} HTTP/1.1\nHost: {{host}}\n{given}Connection: close")
        (status,) = statuses(answer)
        assert status < 500
        if method not in {"GET", "HEAD", "POST"}:
            assert status in {404, 405}, path
        if method == "HEAD":
            assert answer.endswith(b"\r\n\r\n"), path


@pytest.mark.parametrize("method", STRANGE_METHODS)
def test_an_unknown_method_is_refused(target: Target, method: str) -> None:
    assert statuses(target.ask(f"{method} / HTTP/1.1\nHost: {{host}}\nConnection: close"))[0] >= 400


STRANGE_PATHS = [
    *("/..", "/../../../../etc/passwd", "/static/../candor.toml", "/static/..%2f..%2fcandor.toml"),
    *("/static/%2e%2e/%2e%2e/etc/passwd", "/static/%2fetc%2fpasswd", "/static//etc/passwd"),
    *("//evil.example/", "/\\evil.example", "/en//", "//en/", "/en/./", "/en/%00", "/%00/", "/%"),
    *("/%zz", "/%ff%fe", "/%c0%ae%c0%ae/", "/en%2f", "/en/report/general%00.css", "/EN/"),
    *("/en/report/general/", "/en/report/../mailbox", "/en/report/%2e%2e", "/en;x/", "/en/?/../"),
    *(f"/en/report/{MARK}", f"/{MARK}/", f"/en/mailbox/{MARK}", f"/static/{MARK}", "/.git/config"),
    *("/en/report/general?" + "a" * 5000, "/" + "a/" * 3000, "/en/#" + MARK, "/server-status"),
    *(f"/{{{{7*7}}}}{MARK}", f"/<script>{MARK}", f"/%3Cscript%3E{MARK}", "/en/report/\N{SNOWMAN}"),
    *("/log/general/../../candor.toml", "/log/general/..%2f..%2fcandor.toml", "/log/general/.json"),
    *("/log/general/20261123.json", "/log/general/2026-W48-1.json", "/log//2026-11-23.json"),
    *("/log/../2026-11-23.json", "/log/%2e%2e/2026-11-23.json", f"/log/{MARK}/2026-11-23.json"),
    *("/forms/default-9.toml", "/forms/..%2fcandor.toml", f"/forms/{MARK}", "/forms/", "/log/"),
    *("*", "en/", "", f"http://{MARK}.example/", "http://{host}/en/", "https://{host}/en/"),
]


@pytest.mark.parametrize("path", STRANGE_PATHS)
def test_a_strange_address_gets_a_plain_answer(target: Target, path: str) -> None:
    answer = target.ask(f"GET {path} HTTP/1.1\nHost: {{host}}\nConnection: close")
    (status,) = statuses(answer)
    assert status < 500
    assert b"evil" not in answer
    assert b"root_key" not in answer
    assert b"root:" not in answer
    assert re.search(rb"\nlocation: (?!/en/|/ru/)", answer) is None


STRANGE_HEADERS = {
    "another host": f"Host: {MARK}.example",
    "a host that breaks lines": f"Host: {{host}}\r\rX: {MARK}",
    "a host with a tab": f"Host: {{host}}\t{MARK}",
    "a host with a path": f"Host: {{host}}/{MARK}",
    "a host with a user": f"Host: {MARK}@{{host}}",
    "two hosts": f"Host: {{host}}\nHost: {MARK}.example",
    "a host and another behind a comma": f"Host: {{host}}, {MARK}.example",
    "no host": f"X: {MARK}",
    "an empty host": "Host:",
    "another host forwarded": f"Host: {{host}}\nX-Forwarded-Host: {MARK}\nForwarded: host={MARK}",
    "another path forwarded": f"Host: {{host}}\nX-Original-URL: /{MARK}\nX-Rewrite-URL: /{MARK}",
    "another method": f"Host: {{host}}\nX-HTTP-Method-Override: {MARK}",
    "a large cookie": f"Host: {{host}}\nCookie: session={MARK * 1000}",
    "many cookies": "Host: {host}\nCookie: " + "; ".join(f"c{i}={MARK}" for i in range(900)),
    "many sessions": "Host: {host}\nCookie: " + "; ".join(f"session={MARK}" for _ in range(900)),
    "broken cookies": f'Host: {{host}}\nCookie: ===; ;;\x7f"{MARK}\\; session="\\077{MARK}"',
    "a cookie that is not ASCII": f"Host: {{host}}\nCookie: session={MARK}\u2603",
    "a cookie of padding": f"Host: {{host}}\nCookie: session={'=' * 100}{MARK}",
    "1,000 headers": "Host: {host}\n" + "\n".join(f"X-{i}: {MARK}" for i in range(1000)),
    "a line of 64 KiB": "Host: {host}\nX: " + MARK * 4096,
    "a folded header": f"Host: {{host}}\nX: a\n  {MARK}",
    "a name with a space": f"Host: {{host}}\nX {MARK}: a",
    "a space before the colon": "Host: {host}\nContent-Length : 5",
    "a header without a colon": f"Host: {{host}}\n{MARK}",
    "a null byte": f"Host: {{host}}\nX: \0{MARK}",
    "bytes that are not UTF-8": f"Host: {{host}}\nX: \udcff{MARK}",
    "a range": "Host: {host}\nRange: bytes=0-1,0-1,0-1,5-",
    "languages without end": "Host: {host}\nAccept-Language: " + ",".join(["en;q=0.1"] * 3000),
    "languages that are none": f"Host: {{host}}\nAccept-Language: {MARK};q=x,;;,q=1,*;q=1e999",
    "an upgrade to a web socket": (
        "Host: {host}\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    ),
    "an upgrade to HTTP/2": (
        "Host: {host}\nUpgrade: h2c\nConnection: Upgrade, HTTP2-Settings\nHTTP2-Settings: AAMAAABk"
    ),
}


@pytest.mark.parametrize("path", ["/", "/en/", "/en/mailbox", "/en/sent"])
@pytest.mark.parametrize("headers", STRANGE_HEADERS.values(), ids=STRANGE_HEADERS)
def test_strange_headers_get_a_plain_answer(target: Target, path: str, headers: str) -> None:
    answer = target.ask(f"GET {path} HTTP/1.1\n{headers}\nConnection: close")
    assert all(200 <= status < 500 for status in statuses(answer))


FORM = b'--b\r\nContent-Disposition: form-data; name="reader"\r\n\r\npress\r\n--b--\r\n'
SMUGGLED = f"GET /en/{MARK} HTTP/1.1\r\nHost: {{host}}\r\n\r\n"
FRAMINGS = {
    "a length and chunks": "Content-Length: 6\nTransfer-Encoding: chunked",
    "chunks and a length": "Transfer-Encoding: chunked\nContent-Length: 6",
    "two lengths": "Content-Length: 5\nContent-Length: 6",
    "two equal lengths": "Content-Length: 5\nContent-Length: 5",
    "a list of lengths": "Content-Length: 5, 5",
    "a signed length": "Content-Length: +5",
    "a negative length": "Content-Length: -5",
    "a length in hexadecimal": "Content-Length: 0x5",
    "a length beyond all numbers": "Content-Length: 99999999999999999999999999",
    "chunks in disguise": "Transfer-Encoding: xchunked",
    "chunks behind a tab": "Transfer-Encoding:\tchunked\nContent-Length: 0",
    "chunks not last": "Transfer-Encoding: chunked, identity",
    "chunks twice": "Transfer-Encoding: chunked\nTransfer-Encoding: chunked",
    "identity": "Transfer-Encoding: identity\nContent-Length: 0",
    "an encoding that is none": f"Transfer-Encoding: {MARK}",
    "chunks with a control character": "Transfer-Encoding: \x0bchunked",
}


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS)
def test_a_doubtful_length_never_makes_two_requests_of_one(target: Target, framing: str) -> None:
    """What stands behind the doubt is not answered as another's request would be."""
    smuggled = SMUGGLED.replace("{host}", target.host).encode()
    head = f"POST /en/mailbox/open HTTP/1.1\nHost: {{host}}\n{framing}"
    answer = target.ask(head, b"0\r\n\r\n" + smuggled)
    assert 404 not in statuses(answer)
    assert statuses(answer) != []


CHUNKS = {
    "no number": b"zz\r\nabc\r\n0\r\n\r\n",
    "a negative one": b"-3\r\nabc\r\n0\r\n\r\n",
    "one beyond all": b"f" * 40 + b"\r\nabc\r\n0\r\n\r\n",
    "a bare line feed": b"3\nabc\n0\n\n",
    "an extension": b"3;" + MARK.encode() + b"=1\r\nabc\r\n0\r\n\r\n",
    "an extension without end": b"3;" + MARK.encode() * 9000 + b"\r\nabc\r\n0\r\n\r\n",
    "trailers": b"3\r\nabc\r\n0\r\nX: " + MARK.encode() + b"\r\nContent-Length: 9\r\n\r\n",
    "trailers without end": b"3\r\nabc\r\n0\r\n" + b"X: " + MARK.encode() * 9000 + b"\r\n\r\n",
    "more than it says": b"3\r\nabcdef\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_strange_chunks_get_a_plain_answer(target: Target, chunks: bytes) -> None:
    lines = f"POST {REPORT} HTTP/1.1\nHost: {{host}}\nTransfer-Encoding: chunked\nConnection: close"
    answer = target.ask(f"{lines}\nContent-Type: multipart/form-data; boundary=b", chunks)
    assert set(statuses(answer)) <= {400, 413, 415, 422, 431}


def test_answers_to_requests_in_a_row_come_in_their_order(target: Target) -> None:
    raw = "".join(
        f"GET {path} HTTP/1.1\r\nHost: {target.host}\r\n\r\n"
        for path in ("/en/", "/nowhere", "/en/sent", "/en/report", "/favicon.ico")
    )
    assert statuses(target.send(raw.encode())) == [200, 404, 403, 303, 204]


def test_a_thousand_requests_in_a_row_are_answered_or_ended(target: Target) -> None:
    raw = f"GET /favicon.ico HTTP/1.1\r\nHost: {target.host}\r\n\r\n" * 1000
    assert set(statuses(target.send(raw.encode()))) == {204}


def test_who_waits_for_a_go_ahead_gets_one_answer(target: Target) -> None:
    lines = f"POST {REPORT} HTTP/1.1\nHost: {{host}}\nExpect: 100-continue\nConnection: close"
    kind = "Content-Type: multipart/form-data; boundary=b"
    answer = target.ask(f"{lines}\n{kind}\nContent-Length: {len(FORM)}", FORM)
    assert [status for status in statuses(answer) if status >= 200] == [422]


def test_an_expectation_that_is_none_is_no_matter(target: Target) -> None:
    answer = target.ask(f"GET /en/ HTTP/1.1\nHost: {{host}}\nExpect: {MARK}\nConnection: close")
    assert statuses(answer)[-1] in {200, 417}


NO_HTTP = {
    "nothing": b"",
    "a line end": b"\r\n" * 10,
    "TLS": bytes.fromhex("16030100c8010000c4030355") + MARK.encode(),
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "HTTP/0.9": b"GET /en/\r\n",
    "HTTP/9.9": b"GET /en/ HTTP/9.9\r\nHost: x\r\n\r\n",
    "SSH": b"SSH-2.0-" + MARK.encode() + b"\r\n",
    "a proxy's greeting": b"PROXY TCP4 "
    + MARK.encode()
    + b" 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\n\r\n",
    "noise": bytes(range(256)) * 200,
    "zeros": bytes(70_000),
}


@pytest.mark.parametrize("raw", NO_HTTP.values(), ids=NO_HTTP)
def test_what_is_no_http_is_refused(target: Target, raw: bytes) -> None:
    assert set(statuses(target.send(raw, half_close=True))) <= {400, 421, 431}


def test_http_1_0_is_answered_or_refused(target: Target) -> None:
    (status,) = statuses(target.send(b"GET /en/ HTTP/1.0\r\n\r\n"))
    assert status == 421
    assert statuses(target.send(f"GET /en/ HTTP/1.0\r\nHost: {target.host}\r\n\r\n".encode())) == [
        200
    ]


SMALL_FORMS = {
    "nothing": b"",
    "a field twice": f"words={MARK}&words={MARK}".encode(),
    "bytes that are not ASCII": "words=\u2603".encode(),
    "bad UTF-8": b"words=%ff%fe",
    "a null byte": b"words=%00&reply=%00&all=%00",
    "many fields": b"&".join([b"a=b"] * 3000),
    "a long field": b"words=" + b"a" * 20_000,
    "a hash that is none": f"reply={MARK}".encode(),
    "a long hash": b"reply=" + b"ab" * 4000,
}


@pytest.mark.parametrize("path", ["/en/mailbox/open", "/en/mailbox/erase", "/en/sent/check"])
@pytest.mark.parametrize("body", SMALL_FORMS.values(), ids=SMALL_FORMS)
def test_strange_small_forms_get_a_plain_answer(target: Target, path: str, body: bytes) -> None:
    lines = f"POST {path} HTTP/1.1\nHost: {{host}}\nConnection: close\nContent-Length: {len(body)}"
    answer = target.ask(f"{lines}\nContent-Type: application/x-www-form-urlencoded", body)
    (status,) = statuses(answer)
    assert 400 <= status < 500


def test_it_still_answers(target: Target) -> None:
    assert statuses(target.ask("GET /en/ HTTP/1.1\nHost: {host}\nConnection: close")) == [200]
