"""What differs between two rosters, in plain words, for whoever is about to sign.

Each line begins with what happens: `+` comes, `-` goes, `~` changes.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from console.public_lines import PublicLines
from console.roster_words import (
    form_words,
    list_words,
    names_words,
    person_words,
)
from crypto.roster import Channel, Courier, Decoys, Reviewer, Roster

_Entry = TypeVar("_Entry", Channel, Courier, Reviewer)


def differences(old: Roster, new: Roster) -> Iterator[str]:
    """Say everything that differs but the serial and the days."""
    yield from _reviewers(old, new)
    yield from _custodian(old, new)
    yield from _channels(old, new)
    yield from _couriers(old, new)
    yield from _strings("origin", old.origins, new.origins)
    yield from _strings(
        "log key", [key.serialize() for key in old.log_keys], [k.serialize() for k in new.log_keys]
    )
    yield from _change("the release key", _key(old), _key(new))
    yield from _change("decoys", _sizes(old.decoys), _sizes(new.decoys))
    yield from _change("a demonstration", _yes(old.demonstration), _yes(new.demonstration))


def _reviewers(old: Roster, new: Roster) -> Iterator[str]:
    gone, come, kept = _sorted_out(old.reviewers, new.reviewers)
    for person in come:
        yield f"+ reviewer {person_words(person)}"
        yield f"    check {PublicLines(person.key, person.recipient).check}"
    for person in gone:
        yield f"- reviewer {person_words(person)}: what they signed counts no longer"
    for before, after in kept:
        yield from _person(before, after)
    yield from _order("reviewers", old.reviewers, new.reviewers)


def _custodian(old: Roster, new: Roster) -> Iterator[str]:
    before, after = old.custodian, new.custodian
    if before and after and before.id == after.id:
        yield from _person(before, after)
        return
    if before:
        yield f"- custodian {person_words(before)}: sees no names from now on"
    if after:
        yield f"+ custodian {person_words(after)}: sees names that sources give"
        yield f"    check {PublicLines(after.key, after.recipient).check}"


def _person(old: Reviewer, new: Reviewer) -> Iterator[str]:
    for what in ("name", "role", "organisation", "independence"):
        yield from _change(f"{new.id}: {what}", getattr(old, what), getattr(new, what))
    if (old.key, old.recipient) != (new.key, new.recipient):
        yield f"~ {new.id}: new keys; reports from now on are sealed to these"
        yield f"    check {PublicLines(new.key, new.recipient).check}"
    before = {old.key: None, **{former.key: former.until for former in old.former_keys}}
    after = {former.key: former.until for former in new.former_keys}
    for key in [key for key in before if key not in after and key != new.key]:
        yield f"~ {new.id}: what key {key.serialize()} signed counts no longer"
    for key, until in after.items():
        if key not in before or before[key] != until:
            yield f"~ {new.id}: what key {key.serialize()} signed counts until {until}"
    if list(after) != [key for key in before if key in after]:
        yield f"~ {new.id}: the former keys stand in another order"


def _channels(old: Roster, new: Roster) -> Iterator[str]:
    gone, come, kept = _sorted_out(old.channels, new.channels)
    for channel in come:
        yield f"+ channel {channel.id}, {names_words(channel)}"
        yield f"    read by {list_words(channel.reviewers)}"
    for channel in gone:
        yield f"- channel {channel.id}, {names_words(channel)}: takes no more reports"
    for before, after in kept:
        yield from _channel(before, after)
    yield from _order("channels", old.channels, new.channels)


def _channel(old: Channel, new: Channel) -> Iterator[str]:
    name = f"channel {new.id}"
    for reader in [reader for reader in new.reviewers if reader not in old.reviewers]:
        yield f"+ {name}: {reader} reads what is sealed from now on, and nothing earlier"
    for reader in [reader for reader in old.reviewers if reader not in new.reviewers]:
        yield f"- {name}: {reader} reads nothing new; what was sealed before stays open to them"
    kept = [reader for reader in new.reviewers if reader in old.reviewers]
    if kept != [reader for reader in old.reviewers if reader in new.reviewers]:
        yield f"~ {name}: sources see its readers in another order"
    yield from _change(f"{name}: name", names_words(old), names_words(new))
    yield from _change(f"{name}: form", form_words(old), form_words(new))
    yield from _change(f"{name}: room for readers", str(old.slots), str(new.slots))
    yield from _change(f"{name}: days kept", str(old.retention_days), str(new.retention_days))
    yield from _change(f"{name}: how many must agree", str(old.threshold), str(new.threshold))
    if old.recipient != new.recipient:
        shared = "a new key, of which each of its readers holds a share"
        yield f"~ {name}: {shared if new.recipient else 'each of its readers opens it alone'}"


def _couriers(old: Roster, new: Roster) -> Iterator[str]:
    gone, come, kept = _sorted_out(old.couriers, new.couriers)
    for courier in come:
        yield f"+ courier {courier.id}: fetches {list_words(courier.channels)}"
        yield f"    key {courier.key.serialize()}"
    for courier in gone:
        yield f"- courier {courier.id}: fetches nothing any more"
    for before, after in kept:
        name = f"courier {after.id}"
        yield from _change(
            f"{name}: channels", list_words(before.channels), list_words(after.channels)
        )
        yield from _change(f"{name}: key", before.key.serialize(), after.key.serialize())
    yield from _order("couriers", old.couriers, new.couriers)


def _sorted_out(
    old: Sequence[_Entry], new: Sequence[_Entry]
) -> tuple[list[_Entry], list[_Entry], list[tuple[_Entry, _Entry]]]:
    """Part entries into those that go, that come, and that stay: before and after."""
    before = {entry.id: entry for entry in old}
    after = {entry.id: entry for entry in new}
    return (
        [entry for entry in old if entry.id not in after],
        [entry for entry in new if entry.id not in before],
        [(before[entry.id], entry) for entry in new if entry.id in before],
    )


def _order(noun: str, old: Sequence[_Entry], new: Sequence[_Entry]) -> Iterator[str]:
    before, after = [entry.id for entry in old], [entry.id for entry in new]
    if [id_ for id_ in before if id_ in after] != [id_ for id_ in after if id_ in before]:
        yield f"~ the {noun} stand in another order"


def _strings(noun: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    yield from (f"+ {noun} {text}" for text in new if text not in old)
    yield from (f"- {noun} {text}" for text in old if text not in new)
    if [text for text in old if text in new] != [text for text in new if text in old]:
        yield f"~ {noun}s stand in another order"


def _change(what: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"~ {what}: {new or 'nothing'}; before: {old or 'nothing'}"


def _sizes(decoys: Decoys | None) -> str:
    if decoys is None:
        return ""
    sizes = (f"{each.weight} to {each.up_to_bytes:,} bytes" for each in decoys.ranges)
    return f"{decoys.mean_per_day} a day in the mean for each channel, by weight {', '.join(sizes)}"


def _key(roster: Roster) -> str:
    return roster.release_key.serialize() if roster.release_key else ""


def _yes(flag: bool) -> str:  # noqa: FBT001 - a word for it
    return "yes" if flag else "no"
