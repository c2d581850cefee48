"""The first page: who reads, who never can, what happens next, and two doors."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.dependencies import LanguageDep, see_other
from app.form_page import unchosen_sentence
from app.form_view import ReaderView, reader_view
from app.languages import Language
from app.pages import page
from app.state import Service, ServiceDep

router = APIRouter()
pages = APIRouter(prefix="/{lang}")

_ONION = ".onion"


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel by its name in the page's language, and who reads what it brings.

    Attributes:
        together: how many of them must agree to open; "" where each can alone.
    """

    id: str
    name: str
    readers: tuple[ReaderView, ...]
    together: str


def channel_views(service: Service, language: Language) -> tuple[ChannelView, ...]:
    """Show every channel of the roster."""
    return tuple(
        ChannelView(
            channel.id,
            language.text_of(channel.names),
            tuple(map(reader_view, service.roster.reviewers_of(channel))),
            unchosen_sentence(service, language, channel),
        )
        for channel in service.roster.channels
    )


@router.get("/")
def choose_language(request: Request, service: ServiceDep) -> Response:
    """Send the browser to the language it asks for; from then on the address says it."""
    language = service.languages.best(request.headers.get("accept-language", ""))
    response = see_other(f"/{language.code}/")
    response.headers["Vary"] = "Accept-Language"
    return response


@pages.get("")
def add_slash(language: LanguageDep) -> Response:
    """Forgive an address typed without its last stroke."""
    return see_other(f"/{language.code}/")


@pages.get("/")
def landing(request: Request, service: ServiceDep, language: LanguageDep) -> HTMLResponse:
    """Show the first page."""
    values = {
        "channels": channel_views(service, language),
        "over_tor": (request.url.hostname or "").endswith(_ONION),
    }
    return page(request, language, "landing.html", values)


router.include_router(pages)
