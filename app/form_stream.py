"""A form as its parts arrive: texts are held within bounds, files are passed on as bytes.

Nothing is sealed before the form is accepted, which is when its first file begins, or at its end.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Protocol

from app.errors import Problem, Reason, RefusedForm
from app.multipart import Part
from crypto.attachments import MAX_ATTACHMENTS, MAX_NAME_CHARACTERS
from crypto.bag_layout import MAX_TEXT_BYTES
from crypto.sodium import wipe
from forms.form import FILES

TEXT_BYTES: Final = MAX_TEXT_BYTES  # all texts together: one of them alone may be as long
MAX_FILES: Final = MAX_ATTACHMENTS

Values = dict[str, list[str]]


class Attachments(Protocol):
    """Where an accepted form's files go."""

    def begin_attachment(self, name: str, claimed_type: str) -> None:
        """Take the next file's name and claimed type."""

    def write(self, data: memoryview) -> None:
        """Take some of its bytes, valid during the call only."""

    def end_attachment(self) -> None:
        """Take note that it is complete."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a form may hold.

    Attributes:
        fields: the names that its page asks for, but for the files.
        total_bytes: texts and files together.
    """

    fields: Collection[str]
    total_bytes: int


class FormStream:
    """Takes a form's parts: collects its texts, has them accepted, and streams its files.

    Args:
        limits: what is refused as soon as it is known.
        accept: takes the texts, and whether a file came with them; gives what takes the files.
            It refuses a form by raising `RefusedForm`.
    """

    def __init__(self, limits: Limits, accept: Callable[[Values, bool], Attachments]) -> None:
        self.values: Values = {}
        self.file_sizes: list[int] = []
        self._limits = limits
        self._accept = accept
        self._attachments: Attachments | None = None
        self._field: str | None = None
        self._text = bytearray()
        self._text_bytes = self._total_bytes = 0
        self._files_begun = False
        self._in_file = False

    def begin_part(self, part: Part) -> None:
        """Refuse a part that does not belong here, before any of its bytes."""
        if part.filename is None:
            self._begin_field(part.name)
        elif part.name != FILES:
            raise self._refused(Reason.UNKNOWN_FIELD)
        else:
            self._begin_file(part.filename, part.content_type)

    def write(self, data: memoryview) -> None:
        """Take some bytes of the part."""
        self._total_bytes += len(data)
        if self._total_bytes > self._limits.total_bytes:
            raise self._refused(Reason.TOO_LARGE, FILES if self._files_begun else None)
        if self._field is not None:
            self._write_text(data)
        elif self._in_file and self._attachments:
            self.file_sizes[-1] += len(data)
            self._attachments.write(data)
        else:
            # no browser sends bytes without a file's name
            raise self._refused(Reason.BAD_FILE_NAME, FILES)

    def end_part(self) -> None:
        """Keep the text, or close the file."""
        if self._field is not None:
            self.values.setdefault(self._field, []).append(self._decoded())
            self._field = None
        elif self._in_file and self._attachments:
            self._attachments.end_attachment()
            self._in_file = False

    def finish(self) -> None:
        """Have a form without files accepted at its end."""
        if self._attachments is None:
            self._attachments = self._accept(self.values, False)  # noqa: FBT003 - without a file

    def _begin_field(self, name: str) -> None:
        if self._files_begun:
            raise self._refused(Reason.FIELD_AFTER_FILES)
        if name not in self._limits.fields:
            raise self._refused(Reason.UNKNOWN_FIELD)
        self._field = name

    def _begin_file(self, filename: str, claimed_type: str) -> None:
        self._files_begun = True
        if not filename:
            return  # what a browser sends for a file field that was left empty
        name = self._bare_name(filename)
        if len(self.file_sizes) == MAX_FILES:
            raise self._refused(Reason.TOO_MANY_FILES, FILES)
        if self._attachments is None:
            self._attachments = self._accept(self.values, True)  # noqa: FBT003 - with one
        self._attachments.begin_attachment(name, claimed_type)
        self.file_sizes.append(0)
        self._in_file = True

    def _bare_name(self, filename: str) -> str:
        """Give the last part of a path; odd letters stay, since the name is data to us."""
        name = filename.replace("\\", "/").rpartition("/")[2]
        if name in {"", ".", ".."} or "\0" in name or len(name) > MAX_NAME_CHARACTERS:
            raise self._refused(Reason.BAD_FILE_NAME, FILES)
        return name

    def _write_text(self, data: memoryview) -> None:
        self._text_bytes += len(data)
        if self._text_bytes > TEXT_BYTES:
            raise self._refused(Reason.TEXT_TOO_LONG, self._field)
        self._text += data

    def _decoded(self) -> str:
        raw, self._text = self._text, bytearray()
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise self._refused(Reason.BAD_ENCODING, self._field) from None
        finally:
            wipe(raw)

    def _refused(self, reason: Reason, field: str | None = None) -> RefusedForm:
        return RefusedForm([Problem(field, reason)], self.values)
