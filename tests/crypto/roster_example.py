"""A roster with something in every field, and what tests do with it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from crypto.keys import Identity
from crypto.minisign import SignedKind, SigningKey, digest
from crypto.roster import (
    Channel,
    Courier,
    DecoyRange,
    Decoys,
    FormerKey,
    FormReference,
    Reviewer,
    Roster,
)
from crypto.signed_roster import parse_roster

ROOT = SigningKey(bytes(range(32)))
TODAY = date(2026, 11, 23)
ORIGIN = "http://candorexampleonionaddress.onion"
RECIPIENTS = [Identity(bytes([number]) * 32).recipient for number in range(12)]
KEYS = [SigningKey(bytes([number]) * 32).verify_key for number in range(40)]
FORM = FormReference("default", 1, bytes(32))


def reviewer(number: int, **changes: Any) -> Reviewer:
    made = Reviewer(
        id=f"reviewer-{number}",
        name=f"Reviewer {number}",
        role="Lawyer",
        organisation="A desk",
        independence="Независимый юрист.",
        recipient=RECIPIENTS[number],
        key=KEYS[number],
    )
    return replace(made, **changes)


CHANNEL = Channel("general", {"en": "General", "ru": "Общий"}, FORM, ("reviewer-1", "reviewer-2"))
ROSTER = Roster(
    service_id=bytes(16),
    serial=5,
    issued=TODAY,
    expires=TODAY + timedelta(days=183),
    origins=(ORIGIN,),
    channels=(CHANNEL,),
    reviewers=(
        reviewer(1, former_keys=(FormerKey(KEYS[20], TODAY + timedelta(days=183)),)),
        reviewer(2),
    ),
    root=ROOT.verify_key,
    custodian=reviewer(3),
    couriers=(Courier("van", ("general",), KEYS[10]),),
    release_key=KEYS[11],
    log_keys=(KEYS[12], KEYS[13]),
    decoys=Decoys(6, (DecoyRange(65_536, 90), DecoyRange(16 * 1024 * 1024, 10))),
)


def parse(document: bytes, signature: bytes, **changes: Any) -> Roster:
    arguments: dict[str, Any] = {"today": TODAY, "origin": ORIGIN}
    return parse_roster(document, signature, ROOT.verify_key, **(arguments | changes))


def parse_signed(document: bytes) -> Roster:
    return parse(document, ROOT.sign(SignedKind.ROSTER, digest(document)))
