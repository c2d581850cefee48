"""A roster in plain words, for the terminal."""

from collections.abc import Iterator, Sequence
from datetime import date

from console.layout import human_bytes
from console.public_lines import PublicLines
from console.show import Page
from crypto.roster import Channel, Decoys, Reviewer, Roster


def show_roster(page: Page, roster: Roster, today: date) -> Iterator[str]:
    """Say everything that a roster says."""
    yield from page.heading(f"Roster {roster.serial}", f"service {roster.service_id.hex()}")
    yield from page.fact("Fingerprint", roster.root.serialize())
    yield from page.fact("Valid", f"from {roster.issued} to {roster.expires}{_left(roster, today)}")
    for origin in roster.origins:
        yield from page.fact("Reached at", origin)
    for key in roster.log_keys:
        yield from page.fact("Log key", key.serialize())
    if roster.release_key:
        yield from page.fact("Release key", roster.release_key.serialize())
    yield from page.fact("Decoys", decoys_words(roster.decoys) or "none")
    if roster.demonstration:
        yield from page.fact("For", "trying out, on this machine only")
    for channel in roster.channels:
        yield from _show_channel(page, channel)
    for person in roster.reviewers:
        yield from _show_person(page, "Reviewer", person)
    if roster.custodian:
        yield from _show_person(page, "Custodian", roster.custodian)
    for courier in roster.couriers:
        yield from page.heading(f"Courier {courier.id}")
        yield from page.fact("Fetches", list_words(courier.channels))
        yield from page.fact("Signs as", courier.key.serialize())


def person_words(person: Reviewer) -> str:
    """Name somebody as sources see them, and their id."""
    shown = ", ".join(filter(None, (person.name, person.role, person.organisation)))
    return f"{person.id} ({shown})"


def names_words(channel: Channel) -> str:
    """Name a channel in each of its languages."""
    return "; ".join(f"{language}: {name}" for language, name in sorted(channel.names.items()))


def form_words(channel: Channel) -> str:
    """Name a channel's form, and its hash."""
    form = channel.form
    return f"{form.id}, version {form.version}, SHA-256 {form.sha256.hex()}"


def list_words(ids: Sequence[str]) -> str:
    """List ids in their order."""
    return ", ".join(ids) or "nothing"


def decoys_words(decoys: Decoys | None) -> str:
    """Say how many decoys there are and how long they get; nothing where there are none."""
    if decoys is None:
        return ""
    most = human_bytes(decoys.ranges[-1].up_to_bytes)
    return f"{decoys.mean_per_day} a day in the mean for each channel, of up to {most}"


def _show_channel(page: Page, channel: Channel) -> Iterator[str]:
    yield from page.heading(f"Channel {channel.id}")
    for language, name in sorted(channel.names.items()):
        yield from page.fact(f"Name ({language})", name)
    alone = "each alone" if channel.threshold == 1 else f"{channel.threshold} together"
    yield from page.fact("Read by", f"{list_words(channel.reviewers)}; {alone}")
    yield from page.fact("Room for", f"{channel.slots} readers")
    yield from page.fact("Kept", f"{channel.retention_days} days")
    yield from page.fact("Form", form_words(channel))


def _show_person(page: Page, noun: str, person: Reviewer) -> Iterator[str]:
    yield from page.heading(f"{noun} {person.id}")
    yield from page.fact("Name", person.name)
    yield from page.fact("Role", person.role)
    if person.organisation:
        yield from page.fact("Organisation", person.organisation)
    if person.independence:
        yield from page.fact("Independence", person.independence)
    yield from page.fact("Signs as", person.key.serialize())
    yield from page.fact("Check", PublicLines(person.key, person.recipient).check)
    for former in person.former_keys:
        yield from page.fact("Former key", f"{former.key.serialize()}, until {former.until}")


def _left(roster: Roster, today: date) -> str:
    left = (roster.expires - today).days
    if left < 0:
        return f": it ended {-left} days ago"
    return f", {left} days from today" if left else ", today"
