"""However slowly a service answers, a run ends, and what is kept back becomes an alarm."""

import contextlib
import http.server
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from courier.errors import CourierError, TroubleError
from courier.pull import Pulled
from crypto.log_watch import Cause
from tests.courier.listener import Listener
from tests.courier.support import Errand, make_errand
from tests.support.carried import CHANNEL, OTHER_CHANNEL

MOST_SECONDS = 8
PIECE = 1 << 16


def ended(work: Callable[[], Pulled]) -> Pulled | CourierError:
    """Work in a thread of its own, and hold it to end."""
    found: list[Pulled | CourierError] = []

    def run() -> None:
        try:
            found.append(work())
        except CourierError as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(MOST_SECONDS)
    assert found, "it goes on for ever"
    return found[0]


def lie_about(
    listener: Listener, answer: Callable[[http.server.BaseHTTPRequestHandler], None]
) -> str:
    """Let an answer of a test's own come in the place of one envelope; return its path's end."""
    victim = listener.logs[CHANNEL].days[0].leaves[0].hex()
    listener.answers[f"/courier/envelopes/{CHANNEL}/{victim}"] = answer
    return victim


def begin(handler: http.server.BaseHTTPRequestHandler, length: int = 1 << 30) -> None:
    handler.send_response(200)
    handler.send_header("content-length", f"{length}")
    handler.end_headers()
    handler.close_connection = True


def noise(handler: http.server.BaseHTTPRequestHandler) -> None:
    begin(handler)
    handler.wfile.write(os.urandom(PIECE))


def drops(handler: http.server.BaseHTTPRequestHandler) -> None:
    begin(handler)
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(bytes(4096))
            time.sleep(0.05)


def test_noise_that_breaks_off_again_and_again_is_no_gain(
    errand: Errand, listener: Listener
) -> None:
    victim = lie_about(listener, noise)
    pulled = ended(errand.pull)
    assert isinstance(pulled, Pulled)
    assert "1 of the new envelopes" in pulled.failed[CHANNEL]
    assert [path.name for path in pulled.bundles] == ["van-other-1.zip"]
    # twice, and once more for what the first brought
    assert len([path for _, path in listener.requests if victim in path]) <= 3


@pytest.mark.parametrize("limit", ["request_seconds", "run_seconds"])
def test_an_envelope_that_comes_drop_by_drop_is_not_waited_for(
    errand: Errand, listener: Listener, limit: str
) -> None:
    lie_about(listener, drops)
    errand.change(**{limit: 3.0 if limit == "run_seconds" else 0.5})
    pulled = ended(errand.pull)
    assert isinstance(pulled, Pulled)
    assert CHANNEL in pulled.failed
    assert [path.name for path in pulled.bundles] == ["van-other-1.zip"]


@pytest.mark.parametrize("answer", [noise, drops])
def test_what_is_kept_back_for_days_is_an_alarm_and_the_others_go_out(
    errand: Errand,
    listener: Listener,
    answer: Callable[[http.server.BaseHTTPRequestHandler], None],
) -> None:
    lie_about(listener, answer)
    errand.change(request_seconds=0.5, tries=1)
    for _ in range(4):
        pulled = ended(errand.pull)
        errand.sleep()
    assert isinstance(pulled, Pulled)
    assert Cause.MISSING in [alarm.cause for alarm in pulled.alarms]
    assert f"van-{CHANNEL}-1.zip" in [path.name for path in pulled.bundles]


def test_since_when_an_envelope_is_waited_for_is_known_before_it_is_asked_for(
    errand: Errand, listener: Listener
) -> None:
    seen: list[bool] = []
    troubles = errand.directory / "channels" / CHANNEL / "troubles.json"

    def look(handler: http.server.BaseHTTPRequestHandler) -> None:
        seen.append(troubles.is_file())
        begin(handler, 0)

    lie_about(listener, look)
    errand.pull()
    assert seen
    assert all(seen)


def interim(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.05)


def letters(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        connection.sendall(b"a")
        time.sleep(0.05)


@contextlib.contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve whoever connects, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.recv(4096)
                talk(connection)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("talk", [interim, letters])
def test_a_head_of_an_answer_that_never_ends_is_not_waited_for(
    tmp_path: Path, talk: Callable[[socket.socket], None]
) -> None:
    with talking(talk) as origin:
        errand = make_errand(tmp_path, origin)
        errand.change(request_seconds=0.5, tries=1)
        assert isinstance(ended(errand.pull), TroubleError)


def test_a_channel_that_takes_its_time_leaves_the_next_one_its_own(
    errand: Errand, listener: Listener
) -> None:
    for channel in (CHANNEL, OTHER_CHANNEL):
        leaf = listener.logs[channel].days[0].leaves[0].hex()
        listener.answers[f"/courier/envelopes/{channel}/{leaf}"] = drops
    errand.change(run_seconds=4.0)
    pulled = ended(errand.pull)
    assert isinstance(pulled, Pulled)
    for channel in (CHANNEL, OTHER_CHANNEL):
        asked = listener.asked(f"/courier/envelopes/{channel}")
        assert len(set(asked)) == 8
        assert "1 of the new envelopes" in pulled.failed[channel]
