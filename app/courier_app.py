"""The couriers' own application: it shares the service with the sources' one, and no route.

It has no pages, no cookies and no languages. Where it is reached no roster says, and it need not:
who asks proves it with each request.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.bare_app import bare_app
from app.body_watch import BodyWatch
from app.courier_refusals import (
    STATUS,
    CourierReason,
    CourierRefusal,
    courier_reason_of,
)
from app.courier_routes import router
from app.errors import Refusal
from app.file_answer import UnsatisfiableRange
from app.log import Event, log
from app.state import Service, service_of
from crypto.errors import CandorError
from intake.errors import IntakeError

COURIER_HEADERS: Final[Mapping[str, str]] = {
    # should anybody ever open this in a browser
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_BY_STATUS: Final = {404: CourierReason.NOT_FOUND, 405: CourierReason.WRONG_METHOD}


def create_courier_app(service: Service) -> FastAPI:
    """Make the application that answers a service's couriers."""
    app = bare_app()
    app.state.service = service
    app.add_middleware(_Headers)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(UnsatisfiableRange, _on_range)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    for kind in (CourierRefusal, Refusal, CandorError, IntakeError):
        app.add_exception_handler(kind, _on_error)
    app.add_exception_handler(Exception, _on_fault)
    app.include_router(router)
    return app


class _Headers:
    """Gives every answer its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = BodyWatch(Headers(scope=scope), receive)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(COURIER_HEADERS)
                body.mark(answer)
            await send(message)

        await self._app(scope, body.receive, send_with_headers)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the router refused by status alone."""
    status = error.status_code if isinstance(error, HTTPException) else 0
    return _refuse(request, _BY_STATUS.get(status, CourierReason.BAD_REQUEST))


async def _on_invalid(request: Request, error: Exception) -> Response:
    """Answer a request that does not parse; FastAPI's own answer repeats what was sent."""
    del error
    return _refuse(request, CourierReason.BAD_REQUEST)


async def _on_range(request: Request, error: Exception) -> Response:
    response = _refuse(request, CourierReason.NOTHING_THERE)
    if isinstance(error, UnsatisfiableRange):
        response.headers["Content-Range"] = f"bytes */{error.size}"
    return response


async def _on_error(request: Request, error: Exception) -> Response:
    """Answer an error of the formats or the store by the table; log those that are ours to mend."""
    reason = courier_reason_of(error)
    if reason is CourierReason.STORAGE_FULL:
        log(Event.STORAGE_FULL, level=logging.ERROR)
    elif reason in {CourierReason.STORAGE_FAILED, CourierReason.INTERNAL}:
        log(Event.FAILED, level=logging.ERROR, cause=error)
    return _refuse(request, reason)


async def _on_disconnect(request: Request, error: Exception) -> Response:
    """End in silence: the courier is gone, and nobody reads this."""
    del request, error
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _on_fault(request: Request, error: Exception) -> Response:
    """Answer a fault of ours; this answer does not pass the middleware, so it brings headers."""
    del error  # the server logs its type
    response = _refuse(request, CourierReason.INTERNAL)
    response.headers.update(COURIER_HEADERS)
    return response


def _refuse(request: Request, reason: CourierReason) -> Response:
    """Say no in fixed words, and count it: that is all that is ever said of it."""
    service_of(request).desk.refusals.add()
    return PlainTextResponse(f"{reason}\n", STATUS[reason])
