"""What a bag says of itself: of what kind it is, by whom, and where answers to it go."""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from crypto.header import MAX_SLOTS
from crypto.keys import Recipient
from crypto.minisign import VerifyKey

ADDRESS_BYTES = 32
ENVELOPE_HASH_BYTES = 32
MAX_READERS = MAX_SLOTS
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class BagKind(StrEnum):
    """What a bag is for; its signature is bound to it."""

    REPORT = "report"
    MESSAGE = "message"
    REPLY = "reply"
    IDENTITY = "identity"
    REQUEST = "request"
    DISCLOSURE = "disclosure"
    CANARY = "canary"


SOURCE_KINDS = frozenset({BagKind.REPORT, BagKind.MESSAGE, BagKind.CANARY})


class Sealed(StrEnum):
    """Where a bag was sealed: who could have seen its plaintext."""

    BROWSER = "browser"
    OFFLINE = "offline"
    ARRIVAL = "arrival"


class StatusCode(StrEnum):
    """What a reviewer tells about a report beside, or instead of, words."""

    OPENED = "opened"
    QUESTION = "question"
    WORKING = "working"
    PASSED_ON = "passed-on"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Status:
    """A status, and the day by which the source will hear again."""

    code: StatusCode
    next_day: date | None = None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """The thread that a source's bag belongs to, and its signer."""

    mailbox: bytes = field(repr=False)
    recipient: Recipient
    key: VerifyKey

    def __post_init__(self) -> None:
        _require_bytes(self.mailbox, ADDRESS_BYTES)


@dataclass(frozen=True, slots=True)
class ReplyInfo:
    """Whom a reply is to, what it answers, and its number by this reviewer in this thread."""

    mailbox: bytes = field(repr=False)
    recipient: Recipient
    in_reply_to: bytes
    number: int
    readers: tuple[str, ...]
    day: date

    def __post_init__(self) -> None:
        _require_bytes(self.mailbox, ADDRESS_BYTES)
        _require_bytes(self.in_reply_to, ENVELOPE_HASH_BYTES)
        if self.number < 1:
            raise ValueError("reply numbers start at 1")
        if len(self.readers) > MAX_READERS or len(set(self.readers)) != len(self.readers):
            raise ValueError("too many readers, or one of them twice")
        for reader in self.readers:
            require_id(reader)


@dataclass(frozen=True, slots=True)
class SubjectInfo:
    """The source whose identity a bag holds, asks for or tells."""

    key: VerifyKey


About: TypeAlias = SourceInfo | ReplyInfo | SubjectInfo


@dataclass(frozen=True, slots=True)
class BagInfo:
    """Everything in bag-info.txt but the count of the payload."""

    kind: BagKind
    channel: str
    about: About
    sealed: Sealed | None = None
    status: Status | None = None

    def __post_init__(self) -> None:
        require_id(self.channel)
        is_source = self.kind in SOURCE_KINDS
        fits = isinstance(self.about, about_of(self.kind)) and is_source == bool(self.sealed)
        if not fits or (self.status is not None and self.kind is not BagKind.REPLY):
            raise ValueError("these fields do not belong to this kind of bag")


def require_id(text: str) -> None:
    """Refuse anything but an id of a channel or a reviewer.

    Raises:
        ValueError: not 1 to 32 of a-z, 0-9 and, inside, hyphens.
    """
    if not _ID.fullmatch(text):
        raise ValueError("an id is 1 to 32 of a-z, 0-9 and, inside, hyphens")


def about_of(kind: BagKind) -> type[About]:
    """Return what a bag of this kind is about."""
    if kind in SOURCE_KINDS:
        return SourceInfo
    return ReplyInfo if kind is BagKind.REPLY else SubjectInfo


def _require_bytes(value: bytes, length: int) -> None:
    if len(value) != length:
        raise ValueError("an address or hash of another length")
