"""What a form's page shows: questions in one language, with what was typed and what was refused.

Templates get these values and decide nothing. Identifiers are the form's own; only answers come
from a source, and they go nowhere but back into their fields, escaped.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.languages import Language
from crypto.roster import Reviewer
from forms.form import MAIN_TEXT, READERS, Field, Form, Kind, Section

Values = Mapping[str, Sequence[str]]

_MAIN_ROWS = 12
_ROWS = 4
_INPUTS = {Kind.READERS: "checkbox", Kind.CHOICES: "checkbox", Kind.CHOICE: "radio"}


@dataclass(frozen=True, slots=True)
class ReaderView:
    """A person who may read: the name, then lines about them."""

    id: str
    name: str
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OptionView:
    """One box or button of a question."""

    value: str
    label: str
    about: tuple[str, ...]
    checked: bool


@dataclass(frozen=True, slots=True)
class FieldView:
    """One question.

    Attributes:
        target: the element's id, which an error message links to.
        input: the kind of control; `rows` above 0 makes it a text area.
    """

    id: str
    target: str
    label: str
    help: str
    input: str
    rows: int
    value: str
    options: tuple[OptionView, ...]
    error: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """Questions under one heading; one that `folds` starts closed, unless `unfolded`."""

    target: str
    title: str
    help: str
    folds: bool
    unfolded: bool
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class Filling:
    """What stands in a form when it is shown.

    Attributes:
        readers: who may be chosen.
        values: what was typed or chosen, by field.
        errors: why a field was refused, by field, in words.
        readers_note: what those who are not chosen can know.
        files_note: the limits of the files.
        identity_note: who the custodian is.
    """

    readers: Sequence[Reviewer]
    values: Values
    errors: Mapping[str, str]
    readers_note: str
    files_note: str
    identity_note: str


def target_of(field_id: str) -> str:
    """Name the element of a field, apart from every other name on the page."""
    return f"field-{field_id}"


def reader_view(reviewer: Reviewer) -> ReaderView:
    """Show a reviewer as the roster names them."""
    who = " · ".join(filter(None, (reviewer.role, reviewer.organisation)))
    return ReaderView(reviewer.id, reviewer.name, tuple(filter(None, (who, reviewer.independence))))


def form_view(form: Form, language: Language, filling: Filling) -> tuple[SectionView, ...]:
    """Show a whole form."""
    return tuple(_section(section, language, filling) for section in form.sections)


def _section(section: Section, language: Language, filling: Filling) -> SectionView:
    touched = any(
        field.id in filling.errors or any(filling.values.get(field.id, ()))
        for field in section.fields
    )
    about_identity = any(field.kind is Kind.IDENTITY for field in section.fields)
    return SectionView(
        target=f"section-{section.id}",
        title=language.gettext(section.title),
        help=_help(section.help, language, filling.identity_note if about_identity else ""),
        folds=not section.open,
        unfolded=touched,
        fields=tuple(_field(field, language, filling) for field in section.fields),
    )


def _field(field: Field, language: Language, filling: Filling) -> FieldView:
    given = filling.values.get(field.id, ())
    is_files = field.kind is Kind.FILES
    notes = {Kind.FILES: filling.files_note, Kind.READERS: filling.readers_note}
    return FieldView(
        id=field.id,
        target=target_of(field.id),
        label=language.gettext(field.label),
        help=_help(field.help, language, notes.get(field.kind, "")),
        input="file" if is_files else _INPUTS.get(field.kind, "text"),
        rows=_rows(field),
        value=given[0] if given and field.kind.is_text else "",
        options=tuple(_options(field, language, filling.readers, given)),
        error=filling.errors.get(field.id, ""),
    )


def _rows(field: Field) -> int:
    if field.kind is not Kind.LONG_TEXT:
        return 0
    return _MAIN_ROWS if field.id == MAIN_TEXT else _ROWS


def _options(
    field: Field, language: Language, readers: Sequence[Reviewer], given: Collection[str]
) -> Iterator[OptionView]:
    if field.id == READERS:
        for view in map(reader_view, readers):
            yield OptionView(view.id, view.name, view.about, view.id in given)
        return
    for option in field.options:
        yield OptionView(option.id, language.gettext(option.label), (), option.id in given)
    if field.kind is Kind.CHOICE:
        # A radio button cannot be taken back, so one answer says nothing; it is the one chosen.
        answered = any(option.id in given for option in field.options)
        yield OptionView("", language.gettext(field.skip), (), not answered)


def _help(text: str, language: Language, note: str) -> str:
    """Translate a help text, which may be empty, and add what only this service can say."""
    # The empty message id is the catalogue's own header.
    translated = language.gettext(text) if text else ""
    return " ".join(filter(None, (translated, note)))
