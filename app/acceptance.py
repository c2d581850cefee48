"""Whether a form's answers are taken, and by whom they may be read."""

from collections.abc import Iterable

from app.errors import Problem, Reason
from app.form_stream import Values
from crypto.roster import Channel
from forms.answers import validate
from forms.form import MAIN_TEXT, READERS, Form, Kind


def chosen_readers(channel: Channel, values: Values) -> tuple[str, ...]:
    """Give the ids of who may read, in the roster's order; none where they share a key."""
    wanted = values.get(READERS, [])
    return tuple(reviewer for reviewer in channel.reviewers if reviewer in wanted)


def problems_of(channel: Channel, form: Form, values: Values, *, has_file: bool) -> list[Problem]:
    """List everything that is wrong with the answers."""
    problems = [Problem(found.field, Reason(found.reason)) for found in validate(form, values)]
    problems += _problems_of_readers(channel, values)
    if not has_file and not _says_something(form, values):
        problems.append(Problem(MAIN_TEXT, Reason.NOTHING_SENT))
    return problems


def _problems_of_readers(channel: Channel, values: Values) -> Iterable[Problem]:
    if channel.recipient is not None:
        return
    wanted = values.get(READERS, [])
    if not set(channel.reviewers).issuperset(wanted):
        yield Problem(READERS, Reason.UNKNOWN_READER)
    elif not wanted:
        yield Problem(READERS, Reason.NO_READERS)


def _says_something(form: Form, values: Values) -> bool:
    """Tell whether any text was written; who somebody is, alone, is no report."""
    written = {Kind.TEXT, Kind.LONG_TEXT}
    return any(
        "".join(values.get(field.id, ())).strip() for field in form.fields if field.kind in written
    )
