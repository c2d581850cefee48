"""The page of a form, fresh or refused: what a report and a message have in common."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse

from app.errors import Problem, Reason, RefusedForm
from app.form_stream import MAX_FILES
from app.form_view import Filling, Values, form_view, target_of
from app.languages import Language
from app.pages import advice, page
from app.state import Service, service_of
from crypto.roster import Channel
from forms.form import FILES, MAIN_TEXT, READERS, Form

# What is about the form as a whole is shown with the field where it can be put right.
_PLACES = {Reason.NOTHING_SENT: MAIN_TEXT, Reason.NO_READERS: READERS, Reason.TOO_LARGE: FILES}

# These end a form in its middle: what stands behind that place never came.
_MIDWAY = {
    Reason.NOT_A_FORM,
    Reason.BROKEN_FORM,
    Reason.TOO_MANY_PARTS,
    Reason.UNKNOWN_FIELD,
    Reason.FIELD_AFTER_FILES,
    Reason.BAD_ENCODING,
    Reason.TEXT_TOO_LONG,
}


@dataclass(frozen=True, slots=True)
class FormPage:
    """What the page of a form says around its questions."""

    language: Language
    channel: Channel
    form: Form
    here: str
    heading: str
    introduction: tuple[str, ...]
    send: str
    hidden: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorView:
    """One line of the summary, and the element that it links to; "" when there is none."""

    target: str
    text: str


def show_form(
    request: Request, shown: FormPage, values: Values, refused: RefusedForm | None = None
) -> HTMLResponse:
    """Show a form; a refused one with what was typed, what is wrong, and its status."""
    problems = refused.problems if refused else ()
    errors = list(_errors(request, shown, problems))
    filling = Filling(
        readers=service_of(request).roster.reviewers_of(shown.channel),
        values=values,
        errors={field: text for field, text in errors if field is not None},
        readers_note=_readers_note(request, shown.language, shown.channel),
        files_note=_files_note(request, shown.language),
        identity_note=_identity_note(request, shown.language),
    )
    template_values = {
        "heading": shown.heading,
        "introduction": shown.introduction,
        "send": shown.send,
        "hidden": shown.hidden,
        "sections": form_view(shown.form, shown.language, filling),
        "incomplete": not _MIDWAY.isdisjoint(problem.reason for problem in problems),
        "errors": [ErrorView(target_of(field) if field else "", text) for field, text in errors],
    }
    status = refused.status if refused else HTTPStatus.OK
    return page(
        request, shown.language, "form.html", template_values, here=shown.here, status=status
    )


def sealing_sentence(service: Service, language: Language, channel: Channel) -> str:
    """Say which way is used to seal, and who is needed to open."""
    sealing = language.gettext("What you send is sealed in our server's memory as it arrives.")
    return f"{sealing} {unchosen_sentence(service, language, channel)}".rstrip()


def unchosen_sentence(service: Service, language: Language, channel: Channel) -> str:
    """Say how many must agree to open, and why nobody is chosen; nothing where each can alone."""
    together = together_sentence(service, language, channel)
    unchosen = language.gettext(
        "You cannot choose among them: one key opens it, and each of them holds only a part of it."
    )
    return together and f"{together} {unchosen}"


def together_sentence(service: Service, language: Language, channel: Channel) -> str:
    """Say how many must agree to open; nothing where each can alone."""
    if channel.threshold == 1:
        return ""
    names = [reviewer.name for reviewer in service.roster.reviewers_of(channel)]
    together = language.gettext(
        "It can be opened only when %(number)s of these people do it together: %(names)s."
    )
    values = {"number": channel.threshold, "names": language.listing(names)}
    return together % values


def _errors(
    request: Request, shown: FormPage, problems: tuple[Problem, ...]
) -> Iterator[tuple[str | None, str]]:
    """Put each problem into words, beside the field of this form that it is about."""
    asked = {field.id for field in shown.form.fields}
    for problem in problems:
        field = problem.field or _PLACES.get(problem.reason)
        yield field if field in asked else None, advice(request, shown.language, problem.reason)


def _readers_note(request: Request, language: Language, channel: Channel) -> str:
    """Say what decoys do for whoever leaves somebody out, and where they do not help."""
    decoys = service_of(request).roster.decoys
    if decoys is None or len(channel.reviewers) == 1:
        return ""
    note = language.gettext(
        "Empty envelopes arrive here as well, and the others cannot tell them from what you send."
        " Exceptions: they know these very files, or the files are together larger than %(size)s."
    )
    return note % {"size": language.size(decoys.ranges[-1].up_to_bytes)}


def _files_note(request: Request, language: Language) -> str:
    limits: Mapping[str, object] = {
        "files": MAX_FILES,
        "size": language.size(service_of(request).settings.report_limit),
    }
    return language.gettext("Up to %(files)s files, together at most %(size)s.") % limits


def _identity_note(request: Request, language: Language) -> str:
    custodian = service_of(request).roster.custodian
    if custodian is None:
        return ""
    who = ", ".join(filter(None, (custodian.name, custodian.role, custodian.organisation)))
    return language.gettext("The custodian is %(who)s.") % {"who": who}
