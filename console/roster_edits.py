"""Changes to a roster, one function each: a roster goes in and the next draft comes out.

Every draft is a whole roster that holds all the rules; so whoever replaces the last reader of a
channel adds the new one first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TypeVar

from console.errors import RosterChangeError
from console.public_lines import PublicLines
from crypto.errors import MalformedRosterError
from crypto.minisign import VerifyKey
from crypto.roster import Channel, Courier, FormerKey, Reviewer, Roster

_Entry = TypeVar("_Entry", Channel, Courier, Reviewer)


def add_reviewer(roster: Roster, reviewer: Reviewer, channels: Sequence[str]) -> Roster:
    """Add somebody who reads from now on, behind the others in these channels.

    Raises:
        RosterChangeError: a rule is broken, or a channel is not there.
    """
    with _holding():
        roster = replace(roster, reviewers=(*roster.reviewers, reviewer))
    for channel_id in channels:
        roster = add_member(roster, reviewer.id, channel_id)
    return roster


def remove_reviewer(roster: Roster, reviewer_id: str) -> Roster:
    """Take somebody away, from every channel too; what they signed counts no longer."""
    find("reviewer", roster.reviewers, reviewer_id)
    for channel in roster.channels:
        if reviewer_id in channel.reviewers:
            roster = remove_member(roster, reviewer_id, channel.id)
    with _holding():
        return replace(roster, reviewers=_without(roster.reviewers, reviewer_id))


def add_member(roster: Roster, reviewer_id: str, channel_id: str) -> Roster:
    """Let a reviewer read one more channel from now on."""
    find("reviewer", roster.reviewers, reviewer_id)
    channel = _open_channel(roster, channel_id)
    if reviewer_id in channel.reviewers:
        raise RosterChangeError(f"{reviewer_id} reads {channel_id} already")
    if len(channel.reviewers) == channel.slots:
        raise RosterChangeError(
            f"{channel_id} has room for {channel.slots} readers: give it more with"
            f" `candor roster change channel {channel_id} --slots N`"
        )
    members = (*channel.reviewers, reviewer_id)
    return change_channel(roster, channel_id, lambda one: replace(one, reviewers=members))


def remove_member(roster: Roster, reviewer_id: str, channel_id: str) -> Roster:
    """Let a reviewer read a channel no longer; what was sealed to them before stays theirs."""
    channel = _open_channel(roster, channel_id)
    if reviewer_id not in channel.reviewers:
        raise RosterChangeError(f"{reviewer_id} does not read {channel_id}")
    members = tuple(member for member in channel.reviewers if member != reviewer_id)
    if not members:
        raise RosterChangeError(
            f"{channel_id} would have no reader left: add another one first, or remove the channel"
        )
    return change_channel(roster, channel_id, lambda one: replace(one, reviewers=members))


def set_custodian(roster: Roster, custodian: Reviewer) -> Roster:
    """Name who may see names that sources give."""
    if roster.custodian is not None:
        raise RosterChangeError(
            f"{roster.custodian.id} is the custodian: rotate or remove that one first"
        )
    with _holding():
        return replace(roster, custodian=custodian)


def remove_custodian(roster: Roster) -> Roster:
    """Let nobody see names any more: the form stops asking for them."""
    if roster.custodian is None:
        raise RosterChangeError("there is no custodian")
    return replace(roster, custodian=None)


def add_courier(roster: Roster, courier: Courier) -> Roster:
    """Let a courier fetch sealed envelopes."""
    for channel_id in courier.channels:
        find("channel", roster.channels, channel_id)
    with _holding():
        return replace(roster, couriers=(*roster.couriers, courier))


def remove_courier(roster: Roster, courier_id: str) -> Roster:
    """Let a courier fetch nothing any more."""
    find("courier", roster.couriers, courier_id)
    return replace(roster, couriers=_without(roster.couriers, courier_id))


def add_channel(roster: Roster, channel: Channel) -> Roster:
    """Open another door for reports."""
    for reviewer_id in channel.reviewers:
        find("reviewer", roster.reviewers, reviewer_id)
    with _holding():
        return replace(roster, channels=(*roster.channels, channel))


def remove_channel(roster: Roster, channel_id: str) -> Roster:
    """Close a door, for couriers too."""
    find("channel", roster.channels, channel_id)
    couriers = tuple(
        replace(one, channels=tuple(id_ for id_ in one.channels if id_ != channel_id))
        for one in roster.couriers
    )
    with _holding():
        return replace(roster, channels=_without(roster.channels, channel_id), couriers=couriers)


def change_channel(roster: Roster, channel_id: str, change: Callable[[Channel], Channel]) -> Roster:
    """Put a channel in its own place, changed."""
    find("channel", roster.channels, channel_id)
    with _holding():
        channels = tuple(change(one) if one.id == channel_id else one for one in roster.channels)
        return replace(roster, channels=channels)


def change_person(roster: Roster, person_id: str, change: Callable[[Reviewer], Reviewer]) -> Roster:
    """Put a reviewer, or the custodian, in their own place, changed."""
    find_person(roster, person_id)
    with _holding():
        if roster.custodian is not None and roster.custodian.id == person_id:
            return replace(roster, custodian=change(roster.custodian))
        reviewers = tuple(change(one) if one.id == person_id else one for one in roster.reviewers)
        return replace(roster, reviewers=reviewers)


def rotate(roster: Roster, person_id: str, lines: PublicLines, until: date | None) -> Roster:
    """Give somebody new keys.

    Args:
        roster: the draft so far.
        person_id: a reviewer, or the custodian.
        lines: of their new identity; all new reports are sealed to it.
        until: the last day on which the old key's signature counts; None when it and those before
            it count no longer, because somebody else may have them.

    Raises:
        RosterChangeError: nobody has this id, or a key is somebody else's.
    """

    def change(person: Reviewer) -> Reviewer:
        former = () if until is None else (FormerKey(person.key, until), *person.former_keys)
        return replace(person, recipient=lines.recipient, key=lines.key, former_keys=former)

    return change_person(roster, person_id, change)


def set_origins(roster: Roster, origins: Sequence[str]) -> Roster:
    """Say where sources reach the service."""
    with _holding():
        return replace(roster, origins=tuple(origins))


def set_log_keys(roster: Roster, keys: Sequence[VerifyKey]) -> Roster:
    """Say whose signature the log bears."""
    with _holding():
        return replace(roster, log_keys=tuple(keys))


def find_person(roster: Roster, person_id: str) -> Reviewer:
    """Find a reviewer or the custodian.

    Raises:
        RosterChangeError: nobody has this id; says who there is.
    """
    return find("reviewer", roster.people, person_id)


def find(noun: str, entries: Sequence[_Entry], entry_id: str) -> _Entry:
    """Find an entry by its id.

    Raises:
        RosterChangeError: none has it; says which there are.
    """
    by_id: Mapping[str, _Entry] = {entry.id: entry for entry in entries}
    if entry_id not in by_id:
        there = f"there are {', '.join(by_id)}" if by_id else "there is none"
        raise RosterChangeError(f"there is no {noun} {entry_id}: {there}")
    return by_id[entry_id]


def _open_channel(roster: Roster, channel_id: str) -> Channel:
    """Find a channel whose readers can be changed by an entry alone."""
    channel = find("channel", roster.channels, channel_id)
    if channel.threshold > 1:
        raise RosterChangeError(
            f"in {channel_id} several must agree, and each holds a share of its key: other readers"
            f" need a new key, so name them all with `candor roster share-channel {channel_id}`"
        )
    return channel


def _without(entries: Sequence[_Entry], entry_id: str) -> tuple[_Entry, ...]:
    return tuple(entry for entry in entries if entry.id != entry_id)


@contextmanager
def _holding() -> Iterator[None]:
    """Say a broken rule of rosters as a change that cannot be made."""
    try:
        yield
    except MalformedRosterError as error:
        raise RosterChangeError(f"that cannot be: {error}") from None
