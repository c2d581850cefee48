"""The report: one page of questions, and what becomes of the answers."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.dependencies import LanguageDep, remember, see_other
from app.errors import RefusedForm
from app.form_page import FormPage, sealing_sentence, show_form
from app.form_view import Values
from app.languages import Language
from app.pages import page
from app.reception import receive_report
from app.routes.landing import channel_views
from app.session import SentSession
from app.state import Service, ServiceDep
from crypto.roster import Channel
from forms.form import READERS

router = APIRouter(prefix="/{lang}")


@router.get("/report")
def choose_channel(request: Request, service: ServiceDep, language: LanguageDep) -> Response:
    """Ask where a report is to go, unless there is one way only."""
    channels = channel_views(service, language)
    if len(channels) == 1:
        return see_other(f"/{language.code}/report/{channels[0].id}")
    return page(request, language, "channels.html", {"channels": channels}, here="report")


@router.get("/report/{channel_id}")
def report_form(
    request: Request, service: ServiceDep, language: LanguageDep, channel_id: str
) -> HTMLResponse:
    """Show the form, with every reader chosen."""
    channel = service.channel(channel_id)
    page_of_channel = _page_of(service, language, channel)
    return show_form(request, page_of_channel, _everyone(service, channel))


@router.post("/report/{channel_id}")
async def send_report(
    request: Request, service: ServiceDep, language: LanguageDep, channel_id: str
) -> Response:
    """Seal what a source sends as it arrives, store it, and go on to the secret words."""
    channel = service.channel(channel_id)
    try:
        received = await receive_report(request, service, channel, language)
    except RefusedForm as refused:
        # What never got as far as its fields starts anew.
        values = refused.values or _everyone(service, channel)
        return show_form(request, _page_of(service, language, channel), values, refused)
    session = SentSession(
        received.codename, channel.id, received.readers, received.files, received.envelope
    )
    return remember(see_other(f"/{language.code}/sent"), service, session)


def _everyone(service: Service, channel: Channel) -> Values:
    return {READERS: [reviewer.id for reviewer in service.roster.reviewers_of(channel)]}


def _name_among_several(service: Service, language: Language, channel: Channel) -> tuple[str, ...]:
    several = len(service.roster.channels) > 1
    return (language.text_of(channel.names),) if several else ()


def _page_of(service: Service, language: Language, channel: Channel) -> FormPage:
    _ = language.gettext
    return FormPage(
        language=language,
        channel=channel,
        form=service.report_form(channel),
        here=f"report/{channel.id}",
        heading=_("Your report"),
        introduction=(
            *_name_among_several(service, language, channel),
            _("Every question may stay empty: a few words or one file are enough."),
            sealing_sentence(service, language, channel),
        ),
        send=_("Send the report"),
    )
