"""A listener for couriers as a stranger writes it from the protocol; one that can also lie.

It judges no signature: what it is for is what a courier believes. The real service is in
`test_service.py`.
"""

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from crypto.inbound import RosterDocument
from crypto.log_day import LogDay, serialize_day
from tests.support.carried import (
    CHANNEL,
    FORM_BYTES,
    FORM_NAME,
    OTHER_CHANNEL,
    TODAY,
    Log,
    make_roster,
    signed,
)

_DAY = re.compile(r"/courier/log/([a-z]+)/(\d{4}-\d\d-\d\d)\.json")
_COSIGNATURE = re.compile(r"/courier/log/([a-z]+)/(\d{4}-\d\d-\d\d)/cosignature")
_ENVELOPE = re.compile(r"/courier/envelopes/([a-z]+)/([0-9a-f]{64})")


@dataclass
class Listener:
    """What is served; a test changes it as it likes.

    Attributes:
        lies: by path, what is answered in the truth's place: bytes, or a status.
        answers: by path, who writes the whole answer.
        requests: method and path of each.
        headers: of the last request for each path.
    """

    port: int
    roster: RosterDocument
    public: RosterDocument | None = None
    logs: dict[str, Log] = field(default_factory=dict)
    couriers: set[str] = field(default_factory=lambda: {"van", "boat"})
    lies: dict[str, bytes | int] = field(default_factory=dict)
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    cosignatures: dict[tuple[str, date], str] = field(default_factory=dict)
    headers: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    ranges: list[str] = field(default_factory=list)
    bundles: list[bytes] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def day(self, channel: str, day: date) -> LogDay | None:
        return next((made for made in self.logs[channel].days if made.day == day), None)

    def asked(self, start: str) -> list[str]:
        return [path for _, path in self.requests if path.startswith(start)]

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        self.requests.append((method, path))
        lie = self.lies.get(path)
        if isinstance(lie, int):
            return lie, b"no"
        found = self._take(path, body) if method != "GET" else self._show(path)
        if lie is not None:
            return 200, lie
        if found is None:
            return 404, b"no"
        return (200 if found else 204), found

    def _show(self, path: str) -> bytes | None:
        public = self.public or self.roster
        papers = {
            "/roster.json": public.document,
            "/roster.json.minisig": public.signature,
            "/courier/roster.json": self.roster.document,
            "/courier/roster.json.minisig": self.roster.signature,
            f"/courier/forms/{FORM_NAME}": FORM_BYTES,
        }
        if found := _DAY.fullmatch(path):
            day = self.day(found[1], date.fromisoformat(found[2]))
            return serialize_day(day) if day else None
        if found := _ENVELOPE.fullmatch(path):
            return self.logs[found[1]].envelopes.get(bytes.fromhex(found[2]))
        return papers.get(path)

    def _take(self, path: str, body: bytes) -> bytes | None:
        if path == "/courier/bundles":
            already = body in self.bundles
            self.bundles.append(body)
            counts = {"delivered": 0, "already": 8} if already else {"delivered": 8, "already": 0}
            return json.dumps(counts).encode()
        found = _COSIGNATURE.fullmatch(path)
        if found is None:
            return None
        self.cosignatures[found[1], date.fromisoformat(found[2])] = body.decode()
        return b""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True
    listener: Listener

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.listener.headers[self.path] = self.headers.items()
        if write := self.listener.answers.get(self.path):
            self.listener.requests.append((self.command, self.path))
            return write(self)
        signature = self.headers.get("signature-input", "")
        known = any(f'keyid="{name}"' in signature for name in self.listener.couriers)
        if self.path.startswith("/courier/") and not known:
            self.listener.requests.append((self.command, self.path))
            status, content = 403, b"no"
        else:
            status, content = self.listener.answer(self.command, self.path, body)
        if (asked := self.headers.get("range")) and status == 200:
            self.listener.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                status, content = 416, b"no"
            else:
                status, whole, content = 206, len(content), content[start:]
        self.send_response(status)
        if status == 206:
            self.send_header("content-range", f"bytes {start}-{whole - 1}/{whole}")
        if status != 204:
            self.send_header("content-length", f"{len(content)}")
        self.end_headers()
        self.wfile.write(content)
        return None

    do_GET = do_PUT = do_POST = _answer  # noqa: N815 - as the library asks for them

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of a courier that was killed."""


@contextlib.contextmanager
def listening(today: date = TODAY) -> Iterator[Listener]:
    """Serve two channels, each with four days of two envelopes, the last one yesterday's."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        port = server.server_address[1]
        term = {"issued": today - timedelta(days=100), "expires": today + timedelta(days=83)}
        roster = make_roster(origins=(f"http://127.0.0.1:{port}",), **term)
        listener = Listener(port, signed(roster))
        for channel in (CHANNEL, OTHER_CHANNEL):
            log = listener.logs[channel] = Log(channel)
            log.close_day(day=today - timedelta(days=4), witnesses=())
            for _ in range(3):
                log.close_day(witnesses=())
        server.RequestHandlerClass = type("Handler", (_Handler,), {"listener": listener})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
