"""Which files a bag of each kind has, in which order; there are no others.

    report/bagit.txt
    report/data/report.txt                     the main text
    report/data/report.json                    report, message, canary
    report/data/attachments/001.pdf …          report, message, canary
    report/data/attachments.json               report, message, canary
    report/data/identity.age                   report, message, canary, request
    report/bag-info.txt
    report/manifest-sha256.txt
    report/padding.bin
    report/tagmanifest-sha256.txt
    report/tagmanifest-sha256.txt.minisig

A canary is a test report that nobody can tell from a real one before it is opened.
"""

from collections.abc import Sequence

from crypto.attachments import MAX_ATTACHMENTS, is_stored_name
from crypto.bag_info import SOURCE_KINDS, BagKind
from crypto.padding import padded_bytes

FOLDER = "report"

BAGIT = "bagit.txt"
INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
PADDING = "padding.bin"
TAG_MANIFEST = "tagmanifest-sha256.txt"
SIGNATURE = "tagmanifest-sha256.txt.minisig"
TAGS = (BAGIT, INFO, MANIFEST)
"""What the tag manifest names: every tag file but itself, its signature and the padding."""

TEXT = "data/report.txt"
ANSWERS = "data/report.json"
ATTACHMENTS_JSON = "data/attachments.json"
IDENTITY = "data/identity.age"
_ATTACHMENT_FOLDER = "data/attachments/"

MAX_TEXT_BYTES = 1 << 20
MAX_ANSWERS_BYTES = 7 << 20
"""1 MiB of answers, each character of it a control written as an escape of six, and the ids."""
MAX_IDENTITY_TEXT_BYTES = 1500
IDENTITY_BAG_BYTES = 4096
IDENTITY_FILE_BYTES = 5755
"""An identity bag sealed with one stanza; header, nonce, bag, tag: 1,627 + 16 + 4,096 + 16."""

BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MAX_MEMBERS = 11 + MAX_ATTACHMENTS

_WITH_IDENTITY = SOURCE_KINDS | {BagKind.REQUEST}
_FIXED = frozenset(
    {*TAGS, PADDING, TAG_MANIFEST, SIGNATURE, TEXT, ANSWERS, ATTACHMENTS_JSON, IDENTITY}
)


def is_known(member: str) -> bool:
    """Tell whether a ZIP may have a member of this name."""
    folder, _, name = member.partition("/")
    return folder == FOLDER and (name in _FIXED or is_attachment(name))


def is_attachment(name: str) -> bool:
    """Tell whether a file of a bag is an attachment."""
    return name.startswith(_ATTACHMENT_FOLDER) and is_stored_name(
        name.removeprefix(_ATTACHMENT_FOLDER)
    )


def attachment_path(stored_name: str) -> str:
    """Return where an attachment stands in a bag."""
    return _ATTACHMENT_FOLDER + stored_name


def payload_files(kind: BagKind, attachments: Sequence[str]) -> tuple[str, ...]:
    """Return the payload of a bag of this kind with these attachments."""
    files = [TEXT]
    if kind in SOURCE_KINDS:
        files += [ANSWERS, *attachments, ATTACHMENTS_JSON]
    if kind in _WITH_IDENTITY:
        files.append(IDENTITY)
    return tuple(files)


def filled_bytes(kind: BagKind, unpadded_bytes: int) -> int:
    """Return the length up to which padding.bin fills the ZIP of a bag of this kind."""
    return IDENTITY_BAG_BYTES if kind is BagKind.IDENTITY else padded_bytes(unpadded_bytes)
