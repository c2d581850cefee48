"""Replies: a reviewer's words to one source, and what the source's side makes sure of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from crypto.bag_info import BagInfo, BagKind, ReplyInfo, Status, StatusCode
from crypto.bag_info_file import serialize_bag_info
from crypto.bag_layout import FOLDER, MAX_TEXT_BYTES, TEXT, filled_bytes
from crypto.bag_reader import BagReader
from crypto.bag_writer import BagWriter
from crypto.errors import DamagedBagError
from crypto.minisign import SigningKey, VerifyKey
from crypto.sinks import Sink
from crypto.source_keys import SourceKeys
from crypto.zip_reader import SeekableFile

REPLY_SLOTS = 4
"""A reply's stanzas: the source's, and blanks, so that it looks like a channel's envelope."""
MAX_REPLY_BYTES = 4 << 20
"""A reply is a text of at most 1 MiB, padded; a larger envelope was not made by a console."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that is to this source and by a reviewer of the roster.

    Attributes:
        signer: says whose name and role to show; the reply itself is not asked.
    """

    channel: str
    info: ReplyInfo
    status: Status | None
    text: str = field(repr=False)
    signer: VerifyKey


def write_reply(  # noqa: PLR0913 - named, and each a part of the bag
    sink: Sink,
    *,
    channel: str,
    info: ReplyInfo,
    text: str,
    status: StatusCode | None,
    signing: SigningKey,
    next_day: date | None = None,
) -> None:
    """Write a reply's bag.

    Args:
        sink: usually an `EnvelopeWriter`; closing it is the caller's.
        channel: the thread's.
        info: whom it is to and what it answers.
        text: at most 1 MiB of UTF-8; may be empty beside a status.
        status: what became of the report, if that is said.
        signing: the reviewer's.
        next_day: by when the source will hear again; only beside a status.

    Raises:
        ValueError: the text is too long, or a day without a status.
    """
    data = text.encode("utf-8")
    if len(data) > MAX_TEXT_BYTES or (next_day is not None and status is None):
        raise ValueError("the text is too long, or a day stands without a status")
    told = Status(StatusCode(status), next_day) if status is not None else None
    details = BagInfo(BagKind.REPLY, channel, info, status=told)
    bag = BagWriter(sink, FOLDER)
    bag.add(TEXT, data)
    bag.finish(
        lambda count: serialize_bag_info(details, count),
        details.kind,
        signing,
        filled_bytes=lambda unpadded: filled_bytes(details.kind, unpadded),
    )


def read_reply(file: SeekableFile, keys: SourceKeys, reviewers: Sequence[VerifyKey]) -> Reply:
    """Read a reply as the source whose keys these are.

    Args:
        file: the plaintext of an envelope from the mailbox.
        keys: the source's.
        reviewers: the keys whose signature is a reviewer's today, as the roster says.

    Raises:
        DamagedBagError: damaged, not a reply, to somebody else, or by nobody of the roster.
    """
    bag = BagReader(file, signers=reviewers)
    if not isinstance(bag.info, ReplyInfo):
        raise DamagedBagError("a mailbox holds replies only")
    if (bag.info.mailbox, bag.info.recipient) != (keys.address, keys.identity.recipient):
        raise DamagedBagError("the reply is to another mailbox or another source")
    bag.verify()
    return Reply(bag.channel, bag.info, bag.status, bag.text, bag.signer)
