"""HTTP to one origin, through Tor: bounded answers, nothing of the environment, nothing followed.

Whatever answers is not trusted: not to be quick, not to be short, not to answer what was asked.
Every request has ended by a deadline of its own, and by that of what it is part of.
"""

import math
import secrets
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
from courier.settings import Settings
from courier.transport import FAILURES, NO_CONNECTION, Transport, ending_by

_LEAST_BYTES = 4096  # in each `wait_seconds`: Tor is slow, and this only ends what stands still
_T = TypeVar("_T")
_Content = bytes | Iterator[bytes]
Sign = Callable[[str, str, bytes | None], dict[str, str]]
"""Makes the headers of a signed request from its method, its path and its body's SHA-256."""

_PLAIN = (("User-Agent", "candor"), ("Accept-Encoding", "identity"))
AS_A_BROWSER = (
    ("User-Agent", "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-US,en;q=0.5"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Sec-GPC", "1"),
    ("Connection", "keep-alive"),
    ("Upgrade-Insecure-Requests", "1"),
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "none"),
    ("Sec-Fetch-User", "?1"),
    ("Priority", "u=0, i"),
)
"""What Tor Browser 15 sends for an address that was typed in; to be renewed with each major one."""
_CODINGS = {"gzip", "deflate"}
_REFUSALS = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}


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
        sign: asked anew for every try, since a nonce serves once; None to ask as a source's browser
            does, by a circuit that no other client has.
    """

    def __init__(self, origin: str, settings: Settings, sign: Sign | None) -> None:
        self._origin, self._settings, self._sign = origin, settings, sign
        self._once = False  # whether each connection serves for one request only
        self._until = math.inf
        self._http = httpx2.Client(
            transport=Transport(
                settings.proxy,
                connections=settings.requests_at_once,
                auth=None if sign else _own_circuit(),
            ),
            trust_env=False,  # a proxy of the environment would lead past Tor
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let everything that is asked in the block, in whatever thread, end in this time."""
        self._until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._until = math.inf

    @property
    def is_overdue(self) -> bool:
        """Whether the time is over, and nothing more is asked."""
        return time.monotonic() >= self._until

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
                if not left or self.is_overdue:
                    raise
            time.sleep(self._settings.pause_seconds)

    @contextmanager
    def answer(
        self, method: str, path: str, *, offset: int = 0, body: Body | None = None
    ) -> Iterator[httpx2.Response]:
        """Ask once, and hand out an answer that is neither refused nor in an unknown coding.

        Raises:
            TroubleError: it has not come by the deadline, among others.
        """
        request = self._request(method, path, offset, body)
        moment = min(time.monotonic() + self._settings.request_seconds, self._until)
        with ending_by(moment), _translating():
            if self.is_overdue:
                raise TroubleError("the service was given all the time there is for it")
            response = self._http.send(request, stream=True)
            try:
                _judge(method, response, set() if self._sign else _CODINGS)
                yield response
            finally:
                response.close()

    def _request(self, method: str, path: str, offset: int, body: Body | None) -> httpx2.Request:
        headers = dict(_PLAIN if self._sign else AS_A_BROWSER)
        if self._sign:
            headers |= self._sign(method, path, body.sha256 if body else None)
        if offset:
            headers["range"] = f"bytes={offset}-"
        if self._once:
            headers["Connection"] = "close"
        if body:
            headers |= {"content-type": body.kind, "content-length": f"{body.size}"}
        return httpx2.Request(
            method,
            f"{self._origin}{path}",
            headers=headers,
            content=body.blocks() if body else None,
            extensions={"timeout": httpx2.Timeout(self._settings.wait_seconds).as_dict()},
        )

    def blocks(self, response: httpx2.Response, *, max_bytes: int) -> Iterator[bytes]:
        """Read an answer's body as it comes.

        Raises:
            TroubleError: it stands still, grows beyond measure, or ends before its end.
        """
        pace, total = _Pace(self._settings.wait_seconds), 0
        with _translating():
            for block in response.iter_bytes():
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
    except (*NO_CONNECTION, SOCKSError):
        raise UnreachableError(
            "the service cannot be reached: is Tor running, and the service?"
        ) from None
    except (*FAILURES, httpx2.HTTPError, httpx2.StreamError):
        raise TroubleError("the connection to the service breaks off, or stands still") from None


def _own_circuit() -> tuple[bytes, bytes]:
    """Draw a name and a password of which Tor knows nothing, and for which it builds a circuit."""
    return secrets.token_hex(16).encode(), secrets.token_hex(16).encode()


def _judge(method: str, response: httpx2.Response, codings: set[str]) -> None:
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
    encoded = headers.get("content-encoding")
    ends = {"content-length", "transfer-encoding"} & set(headers)
    if not ends or (encoded is not None and encoded not in codings):
        raise TroubleError("the service answers in a form that it does not use")
