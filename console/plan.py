"""What a service is to be made of, before there is a roster: a small TOML file.

origins = ["http://….onion"]      # where sources reach it
valid_days = 183                  # optional: how long the roster holds
decoys_per_day = 6                # optional: in the mean, for each channel; 0 for none

[[reviewer]]
id = "lawyers"
name = "Anna"
role = "Lawyer"
organisation = "…"                # optional
independence = "…"                # optional: on whom this person does not depend
recipient = "age1pq1…"            # the two lines that `candor identity new` printed
key = "RW…"

[custodian]                       # optional; like a reviewer
…

[[channel]]
id = "general"
names = { en = "…", ru = "…" }
reviewers = ["lawyers"]           # optional: all of them
slots = 16                        # optional
retention_days = 365              # optional
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from console.errors import PlanError
from crypto.decoys import DEFAULT_DECOYS
from crypto.errors import MalformedRosterError
from crypto.minisign import VerifyKey
from crypto.roster import DEFAULT_LIFETIME, Channel, Decoys, FormReference, Reviewer, Roster
from crypto.roster_document import read_reviewer
from crypto.roster_entries import DEFAULT_RETENTION_DAYS, DEFAULT_SLOTS
from crypto.roster_fields import Fields
from forms.loader import default_form

MAX_PLAN_BYTES = 512 * 1024

_PLAN = {
    "valid_days": DEFAULT_LIFETIME.days,
    "decoys_per_day": DEFAULT_DECOYS.mean_per_day,
    "custodian": None,
}
_PERSON = {"organisation": "", "independence": "", "former_keys": []}
_CHANNEL = {
    "reviewers": [],
    "slots": DEFAULT_SLOTS,
    "retention_days": DEFAULT_RETENTION_DAYS,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything in a roster that somebody decides, and nothing that is drawn."""

    origins: tuple[str, ...]
    reviewers: tuple[Reviewer, ...]
    channels: tuple[Channel, ...]
    custodian: Reviewer | None = None
    valid_days: int = DEFAULT_LIFETIME.days
    decoys: Decoys | None = DEFAULT_DECOYS
    demonstration: bool = False


def default_form_reference() -> FormReference:
    """Name the form that comes with Candor as a roster does."""
    form = default_form()
    return FormReference(form.id, form.version, form.sha256)


def default_decoys(mean_per_day: int) -> Decoys | None:
    """Give so many decoys a day the default sizes; none where it is 0.

    Raises:
        MalformedRosterError: too many.
    """
    return replace(DEFAULT_DECOYS, mean_per_day=mean_per_day) if mean_per_day else None


def load_plan(data: bytes) -> Plan:
    """Read a plan.

    Raises:
        PlanError: not TOML, or a rule of rosters is broken; the message says which.
    """
    if len(data) > MAX_PLAN_BYTES:
        raise PlanError(f"the plan has more than {MAX_PLAN_BYTES} bytes")
    try:
        return _read(tomllib.loads(data.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise PlanError(f"the plan is not TOML: {error}") from None
    except MalformedRosterError as error:
        raise PlanError(f"the plan does not hold: {error}") from None


def draft_roster(  # noqa: PLR0913 - what a plan does not decide
    plan: Plan,
    root: VerifyKey,
    *,
    service_id: bytes,
    today: date,
    serial: int = 1,
    log_keys: tuple[VerifyKey, ...] = (),
) -> Roster:
    """Make the roster that a plan asks for, to be signed by this root key.

    Raises:
        PlanError: the parts do not fit together; the message says why.
    """
    try:
        return Roster(
            service_id=service_id,
            serial=serial,
            issued=today,
            expires=today + timedelta(days=plan.valid_days),
            origins=plan.origins,
            channels=plan.channels,
            reviewers=plan.reviewers,
            root=root,
            custodian=plan.custodian,
            log_keys=log_keys,
            decoys=plan.decoys,
            demonstration=plan.demonstration,
        )
    except (MalformedRosterError, OverflowError) as error:
        raise PlanError(f"the plan does not hold: {error}") from None


def _read(table: Mapping[str, object]) -> Plan:
    filled = {**_PLAN, **table}
    for key, defaults in (("reviewer", _PERSON), ("custodian", _PERSON), ("channel", _CHANNEL)):
        filled[key] = _filled(filled.get(key), defaults)
    fields = Fields(filled)
    reviewers = fields.each("reviewer", read_reviewer)
    everybody = tuple(reviewer.id for reviewer in reviewers)
    plan = Plan(
        origins=fields.texts("origins"),
        reviewers=reviewers,
        channels=fields.each("channel", lambda entry: _read_channel(entry, everybody)),
        custodian=fields.one_or_none("custodian", read_reviewer),
        valid_days=fields.number("valid_days"),
        decoys=default_decoys(fields.number("decoys_per_day")),
    )
    fields.close()
    return plan


def _filled(value: object, defaults: Mapping[str, object]) -> object:
    """Put defaults beneath a table, or beneath each of a list of tables."""
    if isinstance(value, list):
        return [_filled(entry, defaults) for entry in value]
    return {**defaults, **value} if isinstance(value, dict) else value


def _read_channel(fields: Fields, everybody: tuple[str, ...]) -> Channel:
    return Channel(
        id=fields.text("id"),
        names=fields.texts_by_name("names"),
        form=default_form_reference(),
        reviewers=fields.texts("reviewers") or everybody,
        slots=fields.number("slots"),
        retention_days=fields.number("retention_days"),
    )
