"""What a file is by its content, and whether its name says the same.

Only the first bytes are read, and nothing is parsed: a hostile file meets a table of byte
patterns, no decoder.
"""

from dataclasses import dataclass

import puremagic

HEAD_BYTES = 8192  # holds every pattern of the table that stands at a start, tar's at 257 included

_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")
_PRINTABLE_FROM = 0x20
_SHORTEST_PATTERN = 3  # two bytes fit too much by chance


def _extensions(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


@dataclass(frozen=True, slots=True)
class _Family:
    """Content that begins in one way and goes by several extensions."""

    pattern: bytes
    name: str
    extensions: frozenset[str]
    offset: int = 0


# ZIP holds office files, ISO media hold film and photos, OLE holds the old office files: a table
# of patterns alone would call each of them by one name at random.
_FAMILIES = (
    _Family(b"MZ", "Windows program", _extensions("exe dll scr sys drv cpl ocx com")),
    _Family(b"\x7fELF", "Linux program", _extensions("so elf appimage o")),
    _Family(b"\xcf\xfa\xed\xfe", "macOS program", _extensions("dylib o")),
    _Family(b"#!", "script", _extensions("sh bash py pl rb")),
    _Family(b"%PDF-", "PDF", _extensions("pdf ai")),
    _Family(b"\xff\xd8\xff", "JPEG", _extensions("jpg jpeg jpe jfif")),
    _Family(b"\x89PNG\r\n\x1a\n", "PNG", _extensions("png apng")),
    _Family(
        b"PK\x03\x04",
        "ZIP or office document",
        _extensions(
            "zip docx xlsx pptx docm xlsm pptm dotx xltx odt ods odp odg epub jar apk kmz pages "
            "numbers key vsdx xps cbz xpi ipa"
        ),
    ),
    _Family(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "old office document",
        _extensions("doc xls ppt msg msi vsd pub mpp dot xlt pps db"),
    ),
    _Family(
        b"ftyp",
        "video or photo",
        _extensions("mp4 m4v m4a mov 3gp 3g2 heic heif avif cr3 qt"),
        offset=4,
    ),
    _Family(b"\x1a\x45\xdf\xa3", "Matroska or WebM", _extensions("mkv webm mka mks")),
    _Family(b"ID3", "MP3", _extensions("mp3 aac tta")),
    _Family(b"OggS", "Ogg", _extensions("ogg oga ogv opus spx")),
    _Family(b"\x1f\x8b", "gzip", _extensions("gz tgz svgz emz")),
    _Family(b"age-encryption.org/v1\n", "age envelope", _extensions("age")),
)
# Text that a double click runs.
_SCRIPTS = _extensions(
    "bat cmd com ps1 vbs vbe js jse wsf wsh hta sh bash py pl rb scr reg lnk desktop command"
)
# Files that always begin in a known way: one that does not is something else under this name.
_ALWAYS_KNOWN = _extensions(
    "pdf jpg jpeg png gif zip docx xlsx pptx odt ods odp doc xls ppt heic mkv webm ogg gz 7z exe"
)


@dataclass(frozen=True, slots=True)
class FileType:
    """A type by content.

    Attributes:
        name: in words, for people.
        fits: the extension of the file's name is one that such content has.
    """

    name: str
    fits: bool


def extension_of(name: str) -> str:
    """Take the last extension of a name, lower case with its dot, or nothing."""
    stem, dot, extension = name.rpartition(".")
    return f".{extension.strip().lower()}" if dot and stem else ""


def file_type(head: bytes, name: str) -> FileType:
    """Tell what content that starts like this is, and whether the name's extension fits.

    A type that cannot be told never counts as disagreeing.

    Args:
        head: the first `HEAD_BYTES`, or all there is.
        name: the original name, as a source typed it.
    """
    extension = extension_of(name)
    if not head:
        return FileType("empty", fits=True)
    for family in _FAMILIES:
        if head.startswith(family.pattern, family.offset):
            return FileType(family.name, fits=not extension or extension in family.extensions)
    return _text_type(head, extension) if _is_text(head) else _by_table(head, extension)


def _text_type(head: bytes, extension: str) -> FileType:
    if extension in _SCRIPTS:
        return FileType("text that a computer may run", fits=True)
    for match in _matches(head):
        if match.extension == extension:
            return FileType(str(match.name), fits=True)
    return FileType("text", fits=extension not in _ALWAYS_KNOWN)


def _by_table(head: bytes, extension: str) -> FileType:
    matches = _matches(head)
    for match in matches:
        if match.extension == extension:
            return FileType(str(match.name), fits=True)
    if matches:
        return FileType(str(matches[0].name), fits=not extension)
    return FileType("unknown", fits=extension not in _ALWAYS_KNOWN)


def _matches(head: bytes) -> list[puremagic.PureMagicWithConfidence]:
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []
    return [
        match
        for match in found
        if len(match.byte_match) >= _SHORTEST_PATTERN and any(match.byte_match)
    ]


def _is_text(head: bytes) -> bool:
    """Tell whether this is UTF-8 text without control characters (a cut last letter is fine)."""
    if any(byte < _PRINTABLE_FROM and byte not in _TEXT_CONTROLS for byte in head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True
