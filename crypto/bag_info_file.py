"""How bag-info.txt says of what kind a bag is, by whom, and where answers to it go.

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

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from crypto.bag_info import (
    SOURCE_KINDS,
    About,
    BagInfo,
    BagKind,
    ReplyInfo,
    Sealed,
    SourceInfo,
    Status,
    StatusCode,
    SubjectInfo,
    about_of,
)
from crypto.errors import DamagedBagError, KeyFormatError
from crypto.keys import Recipient
from crypto.minisign import VerifyKey


class PayloadCount(NamedTuple):
    """How much a bag holds: the sum of the lengths of its payload files, and their number."""

    size: int
    files: int


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
    about = _ABOUT[about_of(kind)](fields)
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
