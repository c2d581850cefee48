"""A connection's manners: time limits that uvicorn lacks, and answers that arrive.

Three clocks hold a connection's time without progress, whatever a stranger does:

- a header must be complete within `header_seconds`, and within MAX_HEADER_BYTES;
- a body must bring `stall_bytes` in each `stall_seconds`, unless it is we who do not read;
- an answer must be taken within WRITE_SECONDS after its end.

An answer given before the body's end would be lost: closing with unread bytes resets the
connection, and browsers show that instead. So the connection lingers: it says that it closes, reads
on and throws away, for at most LINGER_SECONDS or LINGER_BYTES, and then closes.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.security import SECURITY_HEADERS
from app.settings import Settings

MAX_HEADER_BYTES: Final = 32 * 1024
LINGER_SECONDS: Final = 30.0
LINGER_BYTES: Final = 64 << 20
WRITE_SECONDS: Final = 30.0


class _LingeringTransport:
    """Stands before a connection's transport for one answer, and closes it gently.

    uvicorn closes right after an answer that ends the connection; here the close waits for the
    body.
    """

    def __init__(self, connection: "CandorProtocol") -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection.transport, name)

    def close(self) -> None:
        self._connection.close_gently()


class CandorProtocol(HttpToolsProtocol):
    """uvicorn's connection with clocks, bounds and a gentle close."""

    settings: Settings

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._clock: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._requests_complete = 0
        self._window_bytes = 0
        self._window_paused = False
        self._in_header = True
        self._lingers = False
        self._thrown_away = 0

    # the connection

    def connection_made(  # type: ignore[override]  # as uvicorn declares it
        self, transport: asyncio.Transport
    ) -> None:
        """Start the clock of the first header."""
        super().connection_made(transport)
        self._start_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count a header's bytes as they come: its parts are known only when each is whole."""
        if self._in_header and self._clock is None:
            self._start_header()
        complete = self._requests_complete
        super().data_received(data)
        # what ended a request was its body, however short, and no header
        if self._in_header and self._requests_complete == complete:
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES and not self.transport.is_closing():
                self._answer_and_close(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def pause_writing(self) -> None:
        """Start the clock of a reader who does not read."""
        super().pause_writing()
        self._start_clock(WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop that clock."""
        super().resume_writing()
        self._stop_clock()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also one that does not take its last answer."""
        self._close()

    # the request

    def on_message_begin(self) -> None:
        """Count a new header from here."""
        super().on_message_begin()
        self._header_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Bound the address."""
        super().on_url(url)
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Bound the header as a whole, which may have come in one piece with the body."""
        super().on_header(name, value)
        self._count_header(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Turn to the body's clock."""
        self._in_header = False
        super().on_headers_complete()
        self._start_window()

    def on_body(self, body: bytes) -> None:
        """Count a body's bytes; throw them away after the answer."""
        if self._lingers:
            self._thrown_away += len(body)
            if self._thrown_away > LINGER_BYTES:
                self._close()
            return
        super().on_body(body)
        self._window_bytes += len(body)
        self._window_paused |= self.flow.read_paused

    def on_message_complete(self) -> None:
        """Stop the body's clock; what follows is up to us."""
        super().on_message_complete()
        self._in_header = True
        self._requests_complete += 1
        self._stop_clock()
        if self._lingers:
            self._close()

    # the answer

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cycle.transport = _LingeringTransport(self)  # type: ignore[assignment]  # all that it is used for
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on reading after an early answer, without waiting for another request."""
        if self._lingers:
            self.server_state.total_requests += 1
            self.flow.resume_reading()
            return
        super().on_response_complete()

    def close_gently(self) -> None:
        """Close now if the request is complete, otherwise when enough of its rest was read."""
        if self.cycle is None or not self.cycle.more_body or self.transport.is_closing():
            self._close()
            return
        self._lingers = True
        self._start_clock(LINGER_SECONDS, self._close)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, without a word about it."""
        del msg
        self._answer_and_close(HTTPStatus.BAD_REQUEST)

    def _answer_and_close(self, status: HTTPStatus) -> None:
        body = f"{status.phrase}\n"
        headers = {
            **SECURITY_HEADERS,
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
        lines += [f"{name.lower()}: {value}" for name, value in headers.items()]
        self.transport.write("\r\n".join([*lines, "", body]).encode("ascii"))
        self._close()

    def _close(self) -> None:
        """Close, and do not wait for ever until the rest is taken."""
        self.transport.close()
        self._start_clock(WRITE_SECONDS, self.transport.abort)

    # the clocks

    def _start_header(self) -> None:
        self._header_bytes = 0
        self._start_clock(self.settings.header_seconds, self._header_too_slow)

    def _header_too_slow(self) -> None:
        if self._header_bytes:
            self._answer_and_close(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._close()  # nothing was asked

    def _start_window(self) -> None:
        self._window_bytes = 0
        self._window_paused = self.flow.read_paused
        self._start_clock(self.settings.stall_seconds, self._end_window)

    def _end_window(self) -> None:
        if self._window_paused or self._window_bytes >= self.settings.stall_bytes:
            self._start_window()
        else:
            self._answer_and_close(HTTPStatus.REQUEST_TIMEOUT)

    def _start_clock(self, seconds: float, ring: Callable[[], None]) -> None:
        self._stop_clock()
        self._clock = self.loop.call_later(seconds, ring)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _count_header(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > MAX_HEADER_BYTES:
            # the parser turns any error of a callback into its own: a bad request
            raise ValueError("the header is too large")
