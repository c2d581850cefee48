"""How a roster stands in roster.json.

One object, its keys sorted:

    {
      "channels": [                     1 to 64
        {
          "form": {"id": …, "sha256": …, "version": …},
          "id": "general",
          "names": {"en": …, "ru": …},
          "recipient": null,            age1pq1… of a channel where several must agree
          "retention_days": 365,
          "reviewers": ["lawyers", …],  ids, in the order in which a source sees them
          "slots": 16,                  at least the reviewers, at most 40
          "threshold": 1                how many must agree
        }
      ],
      "couriers": [{"channels": […], "id": …, "key": "RW…"}],
      "custodian": null,                or an entry like a reviewer's
      "decoys": null,                   or {"mean_per_day": …, "ranges": [
                                            {"up_to_bytes": …, "weight": …}, …]}
      "demonstration": false,
      "expires": "2027-05-25",          the last day on which it is valid
      "issued": "2026-11-23",
      "log_keys": ["RW…"],              whose signature a log's head bears
      "origins": ["http://….onion"],    where the service may be reached
      "release_key": null,              whose signature a release of the program bears
      "reviewers": [
        {"former_keys": [{"key": "RW…", "until": "2027-05-25"}],
         "id": …, "independence": …, "key": "RW…", "name": …, "organisation": …,
         "recipient": "age1pq1…", "role": …}
      ],
      "serial": 1,                      only grows
      "service_id": "…"                 16 bytes in hex, made once
    }
"""

from crypto.minisign import VerifyKey
from crypto.roster import Roster
from crypto.roster_entries import (
    Channel,
    Courier,
    DecoyRange,
    Decoys,
    FormerKey,
    FormReference,
    Reviewer,
)
from crypto.roster_fields import Fields


def read_roster(fields: Fields, root: VerifyKey) -> Roster:
    """Read the whole; whoever calls this has checked the signature."""
    return Roster(
        service_id=fields.byte_string("service_id"),
        serial=fields.number("serial"),
        issued=fields.day("issued"),
        expires=fields.day("expires"),
        origins=fields.texts("origins"),
        channels=fields.each("channels", _read_channel),
        reviewers=fields.each("reviewers", read_reviewer),
        root=root,
        custodian=fields.one_or_none("custodian", read_reviewer),
        couriers=fields.each("couriers", _read_courier),
        release_key=fields.key_or_none("release_key"),
        log_keys=fields.keys("log_keys"),
        decoys=fields.one_or_none("decoys", _read_decoys),
        demonstration=fields.flag("demonstration"),
    )


def write_roster(roster: Roster) -> dict[str, object]:
    """Write the whole."""
    return {
        "service_id": roster.service_id.hex(),
        "serial": roster.serial,
        "issued": roster.issued.isoformat(),
        "expires": roster.expires.isoformat(),
        "origins": list(roster.origins),
        "channels": [_write_channel(channel) for channel in roster.channels],
        "reviewers": [_write_reviewer(reviewer) for reviewer in roster.reviewers],
        "custodian": _write_reviewer(roster.custodian) if roster.custodian else None,
        "couriers": [_write_courier(courier) for courier in roster.couriers],
        "release_key": roster.release_key.serialize() if roster.release_key else None,
        "log_keys": [key.serialize() for key in roster.log_keys],
        "decoys": _write_decoys(roster.decoys) if roster.decoys else None,
        "demonstration": roster.demonstration,
    }


def _read_channel(fields: Fields) -> Channel:
    """Read one entry of `channels`."""
    return Channel(
        id=fields.text("id"),
        names=fields.texts_by_name("names"),
        form=fields.one("form", _read_form),
        reviewers=fields.texts("reviewers"),
        slots=fields.number("slots"),
        retention_days=fields.number("retention_days"),
        threshold=fields.number("threshold"),
        recipient=fields.recipient_or_none("recipient"),
    )


def _write_channel(channel: Channel) -> dict[str, object]:
    """Write one entry of `channels`."""
    return {
        "id": channel.id,
        "names": dict(channel.names),
        "form": {
            "id": channel.form.id,
            "version": channel.form.version,
            "sha256": channel.form.sha256.hex(),
        },
        "reviewers": list(channel.reviewers),
        "slots": channel.slots,
        "retention_days": channel.retention_days,
        "threshold": channel.threshold,
        "recipient": channel.recipient.serialize() if channel.recipient else None,
    }


def _read_form(fields: Fields) -> FormReference:
    return FormReference(fields.text("id"), fields.number("version"), fields.byte_string("sha256"))


def read_reviewer(fields: Fields) -> Reviewer:
    """Read one entry of `reviewers`, or the custodian."""
    return Reviewer(
        id=fields.text("id"),
        name=fields.text("name"),
        role=fields.text("role"),
        organisation=fields.text("organisation"),
        independence=fields.text("independence"),
        recipient=fields.recipient("recipient"),
        key=fields.key("key"),
        former_keys=fields.each("former_keys", _read_former_key),
    )


def _read_former_key(fields: Fields) -> FormerKey:
    return FormerKey(fields.key("key"), fields.day("until"))


def _write_reviewer(reviewer: Reviewer) -> dict[str, object]:
    """Write one entry of `reviewers`, or the custodian."""
    return {
        "id": reviewer.id,
        "name": reviewer.name,
        "role": reviewer.role,
        "organisation": reviewer.organisation,
        "independence": reviewer.independence,
        "recipient": reviewer.recipient.serialize(),
        "key": reviewer.key.serialize(),
        "former_keys": [
            {"key": former.key.serialize(), "until": former.until.isoformat()}
            for former in reviewer.former_keys
        ],
    }


def _read_courier(fields: Fields) -> Courier:
    """Read one entry of `couriers`."""
    return Courier(fields.text("id"), fields.texts("channels"), fields.key("key"))


def _write_courier(courier: Courier) -> dict[str, object]:
    """Write one entry of `couriers`."""
    return {
        "id": courier.id,
        "channels": list(courier.channels),
        "key": courier.key.serialize(),
    }


def _read_decoys(fields: Fields) -> Decoys:
    """Read `decoys`."""
    return Decoys(fields.number("mean_per_day"), fields.each("ranges", _read_range))


def _write_decoys(decoys: Decoys) -> dict[str, object]:
    """Write `decoys`."""
    ranges = [{"up_to_bytes": r.up_to_bytes, "weight": r.weight} for r in decoys.ranges]
    return {"mean_per_day": decoys.mean_per_day, "ranges": ranges}


def _read_range(fields: Fields) -> DecoyRange:
    return DecoyRange(fields.number("up_to_bytes"), fields.number("weight"))
