"""The web application of a service, for its sources: routes, and answers to errors."""

import logging
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.bare_app import bare_app
from app.errors import STATUS, Reason, Refusal, reason_of
from app.log import Event, log
from app.pages import problem_page
from app.routes import ROUTERS
from app.security import SECURITY_HEADERS, Shield
from app.session import clear_session
from app.state import Service
from crypto.errors import CandorError
from intake.errors import IntakeError

_BY_STATUS = {404: Reason.NOT_FOUND, 405: Reason.WRONG_METHOD}


def create_app(service: Service) -> FastAPI:
    """Make the application of one service."""
    app = bare_app()
    app.state.service = service
    app.add_middleware(Shield)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(CandorError, _on_domain_error)
    app.add_exception_handler(IntakeError, _on_domain_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_fault)
    for router in ROUTERS:
        app.include_router(router)
    return app


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the router or a route refused by status alone."""
    status = error.status_code if isinstance(error, HTTPException) else 0
    return problem_page(request, _BY_STATUS.get(status, Reason.BAD_REQUEST))


async def _on_invalid(request: Request, error: Exception) -> Response:
    """Answer a request that does not parse; FastAPI's own answer repeats what was sent."""
    del error
    return problem_page(request, Reason.BAD_REQUEST)


async def _on_refusal(request: Request, error: Exception) -> Response:
    reason = error.reason if isinstance(error, Refusal) else Reason.INTERNAL
    response = problem_page(request, reason)
    if reason is Reason.BAD_SESSION:
        clear_session(response)
    return response


async def _on_domain_error(request: Request, error: Exception) -> Response:
    """Answer an error of the formats or the store by the table; log those that are ours to mend."""
    reason = reason_of(error)
    if reason is Reason.STORAGE_FULL:
        log(Event.STORAGE_FULL, level=logging.ERROR)
    elif STATUS[reason] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log(Event.FAILED, level=logging.ERROR, cause=error)
    return problem_page(request, reason)


async def _on_disconnect(request: Request, error: Exception) -> Response:
    """End in silence: the source is gone, and nobody reads this."""
    del request, error
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _on_fault(request: Request, error: Exception) -> Response:
    """Answer a fault of ours; this answer does not pass the shield, so it brings the headers."""
    del error  # the server logs its type
    response = problem_page(request, Reason.INTERNAL)
    response.headers.update(SECURITY_HEADERS)
    return response
