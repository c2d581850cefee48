"""Whole pages, made from a template and plain values; every decision was made by the route.

A page is the same bytes for the same values: nothing in it is drawn or timed.
"""

from functools import cache
from http import HTTPStatus
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from app.errors import STATUS, Reason
from app.form_stream import MAX_FILES, TEXT_BYTES
from app.languages import Language
from app.state import service_of
from app.words import ADVICE, HEADINGS, OTHER_HEADING
from resources import resource


def page(  # noqa: PLR0913 - what every page needs, then its own values
    request: Request,
    language: Language,
    template: str,
    values: dict[str, Any] | None = None,
    *,
    here: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """Make a page of the source's side.

    Args:
        request: what is answered; only the service is taken from it.
        language: of the page.
        template: a file of `templates/source`.
        values: what this template shows beside what every page shows.
        here: the address after the language, so that another language keeps the page.
        status: of the answer.
    """
    service = service_of(request)
    everywhere = {
        "here": here,
        "languages": tuple(service.languages),
        "demonstration": service.roster.demonstration,
        "fingerprint": service.roster.root.serialize(),
    }
    text = render(language, template, everywhere | (values or {}))
    return HTMLResponse(text, status, {"Content-Language": language.code})


def problem_page(request: Request, reason: Reason) -> HTMLResponse:
    """Say in fixed words why a request was refused, and where to go on."""
    language = language_of(request)
    values = {
        "heading": language.gettext(HEADINGS.get(reason, OTHER_HEADING)),
        "advice": advice(request, language, reason),
        "ended": reason is Reason.BAD_SESSION,
    }
    return page(request, language, "problem.html", values, status=STATUS[reason])


def advice(request: Request, language: Language, reason: Reason) -> str:
    """Say what to do about a reason, with the limits that hold here."""
    limits = {
        "files": MAX_FILES,
        "text_size": language.size(TEXT_BYTES),
        "total_size": language.size(service_of(request).settings.report_limit),
    }
    return language.gettext(ADVICE[reason]) % limits


def language_of(request: Request) -> Language:
    """Find the language of any request: its address's, else the browser's."""
    languages = service_of(request).languages
    code = request.scope["path"][1:].partition("/")[0]
    if code in languages:
        return languages[code]
    return languages.best(request.headers.get("accept-language", ""))


def render(language: Language, template: str, values: dict[str, Any]) -> str:
    """Fill a template in one language."""
    return _environment(language).get_template(template).render(values)


@cache
def _environment(language: Language) -> Environment:
    """Make the templates of one language; they are read once."""
    environment = Environment(
        loader=FileSystemLoader(resource("templates") / "source"),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(language.catalogue, newstyle=True)  # type: ignore[attr-defined]  # i18n adds it
    environment.globals["language"] = language
    environment.filters["listing"] = language.listing
    return environment
