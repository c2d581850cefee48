"""How a roster's entries stand in roster.json."""

from crypto.roster_entries import Channel, Courier, DecoyRange, Decoys, FormReference, Reviewer
from crypto.roster_fields import Fields


def read_channel(fields: Fields) -> Channel:
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


def write_channel(channel: Channel) -> dict[str, object]:
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
    )


def write_reviewer(reviewer: Reviewer) -> dict[str, object]:
    """Write one entry of `reviewers`, or the custodian."""
    return {
        "id": reviewer.id,
        "name": reviewer.name,
        "role": reviewer.role,
        "organisation": reviewer.organisation,
        "independence": reviewer.independence,
        "recipient": reviewer.recipient.serialize(),
        "key": reviewer.key.serialize(),
    }


def read_courier(fields: Fields) -> Courier:
    """Read one entry of `couriers`."""
    return Courier(fields.text("id"), fields.texts("channels"), fields.key("key"))


def write_courier(courier: Courier) -> dict[str, object]:
    """Write one entry of `couriers`."""
    return {
        "id": courier.id,
        "channels": list(courier.channels),
        "key": courier.key.serialize(),
    }


def read_decoys(fields: Fields) -> Decoys:
    """Read `decoys`."""
    return Decoys(fields.number("mean_per_day"), fields.each("ranges", _read_range))


def write_decoys(decoys: Decoys) -> dict[str, object]:
    """Write `decoys`."""
    ranges = [{"up_to_bytes": r.up_to_bytes, "weight": r.weight} for r in decoys.ranges]
    return {"mean_per_day": decoys.mean_per_day, "ranges": ranges}


def _read_range(fields: Fields) -> DecoyRange:
    return DecoyRange(fields.number("up_to_bytes"), fields.number("weight"))
