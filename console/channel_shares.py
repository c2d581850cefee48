"""Channels where several must agree: one key for the channel, drawn here and shared at once.

The key itself is never written: it is in memory until its shares are on their sheets, and exists
as shares from then on. The draft is kept after the sheets, so that it never names a key that nobody
can make again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from console.errors import RosterChangeError
from console.roster_edits import change_channel, find
from console.share_sheet import ShareSheet
from crypto.keys import Identity
from crypto.roster import Channel, Roster
from crypto.shares import MAX_SHARES, MIN_THRESHOLD, split_secret

_USE = (
    "candor open ENVELOPE --share FILE --share FILE; or with --shares, and the words are typed;"
    " on a machine without a network that is kept for this."
)


def share_channel(
    roster: Roster, channel_id: str, threshold: int, reviewers: Sequence[str], *, today: date
) -> tuple[Roster, Mapping[str, ShareSheet]]:
    """Draw a key of its own for a channel, and share it among the channel's reviewers.

    Args:
        roster: the draft so far.
        channel_id: a channel, shared already or not; its old shares open what came before.
        threshold: how many must agree.
        reviewers: who reads the channel from now on; empty for those who do.
        today: stands on the sheets.

    Returns:
        The next draft, to be kept once the sheets are written, and these, by names of files.

    Raises:
        RosterChangeError: there is no such channel or reviewer, or the numbers cannot be.
    """
    members = tuple(reviewers) or find("channel", roster.channels, channel_id).reviewers
    for reviewer in members:
        find("reviewer", roster.reviewers, reviewer)
    _require_numbers(threshold, len(members))
    identity = Identity.generate()

    def change(one: Channel) -> Channel:
        return replace(one, reviewers=members, threshold=threshold, recipient=identity.recipient)

    changed = change_channel(roster, channel_id, change)
    shares = split_secret(identity.seed, threshold, len(members))
    key = f"the key of channel {channel_id}, from roster {roster.serial} on"
    return changed, {
        f"{channel_id}-{roster.serial}-{holder}.txt": ShareSheet(
            share, len(members), key, roster.root, today, _USE, holder
        )
        for holder, share in zip(members, shares, strict=True)
    }


def describe_key(identity: Identity, roster: Roster | None) -> str:
    """Say whose key shares have made, as far as the newest roster at hand tells."""
    if roster is None:
        return "a key, perhaps another channel's or one of another time"
    for channel in roster.channels:
        if channel.recipient == identity.recipient:
            return f"the key of channel {channel.id} in roster {roster.serial}"
    return f"a key that no channel has in roster {roster.serial}"


def _require_numbers(threshold: int, members: int) -> None:
    if members > MAX_SHARES:
        raise RosterChangeError(
            f"a key can be shared among {MAX_SHARES} at most, and these are {members}: name them"
            " with --reviewer"
        )
    if not MIN_THRESHOLD <= threshold <= members:
        raise RosterChangeError(
            f"the channel has {members} readers: from 2 to {members} of them can have to agree"
            if members > 1
            else "the channel has one reader: name more with --reviewer"
        )
