"""The mailbox: open it with the secret words, read what waits, erase it."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.dependencies import LanguageDep, MailboxDep, SessionDep, remember, see_other
from app.errors import STATUS, Reason, Refusal
from app.form_page import ErrorView
from app.languages import Language
from app.mailbox_view import mailbox_values
from app.pages import advice, page
from app.replies import Mail, open_mail
from app.session import MailboxSession, SentSession
from app.small_form import field, read_small_form
from app.state import ServiceDep
from app.stretch import Lane
from crypto.bag_info import MAX_READERS
from crypto.codename import Codename
from crypto.errors import CodenameTypoError
from crypto.roster import Roster
from intake.values import EnvelopeHash

router = APIRouter(prefix="/{lang}")

_WORDS = "words"


@router.get("/mailbox")
async def mailbox(
    request: Request, service: ServiceDep, language: LanguageDep, session: SessionDep
) -> Response:
    """Show what waits; without an open mailbox, ask for the words."""
    if isinstance(session, SentSession):
        return see_other(f"/{language.code}/sent")
    if session is None:
        return _ask_for_words(request, language)
    signers = service.roster.signers(service.today())
    mail = await run_in_threadpool(open_mail, service.intake, signers, session.keys)
    values = mailbox_values(service, language, mail, session)
    shown = page(request, language, "mailbox.html", values, here="mailbox")
    return remember(shown, service, _with_readers_of(mail, session, service.roster))


@router.post("/mailbox/open")
async def open_mailbox(request: Request, service: ServiceDep, language: LanguageDep) -> Response:
    """Open the mailbox that the words belong to; any words that fit together have one."""
    typed = field(await read_small_form(request), _WORDS)
    try:
        codename = Codename.parse(typed, language.code)
    except CodenameTypoError:
        error = ErrorView(_WORDS, advice(request, language, Reason.CODENAME_TYPO))
        return _ask_for_words(request, language, typed, [error])
    keys = await service.stretcher.derive(codename, Lane.MAILBOX)
    session = MailboxSession(keys, None, ())
    return remember(see_other(f"/{language.code}/mailbox"), service, session)


@router.post("/mailbox/erase")
async def erase(
    request: Request, service: ServiceDep, language: LanguageDep, session: MailboxDep
) -> Response:
    """Erase one reply, or everything that waits."""
    form = await read_small_form(request)
    address = session.keys.address
    if field(form, "all"):
        await run_in_threadpool(service.intake.erase_all, address)
    else:
        await run_in_threadpool(service.intake.erase, address, [_hash(field(form, "reply"))])
    return see_other(f"/{language.code}/mailbox")


def _ask_for_words(
    request: Request, language: Language, typed: str = "", errors: Sequence[ErrorView] = ()
) -> HTMLResponse:
    status = STATUS[Reason.CODENAME_TYPO] if errors else HTTPStatus.OK
    values = {"errors": errors, "typed": typed}
    return page(request, language, "door.html", values, here="mailbox", status=status)


def _with_readers_of(mail: Mail, session: MailboxSession, roster: Roster) -> MailboxSession:
    """Remember whose replies were opened: they are who the next message is for.

    The channel is remembered too, unless replies came from more than one. Of its reviewers alone
    there are never more than fit the cookie; without a channel, no more are remembered than that.
    """
    names = {letter.reviewer.id for letter in mail.letters} | set(session.readers)
    channels = {letter.reply.channel for letter in mail.letters}
    channel_id = session.channel or (channels.pop() if len(channels) == 1 else None)
    chosen = [channel for channel in roster.channels if channel.id == channel_id]
    known = chosen[0].reviewers if chosen else sorted(names)
    readers = tuple(reader for reader in known if reader in names)[:MAX_READERS]
    return MailboxSession(session.keys, channel_id, readers)


def _hash(text: str) -> EnvelopeHash:
    try:
        return EnvelopeHash(bytes.fromhex(text))
    except ValueError:
        raise Refusal(Reason.UNKNOWN_REPLY) from None
