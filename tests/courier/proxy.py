"""Somebody hostile between a courier and the service: drops, stalls, doubles, alters, replays."""

import contextlib
import http.client
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, cast


class Mischief(StrEnum):
    """What is done to an answer."""

    DROP = "drop"
    STALL = "stall"
    TRUNCATE = "truncate"
    DUPLICATE = "duplicate"
    ALTER = "alter"
    REPLAY = "replay"
    BOUNDLESS = "boundless"


Plan = Callable[[str], Mischief | None]
"""Tells from a path what is done to its answer."""


@dataclass
class Proxy:
    """What it has seen, and what it does next.

    Attributes:
        requests: method and path of each, in order.
        over: ends every stall.
    """

    upstream: int
    port: int
    plan: Plan = field(default=lambda _path: None)
    requests: list[tuple[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _earlier: list[bytes] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def once_each(self, mischief: Mischief) -> None:
        """Do it to the first answer of every path."""
        done: set[str] = set()

        def plan(path: str) -> Mischief | None:
            if path in done:
                return None
            done.add(path)
            return mischief

        self.plan = plan

    def always(self, mischief: Mischief, start: str = "/") -> None:
        """Do it to every answer of these paths."""
        self.plan = lambda path: mischief if path.startswith(start) else None

    def honest(self) -> None:
        """Do nothing more."""
        self.plan = lambda _path: None

    def carry(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        """Ask the service, and write the answer as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        kept = "".join(f"{k}: {v}\r\n" for k, v in answer.getheaders())
        return f"HTTP/1.1 {answer.status} {answer.reason}\r\n{kept}\r\n".encode() + content

    def spoil(self, path: str, answer: bytes) -> tuple[bytes, Mischief | None]:
        """Return what is sent in an answer's place, and what was done."""
        with self._lock:
            mischief = self.plan(path)
            earlier = self._earlier[-1] if self._earlier else answer
            self._earlier.append(answer)
        sent = {
            Mischief.DROP: lambda: b"",
            Mischief.STALL: lambda: _half(answer),
            Mischief.TRUNCATE: lambda: _half(answer),
            Mischief.DUPLICATE: lambda: answer + answer,
            Mischief.ALTER: lambda: _altered(answer),
            Mischief.REPLAY: lambda: earlier,
            Mischief.BOUNDLESS: lambda: _half(_without_length(answer)),
        }
        return sent[mischief]() if mischief else answer, mischief


def _half(answer: bytes) -> bytes:
    """Leave half of the body out."""
    head, blank, content = answer.partition(b"\r\n\r\n")
    return head + blank + content[: len(content) // 2]


def _altered(answer: bytes) -> bytes:
    """Turn a bit in the middle of the body."""
    head, blank, content = answer.partition(b"\r\n\r\n")
    middle = len(content) // 2
    turned = bytes([content[middle] ^ 1]) if content else b""
    return head + blank + content[:middle] + turned + content[middle + 1 :]


def _without_length(answer: bytes) -> bytes:
    """Let the end of the connection be the end of the body."""
    head, blank, content = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"content-length")]
    return b"\r\n".join(kept) + blank + content


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    proxy: Proxy

    def handle(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            while self._carry_one():
                pass

    def _carry_one(self) -> bool:
        first = self.rfile.readline().split()
        if len(first) != 3:
            return False
        method, path = first[0].decode(), first[1].decode()
        headers = dict(http.client.parse_headers(cast("BinaryIO", self.rfile)).items())
        body = self.rfile.read(int(headers.get("content-length", 0)))
        self.proxy.requests.append((method, path))
        answer = self.proxy.carry(method, path, headers, body)
        sent, mischief = self.proxy.spoil(path, answer)
        self.wfile.write(sent)
        if mischief is Mischief.STALL:
            self.proxy.over.wait(30)
        return mischief not in {
            Mischief.DROP,
            Mischief.STALL,
            Mischief.TRUNCATE,
            Mischief.BOUNDLESS,
        }


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def between(upstream: int) -> Iterator[Proxy]:
    """Stand between a courier and the service at this port."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        proxy = Proxy(upstream, server.server_address[1])
        server.RequestHandlerClass = type("Handler", (_Handler,), {"proxy": proxy})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.over.set()
            server.shutdown()
            thread.join()
