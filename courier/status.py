"""`status`: what a courier knows, without asking anybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from courier.bundles import bundle_name
from courier.errors import StrangerError
from courier.rosters import known_roster, own_entry
from courier.state import CourierDirectory
from crypto.log_watch import Alarm, late_day
from crypto.merkle import Tree


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """How far a courier has come with a channel.

    Attributes:
        day: the last that was followed; None before the first.
        tree: at its end.
        waiting_days: those that are in no bundle yet.
        bundle: the name of the last one; None before the first.
        handed_out: whether it was written to where it was wanted.
        late: a warning that the next day should long be there.
    """

    id: str
    day: date | None
    tree: Tree
    waiting_days: int
    bundle: str | None
    handed_out: bool
    late: Alarm | None


def channel_statuses(courier: CourierDirectory, today: date) -> Iterator[ChannelStatus]:
    """Tell of each channel how far the courier has come."""
    for channel in courier.channels():
        kept = courier.channel(channel)
        position, last = kept.position(), kept.last_day()
        yield ChannelStatus(
            id=channel,
            day=last.day if last else None,
            tree=last.after if last else Tree(),
            waiting_days=len(kept.new_days()),
            bundle=bundle_name(courier.settings.id, channel, position.serial)
            if position.serial
            else None,
            handed_out=position.handed_out,
            late=late_day(channel, last.day + timedelta(days=1), today) if last else None,
        )


def standing(courier: CourierDirectory) -> tuple[str, str]:
    """Say which roster is the newest that was seen, and whether it names this courier."""
    roster = known_roster(courier)
    if roster is None:
        return "none seen yet", "unknown until the first pull"
    try:
        channels = own_entry(courier, roster).channels
    except StrangerError as error:
        return f"{roster.serial}, valid until {roster.expires}", f"{error}"
    return f"{roster.serial}, valid until {roster.expires}", " ".join(channels)
