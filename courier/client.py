"""HTTP to one origin, through Tor: bounded answers, nothing of the environment, nothing followed.

Whatever answers is not trusted: not to be quick, not to be short, not to answer what was asked.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self, TypeVar

import httpx2
from socksio.exceptions import SOCKSError

from courier.errors import (
    AlteredError,
    NotThereError,
    RefusedError,
    StrangerError,
    TroubleError,
    UnreachableError,
)
from courier.settings import NO_PROXY, Settings

_LEAST_BYTES = 4096  # in each `wait_seconds`: Tor is slow, and this only ends what stands still
_T = TypeVar("_T")
_Content = bytes | Iterator[bytes]
Sign = Callable[[str, str, bytes | None], dict[str, str]]
"""Makes the headers of a signed request from its method, its path and its body's SHA-256."""

_NO_CONNECTION = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    SOCKSError,
)
_REFUSALS = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}


def unsigned(method: str, path: str, sha256: bytes | None) -> dict[str, str]:
    """Sign nothing: a request as anybody makes it."""
    del method, path, sha256
    return {}


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries: its length, its SHA-256, and a way to read it from the start."""

    size: int
    sha256: bytes
    kind: str
    blocks: Callable[[], Iterator[bytes]]


class Client:
    """Requests to one origin; each of them is tried again a few times before it is given up.

    Args:
        origin: scheme, host and port.
        settings: the way there, and how patient to be.
        sign: asked anew for every try, since a nonce serves once.
    """

    def __init__(self, origin: str, settings: Settings, sign: Sign = unsigned) -> None:
        self._origin, self._settings, self._sign = origin, settings, sign
        self._once = False  # whether each connection serves for one request only
        self._http = httpx2.Client(
            proxy=None if settings.proxy == NO_PROXY else settings.proxy,
            trust_env=False,  # a proxy of the environment would lead past Tor
            follow_redirects=False,
            timeout=settings.wait_seconds,
            limits=httpx2.Limits(max_connections=settings.requests_at_once),
            headers={"user-agent": "candor", "accept-encoding": "identity"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def get(self, path: str, *, max_bytes: int) -> bytes:
        """Fetch something small.

        Raises:
            UnreachableError, TroubleError: again and again, until it was given up.
            NotThereError, RefusedError, StrangerError: by the answer's status.
        """

        def attempt() -> bytes:
            with self.answer("GET", path) as response:
                return b"".join(self.blocks(response, max_bytes=max_bytes))

        return self.patiently(attempt)

    def send(self, method: str, path: str, body: Body, *, max_bytes: int) -> bytes:
        """Send a body, and return the answer; for what does no harm when it is done twice.

        Raises:
            UnreachableError, TroubleError: again and again, until it was given up.
            NotThereError, RefusedError, StrangerError: by the answer's status.
        """

        def attempt() -> bytes:
            with self.answer(method, path, body=body) as response:
                return b"".join(self.blocks(response, max_bytes=max_bytes))

        return self.patiently(attempt)

    def patiently(self, attempt: Callable[[], _T]) -> _T:
        """Try until it succeeds, or fails too often without having gained anything."""
        left = self._settings.tries
        while True:
            try:
                return attempt()
            except (UnreachableError, TroubleError) as error:
                # an answer to another question may be one of a connection that is out of step
                self._once = self._once or isinstance(error, AlteredError)
                gained = isinstance(error, TroubleError) and error.gained
                left = self._settings.tries if gained else left - 1
                if not left:
                    raise
            time.sleep(self._settings.pause_seconds)

    @contextmanager
    def answer(
        self, method: str, path: str, *, offset: int = 0, body: Body | None = None
    ) -> Iterator[httpx2.Response]:
        """Ask once, and hand out an answer that is neither refused nor encoded."""
        headers = self._sign(method, path, body.sha256 if body else None)
        if offset:
            headers["range"] = f"bytes={offset}-"
        if self._once:
            headers["connection"] = "close"
        if body:
            headers |= {"content-type": body.kind, "content-length": f"{body.size}"}
        content = body.blocks() if body else None
        url = f"{self._origin}{path}"
        with (
            _translating(),
            self._http.stream(method, url, headers=headers, content=content) as response,
        ):
            _judge(method, response)
            yield response

    def blocks(self, response: httpx2.Response, *, max_bytes: int) -> Iterator[bytes]:
        """Read an answer's body as it comes.

        Raises:
            TroubleError: it stands still, grows beyond measure, or ends before its end.
        """
        pace, total = _Pace(self._settings.wait_seconds), 0
        with _translating():
            for block in response.iter_raw():
                total += len(block)
                if total > max_bytes:
                    raise TroubleError("the service answers with more than there can be")
                pace.count(len(block))
                yield block


class _Pace:
    """Holds an answer to some bytes in each span of time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._bytes, self._until = 0, time.monotonic() + seconds

    def count(self, size: int) -> None:
        self._bytes += size
        now = time.monotonic()
        if now < self._until:
            return
        if self._bytes < _LEAST_BYTES:
            raise TroubleError("the service stops in the middle of an answer")
        self._bytes, self._until = 0, now + self._seconds


@contextmanager
def _translating() -> Iterator[None]:
    """Say of a failed connection what it means here."""
    try:
        yield
    except _NO_CONNECTION:
        raise UnreachableError(
            "the service cannot be reached: is Tor running, and the service?"
        ) from None
    except (httpx2.HTTPError, httpx2.StreamError):
        raise TroubleError("the connection to the service breaks off, or stands still") from None


def _judge(method: str, response: httpx2.Response) -> None:
    """Refuse an answer by its status, or because its end could not be told."""
    status, headers = response.status_code, response.headers
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise StrangerError(
            "the service does not take this courier: its roster may not name it, or no longer, or"
            " not for this channel; or this machine's clock is wrong by more than five minutes"
        )
    if status == HTTPStatus.NOT_FOUND:
        raise NotThereError("the service has no such thing")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise AlteredError("the service has less of it than it gave before")
    if status in _REFUSALS:
        raise RefusedError("the service refuses what was sent")
    if status == HTTPStatus.NO_CONTENT and method != "GET":
        return
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise TroubleError("the service cannot answer now, or is not a service for couriers")
    if "content-encoding" in headers or not {"content-length", "transfer-encoding"} & set(headers):
        raise TroubleError("the service answers in a form that it does not use")
