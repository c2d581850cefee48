"""What a source answered: checked against the form, and written as report.json.

report.json is UTF-8 without escapes for letters, indented by two spaces, lines ended by LF:

    {
      "form": "default",                 the form's id
      "version": 1,                      and version, by which the roster names it
      "language": "ru",                  of the page
      "day": "2026-11-23",               UTC; never a time
      "readers": ["lawyers", "press"],   ids of the roster's reviewers it was sealed to, sorted
      "answers": {                       in the form's order, only what was answered
        "where": "…",                    text and long_text: a text, never empty
        "ongoing": "yes",                choice: the option's id
        "matter": ["abuse", "other"]     choices: ids in the form's order, at least one
      }
    }

There are no other keys. The main text is not in it (it is data/report.txt), nor is the identity (it
is in data/identity.age), nor are files (they are in data/attachments.json).
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from forms.form import MAIN_TEXT, READERS, Field, Form, Kind, identity_line

Values = Mapping[str, Sequence[str]]

_LINE_END = re.compile(r"\r\n|[\r\v\f]")  # Word pastes \v for a soft line end, PDF viewers \f
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")  # JSON would have to escape these


class Reason(StrEnum):
    """Why an answer is refused; a page has words for each."""

    TOO_LONG = "too_long"
    UNKNOWN_FIELD = "unknown_field"
    DUPLICATE_FIELD = "duplicate_field"
    UNKNOWN_OPTION = "unknown_option"
    DUPLICATE_OPTION = "duplicate_option"
    CONTROL_CHARACTER = "control_character"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one answer.

    Attributes:
        field: the form's own id of the field; None when what was sent is no field of the form, so
            that a name a source sent is never repeated.
    """

    field: str | None
    reason: Reason


def clean_text(text: str) -> str:
    """Give a written answer one kind of line end, and take the white space off its ends."""
    return _LINE_END.sub("\n", text).strip()


def validate(form: Form, values: Values) -> list[Problem]:
    """Say what is wrong with what a source sent: at most one problem a field, in the form's order.

    Who may be a reader the roster says, not the form: `reader` is only held to be sent no id twice.
    """
    asked = {field.id: field for field in form.fields if field.kind is not Kind.FILES}
    problems = []
    for name, field in asked.items():
        reason = _refusal(field, values.get(name, ()))
        if reason is not None:
            problems.append(Problem(name, reason))
    if values.keys() - asked.keys():
        problems.append(Problem(None, Reason.UNKNOWN_FIELD))
    return problems


def main_text(values: Values) -> str:
    """Return what belongs in data/report.txt, from valid values."""
    return _written(values, MAIN_TEXT)


def identity_text(form: Form, values: Values) -> str:
    """Return what belongs in the identity file, from valid values; empty when nothing was given."""
    return "".join(
        identity_line(field.label, answer)
        for field in form.fields
        if field.kind is Kind.IDENTITY and (answer := _written(values, field.id))
    )


def to_answers(
    form: Form, values: Values, *, language: str, day: date, readers: Collection[str]
) -> bytes:
    """Write report.json from valid values."""
    content = {
        "form": form.id,
        "version": form.version,
        "language": language,
        "day": day.isoformat(),
        "readers": sorted(readers),
        "answers": dict(_answers(form, values)),
    }
    return json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"


def _answers(form: Form, values: Values) -> Iterator[tuple[str, str | list[str]]]:
    for field in form.fields:
        given = values.get(field.id, ())
        answer: str | list[str] = ""
        if field.kind is Kind.CHOICES:
            answer = [option.id for option in field.options if option.id in given]
        elif field.id != MAIN_TEXT and field.kind in {Kind.TEXT, Kind.LONG_TEXT, Kind.CHOICE}:
            answer = _written(values, field.id)
        if answer:
            yield field.id, answer


def _written(values: Values, name: str) -> str:
    return clean_text("".join(values.get(name, ())))


def _refusal(field: Field, given: Sequence[str]) -> Reason | None:
    """Return why the values sent for one field are refused, if they are."""
    if field.id == READERS or field.kind is Kind.CHOICES:
        if len(set(given)) != len(given):
            return Reason.DUPLICATE_OPTION
    elif len(given) > 1:
        return Reason.DUPLICATE_FIELD
    if field.kind.has_options:
        return _refusal_of_options(field, given)
    if field.kind.is_text:
        return _refusal_of_text(field, clean_text("".join(given)))
    return None


def _refusal_of_options(field: Field, given: Sequence[str]) -> Reason | None:
    known = {option.id for option in field.options}
    if field.kind is Kind.CHOICE:
        known.add("")  # the answer that says nothing
    return None if known.issuperset(given) else Reason.UNKNOWN_OPTION


def _refusal_of_text(field: Field, text: str) -> Reason | None:
    if len(text.encode("utf-8", "surrogatepass")) > field.max_bytes:
        return Reason.TOO_LONG
    return Reason.CONTROL_CHARACTER if _CONTROL.search(text) else None
