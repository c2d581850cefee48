"""An HTTP client that costs little: raw sockets and large sends."""

import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

from benchmarks.form import CONTENT_TYPE

_RECEIVE_BYTES = 1 << 16
_TIMEOUT = 300.0


class FailedError(Exception):
    """An answer was not what a measurement needs."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, and how long it took from the first byte sent to the last received."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    bytes: int
    seconds: float

    def require(self, status: int) -> "Answer":
        if self.status != status:
            raise FailedError(f"the answer was {self.status}, not {status}: {self.body[:300]!r}")
        return self

    @property
    def cookie(self) -> str:
        return self.headers.get("set-cookie", "").partition(";")[0]


class Connection:
    """One connection, kept for as many requests as the server likes."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._host = f"{address[0]}:{address[1]}"
        self._socket = socket.create_connection(address, timeout=_TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._exchange([self._head("GET", path, dict(headers or {}))])

    def post(
        self,
        path: str,
        body: Iterable[bytes],
        length: int,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        lines = {**self._form_headers(), "Content-Length": str(length), **(headers or {})}
        return self._exchange(chain([self._head("POST", path, lines)], body))

    def begin_chunked(self, path: str) -> None:
        """Begin a post whose length nobody knows yet."""
        self._socket.sendall(
            self._head("POST", path, {**self._form_headers(), "Transfer-Encoding": "chunked"})
        )

    def send_chunk(self, data: bytes) -> None:
        self._socket.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def end_chunks(self) -> None:
        self._socket.sendall(b"0\r\n\r\n")

    def receive(self) -> Answer:
        return self._receive(time.perf_counter())

    def close(self) -> None:
        self._socket.close()

    def _form_headers(self) -> dict[str, str]:
        return {"Content-Type": CONTENT_TYPE, "Origin": f"http://{self._host}"}

    def _head(self, method: str, path: str, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def _exchange(self, parts: Iterable[bytes]) -> Answer:
        started = time.perf_counter()
        for part in parts:
            self._socket.sendall(part)
        return self._receive(started)

    def _receive(self, started: float) -> Answer:
        received = bytearray()
        while b"\r\n\r\n" not in received:
            self._more(received)
        head, _, _ = bytes(received).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(_header(line) for line in lines)
        end = len(head) + 4 + int(headers.get("content-length", "0"))
        while len(received) < end:
            self._more(received)
        seconds = time.perf_counter() - started
        body = bytes(received[len(head) + 4 :])
        return Answer(int(first.split()[1]), headers, body, len(received), seconds)

    def _more(self, received: bytearray) -> None:
        data = self._socket.recv(_RECEIVE_BYTES)
        if not data:
            raise FailedError("the connection was closed without an answer")
        received += data


@contextmanager
def connected(address: tuple[str, int]) -> Iterator[Connection]:
    connection = Connection(address)
    try:
        yield connection
    finally:
        connection.close()


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip()
