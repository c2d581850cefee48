"""A server that leaks, each path in its own manner; the detector must catch every one.

Run as a program: `python -m tests.leaks.leaking PORT DIRECTORY`.
"""

import base64
import logging
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_HERE = Path(sys.argv[2]) if len(sys.argv) > 2 else Path()


async def spool(request: Request) -> None:
    """Take a form as everybody does: files over 1 MiB are spooled to a file without a name."""
    async with request.form() as form:
        assert form


async def encode(request: Request) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(base64.b64encode(b"?" + await request.body()))


async def cut(request: Request) -> None:
    """Write in pieces that are shorter than what is looked for."""
    body = await request.body()
    with (_HERE / "cut").open("wb", buffering=0) as file:
        for at in range(0, len(body), 7):
            file.write(body[at : at + 7])


async def name(request: Request) -> None:
    (_HERE / request.headers["user-agent"]).touch()


async def say(request: Request) -> None:
    logging.getLogger("leak").error("a request of %s", request.headers["user-agent"])


async def anonymous(request: Request) -> None:
    file = os.memfd_create("upload")
    os.write(file, await request.body())
    os.close(file)


async def wide(request: Request) -> None:
    (_HERE / "wide").write_bytes((await request.body()).decode("latin-1").encode("utf-16-le"))


LEAKS: dict[str, Callable[[Request], Awaitable[None]]] = {
    leak.__name__: leak for leak in (spool, encode, cut, name, say, anonymous, wide)
}


def _route(leak: Callable[[Request], Awaitable[None]]) -> Route:
    async def answer(request: Request) -> Response:
        await leak(request)
        return Response()

    return Route(f"/{leak.__name__}", answer, methods=["POST"])


def main() -> None:
    app = Starlette(routes=[_route(leak) for leak in LEAKS.values()])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="critical")


if __name__ == "__main__":
    main()
