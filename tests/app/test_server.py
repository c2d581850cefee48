"""A real server process: its clocks, its bounds, and how it says no."""

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.connection import LINGER_BYTES, MAX_HEADER_BYTES
from app.security import SECURITY_HEADERS
from tests.app.forms import field, file, form
from tests.support.service import Running, running_service

PATIENCE = 15.0
FIELDS = [field("reader", "press"), field("report", "what I saw")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_service(
        tmp_path_factory.mktemp("served") / "house",
        header_seconds=1,
        stall_seconds=1,
        stall_bytes=64,
        keep_alive_seconds=1,
        report_limit=4 << 20,
    ) as service:
        yield service


def request(running: Running, head: str, body: bytes = b"") -> bytes:
    return head.format(host=f"127.0.0.1:{running.port}").replace("\n", "\r\n").encode() + body


def get(running: Running, path: str = "/en/") -> bytes:
    return request(running, f"GET {path} HTTP/1.1\nHost: {{host}}\n\n")


def post(running: Running, body: bytes, length: int | None = None) -> bytes:
    return request(
        running,
        "POST /en/report/general HTTP/1.1\nHost: {host}\n"
        "Content-Type: multipart/form-data; boundary=b\n"
        f"Content-Length: {len(body) if length is None else length}\n\n",
        body,
    )


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes; a reset ends it as well."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            answer += piece
    return answer


def drip(connection: socket.socket, data: bytes, every: float) -> threading.Thread:
    def send() -> None:
        with contextlib.suppress(OSError):
            for byte in data:
                connection.sendall(bytes([byte]))
                time.sleep(every)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


def test_an_answer_has_no_server_no_date_and_every_header_of_ours(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(get(running))
        head = read_all(connection).partition(b"\r\n\r\n")[0].decode().lower()
    assert head.startswith("http/1.1 200 ok")
    assert "\r\nserver:" not in head
    assert "\r\ndate:" not in head
    for name, value in SECURITY_HEADERS.items():
        assert f"{name}: {value}".lower() in head


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /en/ HTTP/1.1\nHost: evil.example\n\n", 421),
        ("GET /en/ HTTP/1.1\n\n", 421),
        ("GET /en/ HTTP/1.1\nHost: {host}\nHost: {host}\n\n", 421),
        ("POST /en/report/general HTTP/1.1\nHost: {host}\nOrigin: http://evil.example\n\n", 403),
        ("POST /en/report/general HTTP/1.1\nHost: {host}\nOrigin: null\n\n", 403),
        ("DELETE /en/ HTTP/1.1\nHost: {host}\n\n", 405),
        ("GET /nowhere HTTP/1.1\nHost: {host}\n\n", 404),
        ("GET /docs HTTP/1.1\nHost: {host}\n\n", 404),
        ("GET /openapi.json HTTP/1.1\nHost: {host}\n\n", 404),
        ("GET /%ff%00 HTTP/1.1\nHost: {host}\n\n", 404),
        ("no http at all\n\n", 400),
        ("GET /en/ HTTP/1.1\nHost: {host}\nX: " + "x" * MAX_HEADER_BYTES + "\n\n", 400),
        ("GET /en/ HTTP/1.1\nHost: {host}\nX: " + "x" * 300_000, 431),
    ],
)
def test_a_bad_request_gets_a_plain_answer_with_every_header(
    running: Running, head: str, status: int
) -> None:
    with running.connect() as connection:
        connection.sendall(request(running, head))
        answer = read_all(connection).decode()
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert "default-src 'none'" in answer
    assert "evil" not in answer


def test_a_silent_connection_ends(running: Running) -> None:
    with running.connect(PATIENCE) as connection:
        assert read_all(connection) == b""


def test_a_header_that_drips_ends_however_steadily_it_comes(running: Running) -> None:
    with running.connect(PATIENCE) as connection:
        drip(connection, get(running) * 5, every=0.2)
        assert read_all(connection).startswith(b"HTTP/1.1 408 ")


def test_empty_lines_between_requests_do_not_keep_a_connection(running: Running) -> None:
    with running.connect(PATIENCE) as connection:
        connection.sendall(get(running))
        connection.recv(65536)
        drip(connection, b"\r\n" * 200, every=0.2)
        started = time.monotonic()
        read_all(connection)
        assert time.monotonic() - started < PATIENCE


def test_an_idle_connection_ends(running: Running) -> None:
    with running.connect(PATIENCE) as connection:
        connection.sendall(get(running) + get(running))
        assert read_all(connection).count(b"HTTP/1.1 200 OK") == 2


def test_a_body_that_drips_ends_and_leaves_nothing(running: Running) -> None:
    before = len(running.house.stored())
    body = form(*FIELDS, file("a", bytes(50_000)))
    with running.connect(PATIENCE) as connection:
        connection.sendall(post(running, body[:-1000], len(body)))
        drip(connection, body[-1000:], every=0.2)
        assert read_all(connection).startswith(b"HTTP/1.1 408 ")
    assert eventually(lambda: len(running.house.stored()) == before)


def test_a_body_that_comes_slowly_and_steadily_arrives(running: Running) -> None:
    body = form(*FIELDS)
    before = len(running.house.bags())
    with running.connect(PATIENCE) as connection:
        sent = post(running, body)
        for start in range(0, len(sent), 40):
            connection.sendall(sent[start : start + 40])
            time.sleep(0.2)
        assert connection.recv(65536).startswith(b"HTTP/1.1 303 ")
    assert len(running.house.bags()) == before + 1


def test_a_client_that_is_gone_leaves_nothing(running: Running) -> None:
    before = len(running.house.stored())
    body = form(*FIELDS, file("a", bytes(3 << 20)))
    with running.connect() as connection:
        connection.sendall(post(running, body[: 2 << 20], len(body)))
        assert eventually(lambda: len(running.house.stored()) > before)
    assert eventually(lambda: len(running.house.stored()) == before)


def test_a_large_length_is_refused_before_a_file_was_sent(running: Running) -> None:
    """The texts are taken first, so that the page gives them back."""
    body = form(*FIELDS, file("a", bytes(1 << 16)))[: -len(b"\r\n--b--\r\n")]
    with running.connect(PATIENCE) as connection:
        connection.sendall(post(running, body, 5 << 30))
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    assert b"what I saw" in answer


def test_an_early_refusal_goes_on_reading_within_bounds(running: Running) -> None:
    """A client that sends everything before it reads still gets the page."""
    body = form(*FIELDS, file("a", b"x"))[: -len(b"\r\n--b--\r\n")]
    sent = 0
    with running.connect(PATIENCE) as connection:
        connection.sendall(post(running, body, 1 << 40))
        with contextlib.suppress(OSError):
            while sent < 4 * LINGER_BYTES:
                connection.sendall(bytes(1 << 20))
                sent += 1 << 20
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.rstrip().endswith(b"</html>")
    assert LINGER_BYTES // 2 < sent < 2 * LINGER_BYTES


def test_a_small_rest_is_read_to_its_end(running: Running) -> None:
    body = form(field("csrf", "x"), *FIELDS, file("a", bytes(3 << 20)))
    with running.connect(PATIENCE) as connection:
        connection.sendall(post(running, body))
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 422 ")
    assert answer.rstrip().endswith(b"</html>")


def test_a_bad_request_leaves_no_line_in_the_log(running: Running) -> None:
    assert eventually(lambda: "batch done" in running.log.read_text())
    before = running.log.read_text()
    for sent in (
        b"\x16\x03\x01 marker\r\n\r\n",
        get(running, "/en/marker"),
        post(running, b"marker"),
    ):
        with running.connect() as connection:
            connection.sendall(sent)
            read_all(connection)
    assert running.log.read_text() == before


def test_a_stopping_service_lets_a_report_arrive(tmp_path: Path) -> None:
    body = form(*FIELDS, file("a", bytes(300_000)))
    with running_service(tmp_path / "house") as running:
        with running.connect(PATIENCE) as connection:
            sent = post(running, body)
            connection.sendall(sent[:200_000])
            assert eventually(lambda: bool(running.house.stored()))
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(sent[200_000:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 303 ")
        assert running.stop() == 0
        assert len(running.house.bags()) == 1


def test_a_killed_service_leaves_nothing_after_its_next_start(tmp_path: Path) -> None:
    from tests.support.service import serving

    body = form(*FIELDS, file("a", bytes(300_000)))
    with running_service(tmp_path / "house") as running:
        with running.connect(PATIENCE) as connection:
            connection.sendall(post(running, body)[:200_000])
            assert eventually(lambda: bool(running.house.stored()))
            running.stop(signal.SIGKILL)
        with serving(running.house):
            assert running.house.stored() == []
