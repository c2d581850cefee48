"""After a report: what arrived, and the secret words, until the source moves on."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.dependencies import LanguageDep, SentDep, remember, see_other
from app.form_page import ErrorView, together_sentence
from app.languages import Language
from app.pages import page
from app.session import MailboxSession, SentSession
from app.small_form import field, read_small_form
from app.state import ServiceDep, service_of
from app.stretch import Lane
from crypto.codename import Codename
from crypto.errors import CodenameTypoError

router = APIRouter(prefix="/{lang}")

_DIGITS = 8  # of the receipt's number in one group
_COME_BACK = timedelta(days=7)


@router.get("/sent")
def sent(request: Request, language: LanguageDep, session: SentDep) -> HTMLResponse:
    """Show what arrived and the secret words."""
    return _show(request, language, session)


@router.post("/sent/check")
async def check_words(request: Request, language: LanguageDep, session: SentDep) -> HTMLResponse:
    """Say whether the words were written down as they are."""
    typed = field(await read_small_form(request), "words")
    problem = _difference(language, typed, session.codename)
    if problem is None:
        return _show(request, language, session, matched=True)
    return _show(request, language, session, errors=[ErrorView("words", problem)])


@router.post("/sent/receipt")
def receipt(request: Request, language: LanguageDep, session: SentDep) -> HTMLResponse:
    """Show by which number the report will stand in the log, to a source who asks for it.

    It is not part of the page before: a receipt can be used against whoever holds it.
    """
    number, today = session.envelope.hex(), service_of(request).today()
    values = {
        "number": [number[at : at + _DIGITS] for at in range(0, len(number), _DIGITS)],
        "day": language.day(today),
        "record": f"/log/{session.channel}/{today.isoformat()}.json",
    }
    return page(request, language, "receipt.html", values, here="sent")


@router.post("/sent/done")
async def done(service: ServiceDep, language: LanguageDep, session: SentDep) -> Response:
    """End the session that holds the words, and open the mailbox that they open."""
    keys = await service.stretcher.derive(session.codename, Lane.MAILBOX)
    mailbox = MailboxSession(keys, session.channel, session.readers)
    return remember(see_other(f"/{language.code}/mailbox"), service, mailbox)


def _difference(language: Language, typed: str, codename: Codename) -> str | None:
    """Say in words how what was typed differs from the codename."""
    try:
        same = Codename.parse(typed, language.code).secret == codename.secret
    except CodenameTypoError:
        same = False
    if same:
        return None
    return language.gettext(
        "These are not the words above. Please compare them one by one, and correct your paper."
    )


def _show(
    request: Request,
    language: Language,
    session: SentSession,
    *,
    matched: bool = False,
    errors: Sequence[ErrorView] = (),
) -> HTMLResponse:
    service = service_of(request)
    channel = service.channel(session.channel)
    readers = service.roster.reviewers_of(channel)
    values = {
        "words": session.codename.words,
        "words_language": session.codename.language,
        "matched": matched,
        "errors": errors,
        "files": [language.size(size) for size in session.files],
        "readers": [reader.name for reader in readers if reader.id in session.readers],
        "together": together_sentence(service, language, channel),
        "come_back": language.day(service.today() + _COME_BACK),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return page(request, language, "sent.html", values, here="sent", status=status)
