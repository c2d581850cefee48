"""Requests and disclosures in words: who asks, or tells, and about whom."""

from collections.abc import Iterator

from console.show import Page
from crypto.bag_info import BagKind
from crypto.bag_reader import BagReader
from crypto.roster import Reviewer


def show_signer(page: Page, bag: BagReader, signer: Reviewer) -> Iterator[str]:
    """Say whose it is, by the roster entry whose key verified."""
    label = "Asked by" if bag.kind is BagKind.REQUEST else "Told by"
    yield from page.fact(label, describe(signer))


def show_reason(page: Page, text: str) -> Iterator[str]:
    """Show why somebody asks."""
    yield from page.heading("Why they ask who the source is")
    yield from page.theirs(text) if text.strip() else page.ours("(no reason is given)")


def show_identity(page: Page, text: str) -> Iterator[str]:
    """Show what a source wrote about who they are."""
    yield from page.heading("Who the source is")
    yield from page.theirs(text) if text.strip() else page.ours("(nothing was given)")


def describe(person: Reviewer) -> str:
    """Name somebody as the roster does."""
    return ", ".join(part for part in (person.name, person.role, person.organisation) if part)
