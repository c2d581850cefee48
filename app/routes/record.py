"""What anybody may check for themselves: the log, the roster, the forms, and a page about them.

The files are the same for everybody and say nothing about who asks. Like everything here they are
kept in no cache: one on a source's machine would show that they were here, and those who follow the
log fetch each day once.
"""

from datetime import date
from functools import partial
from os import fstat
from typing import BinaryIO, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.dependencies import LanguageDep
from app.errors import Reason, Refusal
from app.pages import page
from app.record_view import record_views, signed_files
from app.state import ServiceDep

router = APIRouter()
pages = APIRouter(prefix="/{lang}")

_BLOCK_BYTES: Final = 1 << 16


@router.get("/log/{channel}/{day}.json")
def log_day(service: ServiceDep, channel: str, day: str) -> Response:
    """Send a day of a channel's log as it lies on the disk, never whole in memory."""
    return _OpenFile(service.intake.open_log_day(channel, _day(day)))


@router.get("/roster.json")
def roster(service: ServiceDep) -> Response:
    """Send the roster in force, exactly as the root key signed it."""
    return Response(service.signed_roster.document, media_type="application/json")


@router.get("/roster.json.minisig")
def roster_signature(service: ServiceDep) -> Response:
    """Send its signature."""
    return Response(service.signed_roster.signature, media_type="text/plain")


@router.get("/forms/{name}")
def form_document(service: ServiceDep, name: str) -> Response:
    """Send the questions of a channel, exactly as the roster names them by their hash."""
    return Response(service.form_document(name), media_type="application/toml")


@pages.get("/log")
def record(request: Request, service: ServiceDep, language: LanguageDep) -> HTMLResponse:
    """Show how far the log of each channel goes, and who has witnessed it."""
    values = {"records": record_views(service, language), "files": signed_files(service)}
    return page(request, language, "record.html", values, here="log")


class _OpenFile(StreamingResponse):
    """Send an open file, and close it however that ends."""

    media_type = "application/json"

    def __init__(self, file: BinaryIO) -> None:
        length = str(fstat(file.fileno()).st_size)
        super().__init__(iter(partial(file.read, _BLOCK_BYTES), b""))
        self.headers["Content-Length"] = length
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def _day(text: str) -> date:
    """Read a day, written in the one way that a file's name has."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal(Reason.NOT_FOUND) from None
    if day.isoformat() != text:
        raise Refusal(Reason.NOT_FOUND)
    return day


router.include_router(pages)
