"""Cut a form's body into parts, as it comes.

python-multipart's push parser, with the strictness that a stranger's bytes need: what is not
plainly one form is refused, so that no two programs read it differently.
"""

import logging
import re
from dataclasses import dataclass
from typing import Final, Protocol, cast

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser as PushParser

MAX_PARTS: Final = 500  # 50 files and every box and field of a large form, several times over
MAX_HEADERS: Final = 8
MAX_HEADER_BYTES: Final = 16_384  # a name of 4 KB, escaped threefold: refused as a name, not here
MAX_BOUNDARY_BYTES: Final = 70  # RFC 2046, section 5.1.1

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_CONTENT_TYPE: Final = re.compile(
    rf'multipart/form-data((?:[ \t]*;[ \t]*{_WORD}=(?:"[^"\\]*"|{_WORD}))*)[ \t]*', re.IGNORECASE
)
_PARAMETER: Final = re.compile(rf'({_WORD})=(?:"([^"\\]*)"|({_WORD}))')
# browsers write a quotation mark as %22 and leave backslashes alone; curl puts one before both
_AS_BROWSERS: Final = re.compile(
    rb'form-data; *name="([^"]*)"(?:; *filename="([^"]*)")?', re.IGNORECASE
)
_QUOTED: Final = rb'"((?:[^"\\]|\\["\\])*)"'
_AS_CURL: Final = re.compile(
    rb"form-data; *name=" + _QUOTED + rb"(?:; *filename=" + _QUOTED + rb")?", re.IGNORECASE
)
_MEDIA_TYPE: Final = re.compile(rf"{_WORD}/{_WORD}")
_DEFAULT_TYPE: Final = "application/octet-stream"
_MAX_MEDIA_TYPE: Final = 127  # RFC 6838, section 4.2
_TAIL_BYTES: Final = MAX_BOUNDARY_BYTES + len(b"----\r\n")
_IDENTITY_ENCODINGS: Final = (b"7bit", b"8bit", b"binary")

# its warnings repeat what was sent, and a bad request is nobody's news
logging.getLogger("python_multipart").disabled = True
logging.getLogger("python_multipart.multipart").disabled = True


class MultipartError(Exception):
    """The body is not one well-formed, complete form."""


class NotMultipartError(MultipartError):
    """The body is of another type, or its boundary is missing or absurd."""


class TooManyPartsError(MultipartError):
    """The body has more parts than any form of ours."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a part's header says; `filename` is None for a field."""

    name: str
    filename: str | None
    content_type: str


class PartHandler(Protocol):
    """What takes the parts in, in their order."""

    def begin_part(self, part: Part) -> None:
        """Take the header of the next part."""

    def write(self, data: memoryview) -> None:
        """Take some of the part's bytes; `data` is only valid during the call."""

    def end_part(self) -> None:
        """Take note that the part is complete."""


def parse_boundary(content_type: str) -> bytes:
    """Read the boundary out of a form's Content-Type.

    Raises:
        NotMultipartError: another type, no boundary or several, or one that RFC 2046 forbids.
    """
    header = _CONTENT_TYPE.fullmatch(content_type.strip(" \t"))
    parameters = _PARAMETER.findall(header[1]) if header else []
    boundaries = [
        quoted or token for name, quoted, token in parameters if name.lower() == "boundary"
    ]
    if len(boundaries) != 1 or not _BOUNDARY.fullmatch(boundaries[0]):
        raise NotMultipartError("not a form with one boundary")
    boundary: str = boundaries[0]
    return boundary.encode("ascii")


def parse_part(headers: dict[bytes, bytes]) -> Part:
    """Read a part's header.

    Raises:
        MultipartError: no or two dispositions, not a form's, or names that are not UTF-8.
    """
    disposition = headers.get(b"content-disposition", b"")
    match = _AS_BROWSERS.fullmatch(disposition)
    names = [_percent_unquote(name) for name in match.groups()] if match else _as_curl(disposition)
    if headers.get(b"content-transfer-encoding", b"binary").lower() not in _IDENTITY_ENCODINGS:
        raise MultipartError("a part is encoded")
    try:
        name, filename = (None if raw is None else raw.decode("utf-8") for raw in names)
    except UnicodeDecodeError:
        raise MultipartError("a name is not UTF-8") from None
    if not name:
        raise MultipartError("a part has no name")
    return Part(name, filename, _media_type(headers.get(b"content-type", b"")))


def _percent_unquote(name: bytes | None) -> bytes | None:
    """Undo what a browser escapes, but for line ends: a name with %0A stays a plain name."""
    return None if name is None else name.replace(b"%22", b'"')


def _as_curl(disposition: bytes) -> list[bytes | None]:
    match = _AS_CURL.fullmatch(disposition)
    if not match:
        raise MultipartError("a part has no form-data disposition")
    return [None if raw is None else re.sub(rb"\\(.)", rb"\1", raw) for raw in match.groups()]


def _media_type(header: bytes) -> str:
    """Give the claimed type without its parameters; what is no type becomes the default."""
    claimed = header.split(b";")[0].strip().decode("latin-1").lower()
    fits = len(claimed) <= _MAX_MEDIA_TYPE and _MEDIA_TYPE.fullmatch(claimed)
    return claimed if fits else _DEFAULT_TYPE


class MultipartReader:
    """Cuts a body, pushed in blocks of any size, into parts for a handler.

    Errors of the handler pass through; after any error the reader is of no more use.
    """

    def __init__(self, boundary: bytes, handler: PartHandler) -> None:
        self._handler = handler
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._started = self._ended = False
        self._closing = b"--" + boundary + b"--"
        self._tail = b""
        self._parser = PushParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": handler.end_part,
                "on_end": self._on_end,
            },
            max_header_count=MAX_HEADERS,
            max_header_size=MAX_HEADER_BYTES,
        )

    def write(self, block: bytes | bytearray) -> None:
        """Parse the next bytes of the body.

        Raises:
            MultipartError: malformed, or too many parts.
        """
        if not self._started and block:
            self._started = True
            # the parser skips what stands before the first boundary; no browser sends such
            if block[:1] != b"-":
                raise MultipartError("the body does not start with its boundary")
        try:
            # the parser only reads, finds and slices, which bytes and bytearray do alike
            self._parser.write(cast("bytes", block))
        except MultipartParseError:
            raise MultipartError("the body is not a well-formed form") from None
        self._tail = (self._tail + bytes(block[-_TAIL_BYTES:]))[-_TAIL_BYTES:]

    def finish(self) -> None:
        """Take note that the body ended.

        Raises:
            MultipartError: cut short, or something follows the closing boundary.
        """
        # the parser's own finalize accepts a truncated body, and it skips what follows the end
        if not self._ended or not self._tail.removesuffix(b"\r\n").endswith(self._closing):
            raise MultipartError("the body does not end with its closing boundary")

    def _on_part_begin(self) -> None:
        self._parts += 1
        self._headers = {}
        if self._parts > MAX_PARTS:
            raise TooManyPartsError("more parts than any form of ours")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        name, value = self._name.lower(), self._value.strip(b" \t")
        if name in self._headers or any(byte in value for byte in b"\0\n"):
            raise MultipartError("a part's header is doubled or has control characters")
        self._headers[name] = value
        self._name = self._value = b""

    def _on_headers_finished(self) -> None:
        self._handler.begin_part(parse_part(self._headers))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        with memoryview(data)[start:end] as view:
            self._handler.write(view)

    def _on_end(self) -> None:
        self._ended = True
