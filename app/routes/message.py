"""A message: what a source adds to a report, or answers to a reply."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.dependencies import LanguageDep, MailboxDep, SessionDep, remember, see_other
from app.errors import RefusedForm
from app.form_page import FormPage, sealing_sentence, show_form
from app.languages import Language
from app.reception import receive_message
from app.sender import MAILBOX, WORDS, mailbox_mark
from app.session import MailboxSession
from app.state import Service, ServiceDep
from app.words import say
from crypto.roster import Channel
from forms.form import MAIN_TEXT, READERS, Field, Form, Kind, Section

router = APIRouter(prefix="/{lang}")


@router.get("/mailbox/{channel_id}")
def message_form(
    request: Request,
    service: ServiceDep,
    language: LanguageDep,
    session: MailboxDep,
    channel_id: str,
) -> Response:
    """Show the form; chosen are whose replies were opened, or who got the report just sent."""
    channel = service.channel(channel_id)
    form_page = _page_of(service, language, channel, mailbox_mark(session.keys))
    shown = show_form(request, form_page, {READERS: session.readers})
    return remember(shown, service, session)  # an hour to write in, from now


@router.post("/mailbox/{channel_id}")
async def send_message(
    request: Request,
    service: ServiceDep,
    language: LanguageDep,
    session: SessionDep,
    channel_id: str,
) -> Response:
    """Seal a message as it arrives, store it, and say what arrived.

    Where the mailbox has closed meanwhile, the words are asked for beside what was written.
    """
    channel = service.channel(channel_id)
    keys = session.keys if isinstance(session, MailboxSession) else None
    try:
        received = await receive_message(request, service, channel, language, keys)
    except RefusedForm as refused:
        # the mark that came goes back, so that the form stays its own mailbox's
        mark = "".join(refused.values.get(MAILBOX, [mailbox_mark(keys)]))
        shown = _page_of(service, language, channel, mark)
        if mark != mailbox_mark(keys) or keys is None or WORDS in refused.values:
            shown = replace(shown, form=_with_words(shown.form))
        return show_form(request, shown, refused.values, refused)
    arrived = MailboxSession(received.keys, channel.id, received.readers, received.files)
    return remember(see_other(f"/{language.code}/mailbox"), service, arrived)


def _as_message(form: Form) -> Form:
    """Ask for the main text as a message: what a report is asked does not fit here."""
    sections = []
    for section in form.sections:
        if section.fields[0].id == MAIN_TEXT:
            text = replace(section.fields[0], label=say("Your message"), help="")
            sections.append(
                replace(section, title=say("What you want to say"), help="", fields=(text,))
            )
        else:
            sections.append(section)
    return replace(form, sections=tuple(sections))


def _with_words(form: Form) -> Form:
    """Ask for the secret words first; they open the mailbox again and are not sealed."""
    words = Field(
        WORDS,
        Kind.LONG_TEXT,
        say("Your secret words"),
        say(
            "All eight, in order. Capital letters, commas and line breaks do not matter, and the"
            " first four letters of a word are usually enough."
        ),
    )
    section = Section(WORDS, say("Open your mailbox again"), "", open=True, fields=(words,))
    return replace(form, sections=(section, *form.sections))


def _page_of(service: Service, language: Language, channel: Channel, mark: str) -> FormPage:
    _ = language.gettext
    return FormPage(
        language=language,
        channel=channel,
        form=_as_message(service.message_form(channel)),
        here=f"mailbox/{channel.id}",
        heading=_("Write to the readers"),
        introduction=(
            _("They see that it comes from whoever sent the report. They do not see who that is."),
            sealing_sentence(service, language, channel),
            _(
                "After an hour your mailbox closes by itself. What you wrote is not lost then: you"
                " are asked for your secret words when you send it."
            ),
        ),
        send=_("Send the message"),
        hidden={MAILBOX: mark},
    )
