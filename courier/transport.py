"""HTTP over Tor's SOCKS port or this machine, by a time at which each request has ended.

Timeouts of a single read end nobody who sends a little again and again: a header letter by letter,
interim responses without end. So what is left until the deadline bounds every step on the wire.
"""

import contextvars
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any

import httpcore2
import httpx2

from courier.settings import NO_PROXY

Auth = tuple[bytes, bytes]
_PIECE_BYTES = 1 << 14  # a write of more is several steps
_KEEP_ALIVE_SECONDS = 5.0
_until: contextvars.ContextVar[float] = contextvars.ContextVar("until")
FAILURES = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
)
"""What a request may fail with."""
NO_CONNECTION = (
    httpcore2.ConnectError,
    httpcore2.ConnectTimeout,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
)
"""Those before anything was sent."""


@contextmanager
def ending_by(moment: float) -> Iterator[None]:
    """Let whatever this thread does on the wire end by a moment of the monotonic clock."""
    before = _until.set(moment)
    try:
        yield
    finally:
        _until.reset(before)


class Transport(httpx2.BaseTransport):
    """Connections by one way, each step of them held to the deadline of its request."""

    def __init__(self, proxy: str, *, connections: int, auth: Auth | None = None) -> None:
        """Open no connection yet.

        Args:
            proxy: Tor's SOCKS port, or `none`.
            connections: at the same time.
            auth: what Tor parts circuits by, if it is to be another one (`IsolateSOCKSAuth`).
        """
        options: dict[str, Any] = {
            "max_connections": connections,
            "keepalive_expiry": _KEEP_ALIVE_SECONDS,
            "network_backend": _Backend(),
        }
        self._pool: httpcore2.ConnectionPool = (
            httpcore2.ConnectionPool(**options)
            if proxy == NO_PROXY
            else httpcore2.SOCKSProxy(proxy, proxy_auth=auth, **options)
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and return its answer, to be read.

        Raises:
            FAILURES: it cannot be done, or not in time.
        """
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore2.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore2.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore2.NetworkStream):
    """A connection that gives each step only what is left."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE_BYTES):
            left = _left(timeout, httpcore2.WriteTimeout)
            self._stream.write(buffer[start : start + _PIECE_BYTES], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, late: type[httpcore2.TimeoutException]) -> float:
    """Return how long a step may take; refuse it when the time has come."""
    left = _until.get() - time.monotonic()
    if left <= 0:
        raise late
    return left if timeout is None else min(timeout, left)
