"""Read a form from its TOML file, strictly.

    form = "default"                # the id: lower case letters, digits and -
    version = 1                     # grows with every change that a reader of answers could notice

    [[section]]
    id = "what_happened"            # lower case letters, digits and _
    title = "What happened"
    help = "…"                      # optional
    open = true                     # optional: shown unfolded

    [[section.field]]
    id = "matter"                   # never used again for another question
    kind = "choices"                # text, long_text, choice, choices, readers, identity, files
    label = "What is it about?"
    help = "…"                      # optional
    max_bytes = 2000                # text, long_text and identity: required
    skip = "…"                      # choice: optional, the label of the empty answer
    options = [{ id = "corruption", label = "…" }]      # choice and choices: required

The order is fixed, because a browser sends fields as the page has them and each must have arrived
before the first byte of a file: `reader` first, then the answers, then every `identity_…`, then
`file`. There is exactly one long text `report`: it becomes the report's main text.
"""

import functools
import hashlib
import re
import tomllib
from collections.abc import Mapping
from importlib import resources

from forms.errors import FormError
from forms.form import (
    FILES,
    IDENTITY_PREFIX,
    MAIN_TEXT,
    MAX_IDENTITY_BYTES,
    READERS,
    Field,
    Form,
    Kind,
    Option,
    Section,
    identity_line,
)

MAX_FORM_BYTES = 256 * 1024
MAX_ITEMS = 40  # sections, fields of a section, options of a field
MAX_LABEL = 200
MAX_HELP = 1_000
MAX_ANSWER_BYTES = 768 * 1024  # under the 1 MiB that all texts of one report may have
MAX_VERSION = 1_000_000
DEFAULT_SKIP = "I would rather not say"

_FORM_ID = re.compile(r"[a-z0-9-]{1,32}")
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIXED_IDS = {Kind.READERS: READERS, Kind.FILES: FILES}
_ORDER = (Kind.READERS, None, Kind.IDENTITY, Kind.FILES)  # None: everything that is answered


@functools.cache
def default_form() -> Form:
    """Return the form that comes with Candor."""
    return load_form(_default_document())


def form_documents() -> Mapping[bytes, bytes]:
    """Return the files of all forms that this program has, by the SHA-256 that names them."""
    return {default_form().sha256: _default_document()}


@functools.cache
def _default_document() -> bytes:
    return resources.files("forms").joinpath("default.toml").read_bytes()


def load_form(data: bytes) -> Form:
    """Read a form.

    Raises:
        FormError: the file breaks a rule; the message names the place and the rule.
    """
    if len(data) > MAX_FORM_BYTES:
        raise FormError(f"the form has more than {MAX_FORM_BYTES} bytes")
    try:
        table = _Table("the form", tomllib.loads(data.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise FormError(f"the form is not TOML: {error}") from None
    form = Form(
        id=table.text("form", pattern=_FORM_ID),
        version=table.number("version", MAX_VERSION),
        sections=tuple(_section(entry) for entry in table.tables("section", "section")),
        sha256=hashlib.sha256(data).digest(),
    )
    table.close()
    _require_unique("section", [section.id for section in form.sections])
    _require_unique("field", [field.id for field in form.fields])
    _require_order(form)
    _require_identity_fits(form)
    return form


class _Table:
    """A TOML table of which every key must be asked for exactly once."""

    def __init__(self, place: str, values: Mapping[str, object]) -> None:
        self.place = place
        self._left = dict(values)

    def text(
        self, key: str, *, pattern: re.Pattern[str] | None = None, most: int = MAX_LABEL,
        default: str | None = None,
    ) -> str:  # fmt: skip
        value = self._left.pop(key, default)
        if not isinstance(value, str) or (not value and default is None):
            raise FormError(f"{self.place}: {key} must be a text")
        if pattern is not None and pattern.fullmatch(value) is None:
            raise FormError(f"{self.place}: {key} must match {pattern.pattern}")
        if len(value) > most:
            raise FormError(f"{self.place}: {key} has more than {most} characters")
        if not value.isprintable() or value != value.strip():
            raise FormError(f"{self.place}: {key} must be one line without spaces around it")
        return value

    def number(self, key: str, most: int) -> int:
        value = self._left.pop(key, None)
        if type(value) is not int or not 1 <= value <= most:  # a bool is an int, and no number
            raise FormError(f"{self.place}: {key} must be a number from 1 to {most}")
        return value

    def flag(self, key: str) -> bool:
        value = self._left.pop(key, False)
        if not isinstance(value, bool):
            raise FormError(f"{self.place}: {key} must be true or false")
        return value

    def tables(self, key: str, noun: str) -> list["_Table"]:
        entries = self._left.pop(key, None)
        if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_ITEMS:
            raise FormError(f"{self.place}: there must be 1 to {MAX_ITEMS} of {key}")
        tables = []
        for number, entry in enumerate(entries, 1):
            if not isinstance(entry, dict):
                raise FormError(f"{self.place}: {noun} {number} must be a table")
            name = entry.get("id")
            tables.append(_Table(f"{noun} {name if isinstance(name, str) else number}", entry))
        return tables

    def close(self) -> None:
        if self._left:
            raise FormError(f"{self.place}: unknown key {min(self._left)}")


def _section(table: _Table) -> Section:
    section = Section(
        id=table.text("id", pattern=_ID),
        title=table.text("title"),
        help=table.text("help", most=MAX_HELP, default=""),
        open=table.flag("open"),
        fields=tuple(_field(entry) for entry in table.tables("field", "field")),
    )
    table.close()
    return section


def _field(table: _Table) -> Field:
    kind = _kind(table)
    field = Field(
        id=table.text("id", pattern=_ID),
        kind=kind,
        label=table.text("label"),
        help=table.text("help", most=MAX_HELP, default=""),
        max_bytes=table.number("max_bytes", MAX_ANSWER_BYTES) if kind.is_text else 0,
        options=_options(table) if kind.has_options else (),
        skip=table.text("skip", default=DEFAULT_SKIP) if kind is Kind.CHOICE else "",
    )
    table.close()
    _require_fitting_id(table.place, field)
    return field


def _kind(table: _Table) -> Kind:
    name = table.text("kind")
    if name not in set(Kind):
        raise FormError(f"{table.place}: kind must be one of {', '.join(Kind)}")
    return Kind(name)


def _options(table: _Table) -> tuple[Option, ...]:
    options = []
    for entry in table.tables("options", "option"):
        options.append(Option(entry.text("id", pattern=_ID), entry.text("label")))
        entry.close()
    _require_unique("option", [option.id for option in options])
    return tuple(options)


def _require_unique(noun: str, ids: list[str]) -> None:
    for place, name in enumerate(ids):
        if name in ids[:place]:
            raise FormError(f"{noun} {name}: the id is used twice")


def _require_fitting_id(place: str, field: Field) -> None:
    """Some ids say what a field is to the code that receives it."""
    fixed = _FIXED_IDS.get(field.kind)
    if fixed is not None and field.id != fixed:
        raise FormError(f"{place}: a field of this kind has the id {fixed}")
    if fixed is None and field.id in _FIXED_IDS.values():
        raise FormError(f"{place}: the id is kept for another kind")
    if (field.kind is Kind.IDENTITY) != field.id.startswith(IDENTITY_PREFIX):
        raise FormError(f"{place}: identity fields, and no others, begin with {IDENTITY_PREFIX}")
    if field.id == MAIN_TEXT and field.kind is not Kind.LONG_TEXT:
        raise FormError(f"{place}: the main text is a long_text")


def _require_order(form: Form) -> None:
    ranks = [_ORDER.index(field.kind if field.kind in _ORDER else None) for field in form.fields]
    if ranks != sorted(ranks):
        raise FormError("the form: readers come first, then answers, identity, and files last")
    if MAIN_TEXT not in {field.id for field in form.fields}:
        raise FormError(f"the form: there must be a long_text {MAIN_TEXT}")


def _require_identity_fits(form: Form) -> None:
    """Hold the identity file's text within its fixed room, whatever a source writes."""
    longest = sum(
        len(identity_line(field.label, "").encode()) + field.max_bytes
        for field in form.fields
        if field.kind is Kind.IDENTITY
    )
    if longest > MAX_IDENTITY_BYTES:
        raise FormError(
            f"the form: identity fields with their labels may have {MAX_IDENTITY_BYTES} bytes,"
            f" and have {longest}"
        )
