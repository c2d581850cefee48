"""The HTTP servers: uvicorn with connections of our own, and silent about themselves.

No `Server` header. No `Date` either: it tells how far this machine's clock is off, by which one who
also measures other addresses can find the machine behind an onion (Murdoch 2006, "Hot or Not").
"""

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import cast

from starlette.types import ASGIApp
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.server import HANDLED_SIGNALS, Server

from app.connection import CandorProtocol
from app.settings import Place, Settings


class CandorServer(Server):
    """uvicorn's server, except that whoever runs it listens to signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to `run_servers`."""
        yield


def make_server(app: ASGIApp, settings: Settings, place: Place) -> CandorServer:
    """Make an HTTP server: nothing of a request in a log, no forwarded address believed."""
    protocol = type("Protocol", (CandorProtocol,), {"settings": settings})
    return CandorServer(
        Config(
            cast("ASGI3Application", app),
            host=place.host,
            port=place.port,
            uds=str(place.socket) if place.socket else None,
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


def run_servers(servers: Sequence[CandorServer]) -> None:
    """Run servers in one event loop until SIGTERM or SIGINT, then let them finish what they do.

    None goes on without the others: one that cannot start ends them all.
    """
    with (
        asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner,
        _stopped_by_signals(servers),
    ):
        runner.run(_serve(servers))


async def _serve(servers: Sequence[CandorServer]) -> None:
    await asyncio.gather(*(server.serve() for server in servers))


@contextlib.contextmanager
def _stopped_by_signals(servers: Sequence[CandorServer]) -> Iterator[None]:
    """Stop every server on a signal, which has done its work then.

    uvicorn would raise it once more at the end, before the store is closed.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        for server in servers:
            server.handle_exit(number, frame)

    before = {number: signal.signal(number, stop) for number in HANDLED_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
