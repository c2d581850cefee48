"""bag-info.txt: of what kind a bag is, by whom, and where answers to it go.

One line `Label: value` for each field, UTF-8, LF, in exactly the order below; hashes and addresses
in lower-case hex. There is no date finer than a day and no trace of the program that wrote it.

    every kind                   Candor-Kind, … , Channel, … , Payload-Oxum: <bytes>.<files>
    report, message, canary      Candor-Kind, Candor-Sealed, Channel, Source-Mailbox,
                                 Source-Recipient, Source-Key
    reply                        Candor-Kind, Channel, Reply-To-Mailbox, Reply-To-Recipient,
                                 In-Reply-To, Reply-Number, [Readers], Day, [Status, [Next-Day]]
    identity                     Candor-Kind, Channel, Source-Key
    request, disclosure          the same; the Source-Key is whose identity is asked for or told

Source: RFC 8493, section 2.2.2.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from crypto.errors import DamagedBagError, KeyFormatError
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
        fits = isinstance(self.about, _about_of(self.kind)) and is_source == bool(self.sealed)
        if not fits or (self.status is not None and self.kind is not BagKind.REPLY):
            raise ValueError("these fields do not belong to this kind of bag")


class PayloadCount(NamedTuple):
    """How much a bag holds: the sum of the lengths of its payload files, and their number."""

    size: int
    files: int


def require_id(text: str) -> None:
    """Refuse anything but an id of a channel or a reviewer.

    Raises:
        ValueError: not 1 to 32 of a-z, 0-9 and, inside, hyphens.
    """
    if not _ID.fullmatch(text):
        raise ValueError("an id is 1 to 32 of a-z, 0-9 and, inside, hyphens")


def serialize_bag_info(info: BagInfo, payload: PayloadCount) -> bytes:
    """Write the whole file."""
    oxum = ("Payload-Oxum", f"{payload.size}.{payload.files}")
    return serialize_fields([*_fields(info), oxum])


def serialize_fields(fields: list[tuple[str, str]]) -> bytes:
    """Write labels and values, one line for each."""
    return "".join(f"{label}: {value}\n" for label, value in fields).encode("utf-8")


def parse_bag_info(data: bytes) -> tuple[BagInfo, PayloadCount]:
    """Read the whole file.

    Raises:
        DamagedBagError: not exactly as `serialize_bag_info` writes it.
    """
    try:
        lines = data.decode("utf-8").split("\n")[:-1]
        fields = dict(_split(line) for line in lines)
        info = _parse_fields(fields)
        payload = _parse_count(fields["Payload-Oxum"])
    except (ValueError, KeyError, KeyFormatError):
        raise DamagedBagError("bag-info.txt is not that of any kind of bag") from None
    if serialize_bag_info(info, payload) != data:
        raise DamagedBagError("bag-info.txt has more, or other, than its kind has")
    return info, payload


def _split(line: str) -> tuple[str, str]:
    label, value = line.split(": ", 1)
    return label, value


def _parse_count(oxum: str) -> PayloadCount:
    size, files = oxum.split(".")
    if not (size.isdecimal() and files.isdecimal()):
        raise ValueError("a count is digits")
    return PayloadCount(int(size), int(files))


def _fields(info: BagInfo) -> Iterator[tuple[str, str]]:
    yield "Candor-Kind", info.kind
    if info.sealed is not None:
        yield "Candor-Sealed", info.sealed
    yield "Channel", info.channel
    match info.about:
        case SourceInfo(mailbox, recipient, key):
            yield "Source-Mailbox", mailbox.hex()
            yield "Source-Recipient", recipient.serialize()
            yield "Source-Key", key.serialize()
        case SubjectInfo(key):
            yield "Source-Key", key.serialize()
        case ReplyInfo() as reply:
            yield from _reply_fields(reply)
    if info.status is not None:
        yield "Status", info.status.code
        if info.status.next_day is not None:
            yield "Next-Day", info.status.next_day.isoformat()


def _reply_fields(reply: ReplyInfo) -> Iterator[tuple[str, str]]:
    yield "Reply-To-Mailbox", reply.mailbox.hex()
    yield "Reply-To-Recipient", reply.recipient.serialize()
    yield "In-Reply-To", reply.in_reply_to.hex()
    yield "Reply-Number", str(reply.number)
    if reply.readers:
        yield "Readers", " ".join(reply.readers)
    yield "Day", reply.day.isoformat()


def _parse_fields(fields: Mapping[str, str]) -> BagInfo:
    kind = BagKind(fields["Candor-Kind"])
    sealed = Sealed(fields["Candor-Sealed"]) if kind in SOURCE_KINDS else None
    about = _ABOUT[_about_of(kind)](fields)
    return BagInfo(kind, fields["Channel"], about, sealed, _parse_status(fields))


def _parse_source(fields: Mapping[str, str]) -> SourceInfo:
    return SourceInfo(
        mailbox=bytes.fromhex(fields["Source-Mailbox"]),
        recipient=Recipient.parse(fields["Source-Recipient"]),
        key=VerifyKey.parse(fields["Source-Key"]),
    )


def _parse_reply(fields: Mapping[str, str]) -> ReplyInfo:
    return ReplyInfo(
        mailbox=bytes.fromhex(fields["Reply-To-Mailbox"]),
        recipient=Recipient.parse(fields["Reply-To-Recipient"]),
        in_reply_to=bytes.fromhex(fields["In-Reply-To"]),
        number=int(fields["Reply-Number"]),
        readers=tuple(fields["Readers"].split(" ")) if "Readers" in fields else (),
        day=date.fromisoformat(fields["Day"]),
    )


def _parse_subject(fields: Mapping[str, str]) -> SubjectInfo:
    return SubjectInfo(VerifyKey.parse(fields["Source-Key"]))


def _parse_status(fields: Mapping[str, str]) -> Status | None:
    if "Status" not in fields:
        return None
    next_day = date.fromisoformat(fields["Next-Day"]) if "Next-Day" in fields else None
    return Status(StatusCode(fields["Status"]), next_day)


_ABOUT: dict[type[About], Callable[[Mapping[str, str]], About]] = {
    SourceInfo: _parse_source,
    ReplyInfo: _parse_reply,
    SubjectInfo: _parse_subject,
}


def _about_of(kind: BagKind) -> type[About]:
    if kind in SOURCE_KINDS:
        return SourceInfo
    return ReplyInfo if kind is BagKind.REPLY else SubjectInfo


def _require_bytes(value: bytes, length: int) -> None:
    if len(value) != length:
        raise ValueError("an address or hash of another length")
