"""What the operator may see."""

from sqlalchemy import func
from sqlmodel import col, select

from intake.store import Store
from intake.tables import DeliveredRow, EnvelopeRow, ReplyRow
from intake.values import Status, Tally


def status(store: Store) -> Status:
    """Count what rests here by channel and day: no hash, no address, nothing finer than a day."""
    total = func.coalesce(func.sum(EnvelopeRow.length), 0)
    with store.database.reading() as session:
        arrived = session.exec(
            select(col(EnvelopeRow.channel), col(EnvelopeRow.day), func.count(), total)
            .group_by(col(EnvelopeRow.channel), col(EnvelopeRow.day))
            .order_by(col(EnvelopeRow.day), col(EnvelopeRow.channel))
        ).all()
        open_days = session.exec(
            select(col(EnvelopeRow.day)).where(col(EnvelopeRow.closed).is_(False)).distinct()
        ).all()
        replies = session.exec(
            select(func.count(), func.coalesce(func.sum(ReplyRow.length), 0)).select_from(ReplyRow)
        ).one()
        delivered = session.exec(select(func.count()).select_from(DeliveredRow)).one()
    return Status(
        arrived={(channel, day): Tally(count, size) for channel, day, count, size in arrived},
        open_days=frozenset(open_days),
        replies=Tally(*replies),
        delivered=delivered,
        free_bytes=store.blobs.free_bytes(),
    )
