"""A message: what a source adds to a report, or answers to a reply."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.dependencies import LanguageDep, MailboxDep, remember, see_other
from app.errors import RefusedForm
from app.form_page import FormPage, sealing_sentence, show_form
from app.languages import Language
from app.reception import receive_message
from app.session import MailboxSession
from app.state import Service, ServiceDep
from crypto.roster import Channel
from forms.form import READERS

router = APIRouter(prefix="/{lang}")


@router.get("/mailbox/{channel_id}")
def message_form(
    request: Request,
    service: ServiceDep,
    language: LanguageDep,
    session: MailboxDep,
    channel_id: str,
) -> HTMLResponse:
    """Show the form; chosen are whose replies were opened, or who got the report just sent."""
    channel = service.channel(channel_id)
    return show_form(request, _page_of(service, language, channel), {READERS: session.readers})


@router.post("/mailbox/{channel_id}")
async def send_message(
    request: Request,
    service: ServiceDep,
    language: LanguageDep,
    session: MailboxDep,
    channel_id: str,
) -> Response:
    """Seal a message as it arrives, store it, and say what arrived."""
    channel = service.channel(channel_id)
    try:
        received = await receive_message(request, service, channel, language, session.keys)
    except RefusedForm as refused:
        return show_form(request, _page_of(service, language, channel), refused.values, refused)
    arrived = MailboxSession(session.keys, channel.id, received.readers, received.files)
    return remember(see_other(f"/{language.code}/mailbox"), service, arrived)


def _page_of(service: Service, language: Language, channel: Channel) -> FormPage:
    _ = language.gettext
    return FormPage(
        language=language,
        channel=channel,
        form=service.message_form(channel),
        here=f"mailbox/{channel.id}",
        heading=_("Write to the readers"),
        introduction=(
            _("They will see that it comes from you who sent the report, and not who you are."),
            sealing_sentence(service, language, channel),
        ),
        send=_("Send the message"),
    )
