"""The HTTP server: uvicorn with connections of our own, and silent about itself.

No `Server` header. No `Date` either: it tells how far this machine's clock is off, by which one who
also measures other addresses can find the machine behind an onion (Murdoch 2006, "Hot or Not").
"""

import contextlib
import signal
from collections.abc import Iterator
from typing import cast

from starlette.types import ASGIApp
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.server import HANDLED_SIGNALS, Server

from app.connection import CandorProtocol
from app.settings import Settings


class CandorServer(Server):
    """uvicorn's server, except that a signal which stopped it has done its work."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT; uvicorn raises them again, before the store is closed."""
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def make_server(app: ASGIApp, settings: Settings) -> CandorServer:
    """Make the HTTP server: nothing of a request in a log, no forwarded address believed."""
    protocol = type("Protocol", (CandorProtocol,), {"settings": settings})
    return CandorServer(
        Config(
            cast("ASGI3Application", app),
            host=settings.host,
            port=settings.port,
            uds=str(settings.socket) if settings.socket else None,
            loop="uvloop",
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=settings.stop_seconds,
        )
    )
