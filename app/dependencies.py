"""What a route asks for: the language of its address, and the session it needs."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import Reason, Refusal
from app.languages import Language
from app.session import (
    COOKIE,
    BadSessionError,
    MailboxSession,
    SentSession,
    Session,
    set_session,
)
from app.state import Service, ServiceDep


def require_language(lang: str, service: ServiceDep) -> Language:
    """Find the language that an address begins with.

    Raises:
        Refusal: there is no such language, so no such page.
    """
    if lang not in service.languages:
        raise Refusal(Reason.NOT_FOUND)
    return service.languages[lang]


def any_session(request: Request, service: ServiceDep) -> Session | None:
    """Open the browser's session; one that is over is none."""
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return None
    try:
        return service.sessions.open(cookie)
    except BadSessionError:
        return None


SessionDep = Annotated[Session | None, Depends(any_session)]


def require_sent(session: SessionDep) -> SentSession:
    """Find what the page after a report shows.

    Raises:
        Refusal: there was no report, or its page has ended.
    """
    if not isinstance(session, SentSession):
        raise Refusal(Reason.BAD_SESSION)
    return session


def require_mailbox(session: SessionDep) -> MailboxSession:
    """Find what opens the mailbox.

    Raises:
        Refusal: it was not opened, or not in the last hour.
    """
    if not isinstance(session, MailboxSession):
        raise Refusal(Reason.BAD_SESSION)
    return session


LanguageDep = Annotated[Language, Depends(require_language)]
SentDep = Annotated[SentSession, Depends(require_sent)]
MailboxDep = Annotated[MailboxSession, Depends(require_mailbox)]


def see_other(path: str) -> RedirectResponse:
    """Send the browser on with a GET; the path has no host, so none can leak or be forged."""
    return RedirectResponse(path, status_code=303)


def remember(response: Response, service: Service, session: Session) -> Response:
    """Give the browser its session."""
    set_session(response, service.sessions.seal(session))
    return response
