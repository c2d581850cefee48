"""A ceremony's directory, and people who come and go."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from console.ceremony import make_service
from console.plan import Plan, default_form_reference
from console.public_lines import PublicLines
from console.roster_book import RosterBook, open_book
from console.roster_signing import next_roster, sign_next, unlock_root, write_draft
from crypto.keys import Identity
from crypto.roster import Channel, Reviewer, Roster

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
ORIGIN = "http://candorexample.onion"
ROOT_WORDS = "root words"
ANNA, BORIS, CLARA, DORA, EVA = (Identity(bytes([number]) * 32) for number in range(1, 6))


def person(name: str, identity: Identity, **changes: str) -> Reviewer:
    """Describe somebody."""
    lines = PublicLines.of(identity)
    told = {"role": "Lawyer", "organisation": "A desk", "independence": ""} | changes
    return Reviewer(name, name.title(), recipient=lines.recipient, key=lines.key, **told)


def plan(**changes: object) -> Plan:
    """Plan a channel for Anna and Boris, one for Anna, and Clara as the custodian."""
    form = default_form_reference()
    made = Plan(
        origins=(ORIGIN,),
        reviewers=(person("anna", ANNA), person("boris", BORIS)),
        channels=(
            Channel("general", {"en": "General"}, form, ("anna", "boris"), slots=4),
            Channel("prisons", {"en": "Prisons"}, form, ("anna",), slots=4),
        ),
        custodian=person("clara", CLARA),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def begin(directory: Path, today: date = TODAY) -> RosterBook:
    """Sign the first roster."""
    make_service(directory, plan(), ROOT_WORDS, today=today, work_factor=1)
    return open_book(directory)


def sign(book: RosterBook, roster: Roster | None = None, today: date = TODAY) -> RosterBook:
    """Sign a draft, or what lies there."""
    if roster is not None:
        book = write_draft(book, roster)
    return sign_next(book, next_roster(book, today=today), unlock_root(book, ROOT_WORDS))
