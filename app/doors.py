"""The doors at which envelopes come in, as the roster in force and those before it say."""

from collections.abc import Iterable
from datetime import date

from crypto.roster import Channel, Roster
from crypto.signed_roster import parse_roster
from intake.service import Intake
from intake.values import Door


def earlier_rosters(intake: Intake, roster: Roster) -> tuple[Roster, ...]:
    """List the rosters that were in force and have not expired, beside the one that is."""
    remembered = (
        parse_roster(document, signature, roster.root, today=date.min, origin=None)
        for document, signature in intake.remembered_rosters()
    )
    return tuple(before for before in remembered if before != roster)


def channel_door(channel: Channel, earlier: Iterable[Roster]) -> Door:
    """Give a channel's door: what was sealed under an earlier roster is still taken."""
    before = {
        other.slots for roster in earlier for other in roster.channels if other.id == channel.id
    }
    return Door(channel.id, frozenset({channel.slots, *before}))
