"""Attachments: stored under a number, while what a source called them is data in attachments.json.

attachments.json is an array with one object a line: `file` (its name in the bag), `name` (as the
source had it), `type` (as the browser claimed it), `bytes`, `sha256` (hex). It is UTF-8, and names
in every script stay readable; only characters that reorder, hide or break lines when somebody
prints the file (controls, bidi marks, line separators) are written as escapes.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crypto.errors import DamagedBagError
from crypto.strict_json import parse_json

MAX_ATTACHMENTS = 50
MAX_NAME_CHARACTERS = 255
"""What file systems allow; a name that is longer is refused when it arrives."""
MAX_ATTACHMENTS_JSON_BYTES = MAX_ATTACHMENTS * (12 * MAX_NAME_CHARACTERS + 512)
"""Twelve bytes write any character as an escape; 512 are ample for the rest of an object."""

ANY_TYPE = "application/octet-stream"
_TEXTS = {"pdf", "txt", "rtf", "md", "csv", "log", "doc", "docx", "odt", "epub", "pages"}
_TABLES_AND_SLIDES = {"xls", "xlsx", "ods", "numbers", "ppt", "pptx", "odp", "key"}
_IMAGES = {"jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "heic", "heif", "avif"}
_SOUNDS = {"mp3", "m4a", "aac", "wav", "ogg", "oga", "opus", "flac", "amr", "wma"}
_FILMS = {"mp4", "m4v", "mov", "avi", "mkv", "webm", "wmv", "mpg", "mpeg", "3gp"}
_MAIL_AND_ARCHIVES = {"eml", "msg", "mbox", "zip", "7z", "rar", "tar", "gz"}
_EXTENSIONS = _TEXTS | _TABLES_AND_SLIDES | _IMAGES | _SOUNDS | _FILMS | _MAIL_AND_ARCHIVES
"""Nothing that a double click runs: pages, programs, scripts and macro documents become .bin."""
_STORED_NAME = re.compile(r"([0-9]{3})\.([a-z0-9]{1,5})")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
_KEYS = ("file", "name", "type", "bytes", "sha256")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that came with a report or message."""

    number: int
    stored_name: str
    original_name: str = field(repr=False)
    claimed_type: str
    size: int
    sha256: bytes


def stored_name(number: int, original_name: str) -> str:
    """Name an attachment by number and, if it is one of a fixed list, the source's extension."""
    _, dot, extension = original_name.rpartition(".")
    known = dot and extension.lower() in _EXTENSIONS
    return f"{number:03}.{extension.lower() if known else 'bin'}"


def is_stored_name(name: str) -> bool:
    """Tell whether `stored_name` may return this."""
    found = _STORED_NAME.fullmatch(name)
    if found is None or not 1 <= int(found[1]) <= MAX_ATTACHMENTS:
        return False
    return found[2] == "bin" or found[2] in _EXTENSIONS


def require_name(name: str) -> None:
    """Refuse a name that attachments.json cannot carry.

    Raises:
        ValueError: over 255 characters, with a NUL, or not Unicode text.
    """
    if len(name) > MAX_NAME_CHARACTERS or "\0" in name:
        raise ValueError("a file name has at most 255 characters and no NUL")
    name.encode("utf-8")


def plain_type(claimed_type: str) -> str:
    """Keep `type/subtype` of what a browser claimed; anything else is just bytes."""
    essence = claimed_type.partition(";")[0].strip().lower()
    return essence if _TYPE.fullmatch(essence) else ANY_TYPE


def serialize_attachments(attachments: Iterable[Attachment]) -> bytes:
    """Write attachments.json."""
    lines = ",\n".join(_serialize(attachment) for attachment in attachments)
    return (f"[\n{lines}\n]\n" if lines else "[]\n").encode("utf-8")


def parse_attachments(data: bytes) -> tuple[Attachment, ...]:
    """Read attachments.json.

    Raises:
        DamagedBagError: not an array of such objects, numbered from 1.
    """
    found = parse_json(data, "attachments.json")
    if not isinstance(found, list) or len(found) > MAX_ATTACHMENTS:
        raise DamagedBagError("attachments.json is not a list of at most 50 attachments")
    return tuple(_parse(number, item) for number, item in enumerate(found, 1))


def _serialize(attachment: Attachment) -> str:
    values = (
        attachment.stored_name,
        attachment.original_name,
        attachment.claimed_type,
        attachment.size,
        attachment.sha256.hex(),
    )
    line = json.dumps(dict(zip(_KEYS, values, strict=True)), ensure_ascii=False)
    return "".join(json.dumps(c)[1:-1] if unicodedata.category(c) in _HIDDEN else c for c in line)


def _parse(number: int, item: object) -> Attachment:
    if not isinstance(item, Mapping) or tuple(item) != _KEYS:
        raise DamagedBagError("attachments.json has an object that is no attachment")
    file, name, claimed_type, size, sha256 = item.values()
    try:
        require_name(name)
        fits = (
            is_stored_name(file)
            and int(file[:3]) == number
            and plain_type(claimed_type) == claimed_type
            and type(size) is int
            and size >= 0
            and _SHA256.fullmatch(sha256)
        )
    except (TypeError, ValueError, AttributeError):
        fits = False
    if not fits:
        raise DamagedBagError("attachments.json has a value that no attachment has")
    return Attachment(number, file, name, claimed_type, size, bytes.fromhex(sha256))
