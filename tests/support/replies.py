"""Replies as a reviewer's console would seal and an operator would deliver them."""

import io
from datetime import date

from crypto.bag_info import ReplyInfo, SourceInfo, StatusCode
from crypto.bag_reader import BagReader
from crypto.envelope import EnvelopeWriter
from crypto.keys import Identity
from crypto.reply import REPLY_SLOTS, write_reply
from crypto.source_keys import SourceKeys, reviewer_signing_key
from intake.service import Intake
from tests.support.service import CHANNEL, House

DAY = date(2026, 11, 23)


def reply_info(to: SourceKeys | BagReader, *, number: int = 1, day: date = DAY) -> ReplyInfo:
    """Address a reply to a source, known by keys or by an opened report."""
    if isinstance(to, SourceKeys):
        mailbox, recipient = to.address, to.identity.recipient
    else:
        assert isinstance(to.info, SourceInfo)
        mailbox, recipient = to.info.mailbox, to.info.recipient
    return ReplyInfo(mailbox, recipient, bytes(32), number, (), day)


def sealed_reply(
    info: ReplyInfo,
    text: str,
    by: Identity,
    status: StatusCode | None = None,
    next_day: date | None = None,
) -> io.BytesIO:
    sealed = io.BytesIO()
    writer = EnvelopeWriter(sealed, [info.recipient], slots=REPLY_SLOTS)
    write_reply(
        writer,
        channel=CHANNEL,
        info=info,
        text=text,
        status=status,
        signing=reviewer_signing_key(by),
        next_day=next_day,
    )
    writer.close()
    sealed.seek(0)
    return sealed


def deliver(
    house: House,
    info: ReplyInfo,
    text: str,
    *,
    by: str = "press",
    status: StatusCode | None = None,
    next_day: date | None = None,
) -> None:
    """Seal a reply of one of the house's reviewers, and let it wait in its mailbox."""
    reply = sealed_reply(info, text, house.readers[by], status, next_day)
    with Intake(house.settings.data) as intake:
        intake.deliver(info.mailbox, reply)
