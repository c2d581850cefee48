"""Write replies: sealed to one source, signed by one reviewer, in the bundle for the courier."""

from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from pathlib import Path

from console.errors import UnanswerableError
from console.threads import book_path, one_writer, read_book, write_book
from crypto.bag_info import MAX_READERS, ReplyInfo, SourceInfo, StatusCode, require_id
from crypto.bag_reader import BagReader
from crypto.bundle import write_bundle
from crypto.envelope import EnvelopeWriter
from crypto.keys import Identity
from crypto.reply import REPLY_SLOTS, write_reply
from crypto.source_keys import reviewer_signing_key
from disk.files import new_file_at


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer says: words, a status, or both."""

    text: str
    status: StatusCode | None
    next_day: date | None
    day: date


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who answers: an identity, and the file that it came from."""

    identity: Identity
    path: Path


def write_reply_bundle(
    out: Path, bag: BagReader, in_reply_to: bytes, answer: Answer, reviewer: Reviewer
) -> ReplyInfo:
    """Seal and sign a reply, number it, and write the outbound bundle.

    The number is recorded when the bundle is complete but does not have its name yet: a crash
    leaves a number unused at worst, and never two replies with the same one.

    Args:
        out: the bundle; never overwritten.
        bag: what is answered.
        in_reply_to: the hash of its envelope.
        answer: what to say.
        reviewer: who says it.

    Raises:
        UnanswerableError: not a bag of a source.
        ForgedThreadError: the bag shares one mark of another source's thread.
        ThreadBookError: the record of numbers cannot be read.
        OutputError: the name is taken.
    """
    source = _source_of(bag)
    with one_writer(reviewer.path), new_file_at(out) as file:
        book = read_book(book_path(reviewer.path), reviewer.identity)
        thread = book.find(source)
        thread = replace(thread, replies=thread.replies + 1)
        info = ReplyInfo(
            mailbox=source.mailbox,
            recipient=source.recipient,
            in_reply_to=in_reply_to,
            number=thread.replies,
            readers=_readers_of(bag),
            day=answer.day,
        )
        envelope = _seal(bag.channel, info, answer, reviewer.identity)
        signing = reviewer_signing_key(reviewer.identity)
        write_bundle(file, [(source.mailbox, envelope)], signing)
        book.put(thread)
        write_book(book_path(reviewer.path), book, reviewer.identity)
    return info


def _source_of(bag: BagReader) -> SourceInfo:
    if not isinstance(bag.info, SourceInfo):
        raise UnanswerableError(f"a bag of kind {bag.kind} takes no reply: answer a report")
    return bag.info


def _readers_of(bag: BagReader) -> tuple[str, ...]:
    """Take the readers that the source chose, so that their next message starts with the same.

    Whatever else stands there a page of the service never wrote: such a source starts with none.
    """
    readers = bag.answers.get("readers")
    if not isinstance(readers, list) or not all(isinstance(reader, str) for reader in readers):
        return ()
    try:
        for reader in readers:
            require_id(reader)
    except ValueError:
        return ()
    return tuple(dict.fromkeys(readers))[:MAX_READERS]


def _seal(channel: str, info: ReplyInfo, answer: Answer, identity: Identity) -> BytesIO:
    sealed = BytesIO()
    envelope = EnvelopeWriter(sealed, [info.recipient], slots=REPLY_SLOTS)
    write_reply(
        envelope,
        channel=channel,
        info=info,
        text=answer.text,
        status=answer.status,
        signing=reviewer_signing_key(identity),
        next_day=answer.next_day,
    )
    envelope.close()
    sealed.seek(0)
    return sealed
