"""A roster that the root key signed is held to its bounds nevertheless."""

import json

import pytest

from crypto.errors import MalformedRosterError
from crypto.signed_roster import serialize_roster
from tests.crypto.roster_example import KEYS, RECIPIENTS, ROOT, ROSTER, parse_signed


def altered(path: str, value: object) -> bytes:
    """Change one place of the document, and write it as a roster is written."""
    content = json.loads(serialize_roster(ROSTER))
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = content
    for step in way:
        place = place[step]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


MISSING = object()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("extra", 1),
        ("channels.0.extra", 1),
        ("reviewers.0.extra", None),
        ("serial", MISSING),
        ("custodian", MISSING),
        ("reviewers.0.independence", MISSING),
        ("serial", 0),
        ("serial", 2**53),
        ("serial", 1.0),
        ("serial", True),
        ("serial", "5"),
        ("service_id", "00" * 15),
        ("service_id", "0" * 31),
        ("service_id", "AA" * 16),
        ("issued", "2026-11-24T00:00"),
        ("issued", "20261123"),
        ("issued", "2027-11-23"),
        ("expires", "2029-01-01"),
        ("demonstration", 1),
        ("demonstration", True),
        ("origins", []),
        ("origins", "http://a.onion"),
        ("origins", ["http://a.onion", "http://a.onion"]),
        ("origins", ["http://a.onion/"]),
        ("origins", ["http://A.onion"]),
        ("origins", ["ftp://a.onion"]),
        ("origins", ["http://a.onion:0"]),
        ("origins", ["http://user@a.onion"]),
        ("origins", [f"http://{n}.onion" for n in range(9)]),
        ("channels", []),
        ("channels", {}),
        ("channels.0", None),
        ("channels.0.id", "General"),
        ("channels.0.id", "-general"),
        ("channels.0.id", "a" * 33),
        ("channels.0.id", "a/b"),
        ("channels.0.names", {}),
        ("channels.0.names", {"english": "x"}),
        ("channels.0.names", {"en": ""}),
        ("channels.0.names", {"en": "x" * 201}),
        ("channels.0.names", {"en": "two\nlines"}),
        ("channels.0.names", {"en": "\N{RIGHT-TO-LEFT OVERRIDE}x"}),
        ("channels.0.names", ["x"]),
        ("channels.0.slots", 1),
        ("channels.0.slots", 41),
        ("channels.0.slots", -16),
        ("channels.0.retention_days", 0),
        ("channels.0.retention_days", 3651),
        ("channels.0.reviewers", []),
        ("channels.0.reviewers", ["reviewer-1", "reviewer-1"]),
        ("channels.0.reviewers", ["reviewer-3"]),
        ("channels.0.reviewers", ["nobody"]),
        ("channels.0.threshold", 0),
        ("channels.0.threshold", 2),
        ("channels.0.threshold", 3),
        ("channels.0.recipient", RECIPIENTS[7].serialize()),
        ("channels.0.form.id", "a b"),
        ("channels.0.form.version", 0),
        ("channels.0.form.sha256", "00"),
        ("reviewers", []),
        ("reviewers.0.id", "reviewer-2"),
        ("reviewers.0.id", "reviewer-3"),
        ("reviewers.0.name", ""),
        ("reviewers.0.name", " x"),
        ("reviewers.0.name", "x" * 201),
        ("reviewers.0.role", "\x1b[31m"),
        ("reviewers.0.independence", "x" * 1001),
        ("reviewers.0.organisation", None),
        ("reviewers.0.recipient", RECIPIENTS[2].serialize()),
        ("reviewers.0.recipient", RECIPIENTS[3].serialize()),
        ("reviewers.0.recipient", RECIPIENTS[1].serialize().upper()),
        ("reviewers.0.recipient", "age1pq1"),
        ("reviewers.0.recipient", None),
        ("reviewers.0.key", KEYS[2].serialize()),
        ("reviewers.0.key", KEYS[3].serialize()),
        ("reviewers.0.key", ROOT.verify_key.serialize()),
        ("reviewers.0.key", "RWQ"),
        ("reviewers.0.former_keys", MISSING),
        ("reviewers.0.former_keys", None),
        ("reviewers.0.former_keys.0.key", "RWQ"),
        ("reviewers.0.former_keys.0.key", KEYS[1].serialize()),
        ("reviewers.1.key", KEYS[20].serialize()),
        ("reviewers.0.former_keys.0.until", "soon"),
        ("reviewers.0.former_keys.0.until", None),
        ("reviewers.0.former_keys.0.since", "2026-11-23"),
        ("custodian.former_keys", [{"key": KEYS[20].serialize(), "until": "2026-11-23"}]),
        ("couriers.0.key", KEYS[1].serialize()),
        ("couriers.0.channels", ["other"]),
        ("couriers.0.channels", ["general", "general"]),
        ("couriers.0.id", ""),
        ("release_key", ROOT.verify_key.serialize()),
        ("log_keys", [KEYS[12].serialize()] * 2),
        ("log_keys", [KEYS[n].serialize() for n in range(14, 40)] * 3),
        ("decoys.mean_per_day", 0),
        ("decoys.mean_per_day", 1001),
        ("decoys.ranges", []),
        ("decoys.ranges.0.up_to_bytes", 65_537),
        ("decoys.ranges.0.up_to_bytes", 4096),
        ("decoys.ranges.0.up_to_bytes", 16_777_216),
        ("decoys.ranges.0.weight", 0),
    ],
)
def test_a_signed_roster_out_of_its_bounds_is_refused(path: str, value: object) -> None:
    with pytest.raises(MalformedRosterError):
        parse_signed(altered(path, value))


def test_the_alterations_above_start_from_a_roster_that_is_read() -> None:
    assert parse_signed(altered("serial", 5)) == ROSTER
