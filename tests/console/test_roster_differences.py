"""What differs between two rosters: nothing of it escapes whoever is about to sign."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from console.layout import Style
from console.public_lines import PublicLines
from console.roster_book import same_content
from console.roster_differences import differences
from console.roster_words import show_roster
from console.show import Page
from crypto.roster import Courier, FormerKey, Roster
from crypto.signed_roster import read_unsigned_roster, serialize_roster
from tests.console.ceremonies import DAY
from tests.crypto.roster_example import CHANNEL, KEYS, ROOT, ROSTER, TODAY, reviewer

Place = tuple[str | int, ...]
PAGE = Page(80, Style())
WHOLE = replace(
    ROSTER,
    channels=(CHANNEL, replace(CHANNEL, id="prisons")),
    couriers=(*ROSTER.couriers, Courier("train", ("prisons", "general"), KEYS[30])),
)


def said(new: Roster, old: Roster = WHOLE) -> list[str]:
    return list(differences(old, new))


def test_serial_and_days_alone_are_no_difference() -> None:
    new = replace(WHOLE, serial=6, issued=TODAY + DAY, expires=TODAY + 9 * DAY)
    assert said(new) == []
    assert same_content(new, WHOLE)


def _leaves(value: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Find every value of the document, and every list as a whole."""
    entries: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        entries = value.items()
    else:
        yield path, value
        entries = enumerate(value) if isinstance(value, list) else ()
    for step, inner in entries:
        yield from _leaves(inner, (*path, step))


def _can_change(path: Place, value: Any) -> bool:
    """Leave out days, what stands only once, and what another entry must follow."""
    days = path[0] in {"serial", "issued", "expires", "service_id", "demonstration"}
    reference = path[-2:-1] in {("reviewers",), ("channels",)} and not isinstance(value, dict)
    alone = isinstance(value, list) and (len(value) < 2 or path[-1] == "ranges")
    return not (days or reference or alone or value is None or path[-1] == "up_to_bytes")


def _other(path: Place, value: Any) -> Any:
    """Give another value that a roster may have in this place."""
    fixed = {
        "key": KEYS[39].serialize(),
        "release_key": KEYS[39].serialize(),
        "log_keys": KEYS[39].serialize(),
        "recipient": reviewer(11).recipient.serialize(),
        "sha256": "11" * 32,
        "until": "2027-01-01",
        "origins": "http://other.onion",
    }
    if isinstance(value, list):
        return value[::-1]
    if isinstance(value, int):
        return value + 1
    named = path[-1] if isinstance(path[-1], str) else path[-2]
    return fixed.get(str(named), f"{value}x")


PLACES = [
    path for path, value in _leaves(json.loads(serialize_roster(WHOLE))) if _can_change(path, value)
]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_every_value_that_changes_is_said(path: Place) -> None:
    content = json.loads(serialize_roster(WHOLE))
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = _other(path, place[path[-1]])
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    if path[-1] == "threshold" or (path[-1] == "id" and path[0] in {"reviewers", "channels"}):
        text = _renamed(path, text)
    new = read_unsigned_roster(text.encode(), ROOT.verify_key)
    assert not same_content(new, WHOLE)
    assert said(new) != []


def _renamed(path: Place, text: str) -> str:
    """Follow an id everywhere, and give a channel where several must agree its key."""
    content = json.loads(text)
    if path[-1] == "threshold":
        content["channels"][path[1]]["recipient"] = reviewer(11).recipient.serialize()
    else:
        new = content[path[0]][path[1]]["id"]
        text = text.replace(f'"{new[:-1]}"', f'"{new}"')
        content = json.loads(text)
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"custodian": None}, "- custodian reviewer-3"),
        ({"custodian": reviewer(4)}, "+ custodian reviewer-4"),
        ({"couriers": ()}, "- courier van"),
        ({"release_key": None}, "the release key: nothing; before: RW"),
        ({"decoys": None}, "decoys: nothing"),
        ({"log_keys": WHOLE.log_keys[:1]}, "- log key RW"),
        ({"origins": (*WHOLE.origins, "http://b.onion")}, "+ origin http://b.onion"),
        ({"channels": WHOLE.channels[:1], "couriers": ()}, "- channel prisons"),
        ({"reviewers": (*WHOLE.reviewers, reviewer(5))}, "+ reviewer reviewer-5"),
    ],
)
def test_what_comes_and_goes_is_said_both_ways(changes: dict[str, object], words: str) -> None:
    new = replace(WHOLE, **changes)
    assert any(words in line for line in said(new))
    assert said(WHOLE, old=new) != []


def test_new_lines_are_said_with_their_check() -> None:
    first = WHOLE.reviewers[0]
    changed = replace(first, key=KEYS[39], recipient=reviewer(11).recipient)
    lines = said(replace(WHOLE, reviewers=(changed, *WHOLE.reviewers[1:])))
    check = PublicLines(changed.key, changed.recipient).check
    assert any(check in line for line in lines)
    assert any(f"{first.key.serialize()} signed counts no longer" in line for line in lines)


def test_a_rotation_says_how_long_the_old_key_counts() -> None:
    person = WHOLE.reviewers[1]
    until = TODAY + 9 * DAY
    changed = replace(person, key=KEYS[39], former_keys=(FormerKey(person.key, until),))
    lines = said(replace(WHOLE, reviewers=(WHOLE.reviewers[0], changed)))
    assert any(f"{person.key.serialize()} signed counts until {until}" in line for line in lines)


def test_a_roster_is_shown_whole_and_harmless() -> None:
    shown = "\n".join(show_roster(PAGE, WHOLE, TODAY))
    for person in WHOLE.people:
        assert person.name in shown
        assert person.key.serialize() in shown
        assert PublicLines(person.key, person.recipient).check in shown
    for words in ("Общий", "183 days from today", "van", "train", "Former key"):
        assert words in shown
    assert "it ended 1 days ago" in "\n".join(show_roster(PAGE, WHOLE, WHOLE.expires + DAY))
    hidden = replace(WHOLE.reviewers[0], name="A\N{VARIATION SELECTOR-16}b")
    assert "⟨U+FE0F⟩" in "\n".join(
        show_roster(PAGE, replace(WHOLE, reviewers=(hidden, WHOLE.reviewers[1])), TODAY)
    )
