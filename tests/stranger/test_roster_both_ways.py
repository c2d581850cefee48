"""Each takes the other one's roster, and both refuse the same ones."""

import json
from datetime import date

import pytest

from crypto.errors import RosterError
from crypto.minisign import VerifyKey
from crypto.roster_memory import SeenRoster, accept_roster
from crypto.signed_roster import parse_roster
from tests.stranger import age, keys, roster
from tests.stranger.support import ORIGIN, TODAY


def test_candors_roster_is_read_and_written_byte_for_byte(signed, public, house):
    document, signature, _ = signed
    assert roster.write_roster(public) == document
    assert keys.sign(house.root.seed, "roster", document) == signature


def test_the_strangers_roster_is_taken(public, house):
    seed = bytes(range(32))
    root = keys.key_text(keys.ReviewerKeys(age.Identity(seed)).key)
    several = public["channels"][0] | {
        "id": "several",
        "threshold": 2,
        "recipient": age.Identity(bytes(32)).recipient,
        "names": {"pt-BR": "Vários"},
        "slots": 40,
    }
    mine = public | {
        "channels": [public["channels"][0], several],
        "couriers": [{"channels": ["several"], "id": "van", "key": keys.key_text(bytes(32))}],
        "decoys": {"mean_per_day": 3, "ranges": [{"up_to_bytes": 65_536, "weight": 1}]},
        "demonstration": True,
        "serial": 7,
    }
    document = roster.write_roster(mine)
    signature = keys.sign(keys.subkey(seed, 3), "roster", document)
    arguments = {"today": TODAY, "origin": ORIGIN}
    read = parse_roster(document, signature, VerifyKey.parse(root), **arguments)
    assert read.channel("several").threshold == 2
    assert roster.read_roster(document, signature, root, **arguments) == mine


@pytest.mark.parametrize(
    "change",
    [
        {"today": date(2100, 1, 1)},
        {"origin": "http://127.0.0.1:8081"},
        {"origin": ORIGIN + "/"},
    ],
    ids=str,
)
def test_both_refuse_the_same_rosters(signed, change):
    document, signature, root = signed
    arguments = {"today": TODAY, "origin": ORIGIN} | change
    with pytest.raises(roster.RosterError):
        roster.read_roster(document, signature, root, **arguments)
    with pytest.raises(RosterError):
        parse_roster(document, signature, VerifyKey.parse(root), **arguments)


def test_both_remember_the_newest_roster(house, public):
    root = house.root.verify_key

    def sign(**changes):
        document = roster.write_roster(public | changes)
        return document, keys.sign(house.root.seed, "roster", document)

    seen, older, newer, other = (
        sign(serial=7),
        sign(serial=6),
        sign(serial=8),
        sign(serial=7, expires="2026-11-30"),
    )
    arguments = {"today": TODAY, "origin": ORIGIN}
    remembered = SeenRoster.of(parse_roster(*seen, root, **arguments))
    for taken in (seen, newer):
        roster.read_roster(*taken, root.serialize(), seen=seen[0], **arguments)
        accept_roster(remembered, parse_roster(*taken, root, **arguments))
    for refused in (older, other):
        with pytest.raises(roster.RosterError):
            roster.read_roster(*refused, root.serialize(), seen=seen[0], **arguments)
        with pytest.raises(RosterError):
            accept_roster(remembered, parse_roster(*refused, root, **arguments))


def test_both_take_a_former_key_until_its_day(house, public):
    key = keys.key_text(keys.ReviewerKeys(age.Identity(bytes(range(32)))).key)
    press, *others = public["reviewers"]
    rotated = press | {"former_keys": [{"key": key, "until": "2026-11-30"}]}
    document = roster.write_roster(public | {"reviewers": [rotated, *others]})
    signature = keys.sign(house.root.seed, "roster", document)
    theirs = parse_roster(document, signature, house.root.verify_key, today=TODAY, origin=ORIGIN)
    mine = roster.read_roster(
        document, signature, house.root.verify_key.serialize(), today=TODAY, origin=ORIGIN
    )
    for day, count in ((TODAY, 3), (date(2026, 11, 30), 3), (date(2026, 12, 1), 2)):
        whose = {key.raw: reviewer.id for key, reviewer in theirs.signers(day).items()}
        assert whose == {key: one["id"] for key, one in roster.signers(mine, day).items()}
        assert len(whose) == count


ENTRY = ("reviewers", 0)
FORMER = {"key": keys.key_text(b"f" * 32), "until": "2026-11-30"}
BAD_ROSTERS = {
    "an unknown key": ((), {"more": 1}),
    "a key left out": ((), {"decoys": ...}),
    "too long": ((), {"expires": "2099-01-01"}),
    "a serial of zero": ((), {"serial": 0}),
    "no origin": ((), {"origins": []}),
    "an origin with a path": ((), {"origins": [ORIGIN + "/"]}),
    "another machine's demonstration": ((), {"demonstration": True, "origins": ["http://a.onion"]}),
    "a number that is true": (("channels", 0), {"slots": True}),
    "too few slots": (("channels", 0), {"slots": 1}),
    "too many slots": (("channels", 0), {"slots": 41}),
    "an unknown reviewer": (("channels", 0), {"reviewers": ["nobody"]}),
    "a reviewer twice": (("channels", 0), {"reviewers": ["press", "press"]}),
    "several without a key": (("channels", 0), {"threshold": 2}),
    "no name": (("channels", 0), {"names": {}}),
    "kept for ever": (("channels", 0), {"retention_days": 3651}),
    "an id with capitals": (ENTRY, {"id": "Press"}),
    "an empty name": (ENTRY, {"name": ""}),
    "a name that runs backwards": (ENTRY, {"name": "a\u202eb"}),
    "a name with space behind it": (ENTRY, {"name": "a "}),
    "a key that is none": (ENTRY, {"key": "RWabc"}),
    "no former keys at all": (ENTRY, {"former_keys": ...}),
    "a former key without a day": (ENTRY, {"former_keys": [{"key": FORMER["key"]}]}),
    "a former key until no day": (ENTRY, {"former_keys": [FORMER | {"until": "soon"}]}),
    "a former key twice": (ENTRY, {"former_keys": [FORMER, FORMER]}),
    "too many former keys": (
        ENTRY,
        {"former_keys": [FORMER | {"key": keys.key_text(bytes([n]) * 32)} for n in range(65)]},
    ),
    "the root's own key": (ENTRY, {"key": keys.key_text(b"r" * 32)}),
    "a day in another form": ((), {"issued": "20261123"}),
}


@pytest.mark.parametrize(("place", "change"), BAD_ROSTERS.values(), ids=BAD_ROSTERS)
def test_both_hold_a_roster_to_the_same_bounds(public, house, place, change):
    bad = json.loads(roster.write_roster(public))
    entry = bad
    for step in place:
        entry = entry[step]
    entry.update(change)
    for name in [name for name, value in entry.items() if value is ...]:
        del entry[name]
    root = house.root
    if change.get("key") == keys.key_text(b"r" * 32):
        entry["key"] = root.verify_key.serialize()
    document = roster.write_roster(bad)
    signature = keys.sign(root.seed, "roster", document)
    arguments = {"today": date(2026, 11, 23), "origin": None}
    with pytest.raises((roster.RosterError, keys.SignatureError)):
        roster.read_roster(document, signature, root.verify_key.serialize(), **arguments)
    with pytest.raises(RosterError):
        parse_roster(document, signature, root.verify_key, **arguments)
