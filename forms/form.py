"""A form: what a channel asks a source, as data.

Texts are written in English and are the message ids by which a page looks up its own language.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

MAIN_TEXT = "report"  # the one field that becomes data/report.txt
READERS = "reader"
FILES = "file"
IDENTITY_PREFIX = "identity_"
MAX_IDENTITY_BYTES = 1_500  # of the identity file's text, all fields and their labels together


class Kind(StrEnum):
    """How a field is asked and answered."""

    TEXT = "text"  # one line
    LONG_TEXT = "long_text"
    CHOICE = "choice"  # one option or none
    CHOICES = "choices"  # any number of options
    READERS = "readers"  # the channel's reviewers, from the roster
    IDENTITY = "identity"  # a text that is sealed to the custodian alone
    FILES = "files"

    @property
    def is_text(self) -> bool:
        """Whether the answer is something written."""
        return self in {Kind.TEXT, Kind.LONG_TEXT, Kind.IDENTITY}

    @property
    def has_options(self) -> bool:
        """Whether the answer is chosen from the form's own options."""
        return self in {Kind.CHOICE, Kind.CHOICES}


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer: the id stands in report.json, the label on the page."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question.

    Attributes:
        max_bytes: the longest answer in UTF-8, line ends being LF; 0 where nothing is written.
        options: the answers of a choice or choices, in the order of the page.
        skip: the label of a choice's empty answer, which is the one preselected; else "".
    """

    id: str
    kind: Kind
    label: str
    help: str = ""
    max_bytes: int = 0
    options: tuple[Option, ...] = ()
    skip: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that belong together; `open` says whether the page shows it unfolded."""

    id: str
    title: str
    help: str
    open: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form; `sha256` is that of the file it was read from, by which a roster names it."""

    id: str
    version: int
    sections: tuple[Section, ...]
    sha256: bytes

    @property
    def fields(self) -> Iterator[Field]:
        """Every field, in the order in which a page asks and a browser sends them."""
        return (field for section in self.sections for field in section.fields)

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text to translate, once, in the order of the page."""
        texts: list[str] = []
        for section in self.sections:
            texts += section.title, section.help
            for field in section.fields:
                texts += field.label, field.help, field.skip
                texts += (option.label for option in field.options)
        return tuple(dict.fromkeys(filter(None, texts)))

    def without(self, *kinds: Kind) -> Self:
        """Leave out the fields of some kinds, and the sections that become empty.

        A service without a custodian has nobody to seal an identity to, and a channel whose
        reviewers share one key has no readers to choose.
        """
        sections = (
            replace(section, fields=tuple(f for f in section.fields if f.kind not in kinds))
            for section in self.sections
        )
        return replace(self, sections=tuple(section for section in sections if section.fields))


def identity_line(label: str, answer: str) -> str:
    """Write one answer of the identity section as it stands in the identity file."""
    return f"{label}: {answer}\n"
