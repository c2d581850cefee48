"""The roster of docs/protocol.md section 6."""

import json
import re
from datetime import date

from tests.stranger.age import parse_recipient
from tests.stranger.archive import padded
from tests.stranger.keys import parse_key, verify

ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class RosterError(Exception):
    pass


def _require(fact, reason):
    if not fact:
        raise RosterError(reason)


def _day(text):
    _require(isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII), "day")
    return date.fromisoformat(text)


def _id(text):
    _require(isinstance(text, str) and ID.fullmatch(text), "id")


def _number(value, low, high=2**53 - 1):
    _require(type(value) is int and low <= value <= high, "number")


def _line(text, most, least=1):
    fits = least <= len(text) <= most and text.isprintable() and text == text.strip()
    _require(fits, "not one line")


def _distinct(values):
    _require(len(set(values)) == len(values), "something stands twice")


def _hex(text, size):
    _require(isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text), "hex")


def _keys(entry, *names):
    _require(isinstance(entry, dict) and set(entry) == set(names), f"keys besides {names}")


def _texts(values):
    _require(isinstance(values, list) and all(isinstance(one, str) for one in values), "texts")


def _reviewer(entry):
    texts = ("id", "independence", "key", "name", "organisation", "recipient", "role")
    _keys(entry, "former_keys", *texts)
    _texts([entry[name] for name in texts])
    _id(entry["id"])
    _line(entry["name"], 200)
    _line(entry["role"], 200)
    _line(entry["organisation"], 200, 0)
    _line(entry["independence"], 1000, 0)
    parse_key(entry["key"])
    parse_recipient(entry["recipient"])
    _number(len(entry["former_keys"]), 0, 64)
    for former in entry["former_keys"]:
        _keys(former, "key", "until")
        _texts([former["key"]])
        parse_key(former["key"])
        _day(former["until"])


def _channel(entry, reviewers):
    names = ("form", "id", "names", "recipient", "retention_days", "reviewers", "slots")
    _keys(entry, *names, "threshold")
    _keys(entry["form"], "id", "sha256", "version")
    _id(entry["form"]["id"])
    _hex(entry["form"]["sha256"], 32)
    _number(entry["form"]["version"], 1, 1_000_000)
    _id(entry["id"])
    _require(isinstance(entry["names"], dict), "names")
    _number(len(entry["names"]), 1, 40)
    _texts(list(entry["names"].values()))
    for language, name in entry["names"].items():
        _require(re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?", language), "language")
        _line(name, 200)
    if entry["recipient"] is not None:
        parse_recipient(entry["recipient"])
    _number(entry["retention_days"], 1, 3650)
    _texts(entry["reviewers"])
    _require(set(entry["reviewers"]) <= reviewers, "unknown reviewer")
    _distinct(entry["reviewers"])
    _number(len(entry["reviewers"]), 1, entry["slots"])
    _number(entry["slots"], len(entry["reviewers"]), 40)
    _number(entry["threshold"], 1, len(entry["reviewers"]))
    _require((entry["threshold"] > 1) == (entry["recipient"] is not None), "recipient")


def _decoys(entry):
    _keys(entry, "mean_per_day", "ranges")
    _number(entry["mean_per_day"], 1, 1000)
    _number(len(entry["ranges"]), 1, 64)
    for one in entry["ranges"]:
        _keys(one, "up_to_bytes", "weight")
        _number(one["up_to_bytes"], 65_536)
        _require(padded(one["up_to_bytes"]) == one["up_to_bytes"], "no padded length")
        _number(one["weight"], 1, 1_000_000)
    lengths = [one["up_to_bytes"] for one in entry["ranges"]]
    _distinct(lengths)
    _require(sorted(lengths) == lengths, "ranges")


def _courier(entry, channels):
    _keys(entry, "channels", "id", "key")
    _texts(entry["channels"])
    _distinct(entry["channels"])
    _require(set(entry["channels"]) <= channels, "unknown channel")
    _id(entry["id"])
    parse_key(entry["key"])


def _whole(roster, root):
    _keys(
        roster,
        *("channels", "couriers", "custodian", "decoys", "demonstration", "expires", "issued"),
        *("log_keys", "origins", "release_key", "reviewers", "serial", "service_id"),
    )
    people = [*roster["reviewers"], *filter(None, [roster["custodian"]])]
    _number(len(roster["reviewers"]), 1, 64)
    for entry in people:
        _reviewer(entry)
    _require(1 <= len(roster["channels"]) <= 64, "channels")
    for entry in roster["channels"]:
        _channel(entry, {one["id"] for one in roster["reviewers"]})
    for entry in roster["couriers"]:
        _courier(entry, {one["id"] for one in roster["channels"]})
    if roster["decoys"] is not None:
        _decoys(roster["decoys"])
    _texts(roster["log_keys"])
    _origins(roster)
    _everything_once(roster, people, root)
    _require(isinstance(roster["demonstration"], bool), "demonstration")
    _number(roster["serial"], 1)
    _hex(roster["service_id"], 16)
    _require(0 <= (_day(roster["expires"]) - _day(roster["issued"])).days <= 731, "days")


def _origins(roster):
    _texts(roster["origins"])
    _distinct(roster["origins"])
    _number(len(roster["origins"]), 1, 8)
    for origin in roster["origins"]:
        found = re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[1-9]\d{0,4})?", origin)
        _require(found, "origin")
        here = found[1] in ("localhost", "127.0.0.1", "[::1]")
        _require(here or not roster["demonstration"], "demonstration")


def _everything_once(roster, people, root):
    shared = [one["recipient"] for one in roster["channels"] if one["recipient"] is not None]
    others = [*roster["log_keys"], *filter(None, [roster["release_key"]])]
    for key in others:
        parse_key(key)
    _distinct([one["id"] for one in people])
    _distinct([one["id"] for one in roster["channels"]])
    _distinct([one["id"] for one in roster["couriers"]])
    _distinct([*shared, *(one["recipient"] for one in people)])
    former = [one["key"] for entry in people for one in entry["former_keys"]]
    current = [one["key"] for one in [*people, *roster["couriers"]]]
    _distinct([root, *others, *former, *current])


def signers(roster, today):
    """Whose signature is a reviewer's today: the entries by their raw key."""
    found = {}
    for entry in roster["reviewers"]:
        found[parse_key(entry["key"])] = entry
        for former in entry["former_keys"]:
            if today <= _day(former["until"]):
                found[parse_key(former["key"])] = entry
    return found


def write_roster(roster):
    text = json.dumps(roster, ensure_ascii=False, sort_keys=True, indent=2)
    return text.encode() + b"\n"


def read_roster(document, signature, root, *, today, origin=None, seen=None):
    """Return the roster as a dictionary.

    `root` is the pinned key, `RW…`; `seen` the newest document that was taken before.
    """
    verify(parse_key(root), "roster", document, signature)
    roster = json.loads(document)
    _whole(roster, root)
    _require(write_roster(roster) == document, "not the only way to write it")
    _require(today <= _day(roster["expires"]), "expired")
    if seen is not None:
        before = json.loads(seen)["serial"]
        _require(roster["serial"] >= before, "an older roster")
        _require(roster["serial"] > before or document == seen, "two rosters of one serial")
    _require(origin is None or origin in roster["origins"], "another origin")
    return roster
