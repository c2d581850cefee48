"""Changes to a roster: what each does, and what it refuses."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from console import roster_edits as edits
from console.errors import RosterChangeError
from console.plan import default_form_reference, draft_roster
from console.public_lines import PublicLines
from crypto.minisign import SigningKey
from crypto.roster import Channel, Courier, FormerKey, Roster
from tests.console.ceremonies import ANNA, BORIS, CLARA, DAY, DORA, EVA, TODAY, person, plan

ROOT = SigningKey(bytes(32)).verify_key
LOG = SigningKey(bytes([90]) * 32).verify_key
VAN = Courier("van", ("general",), SigningKey(bytes([91]) * 32).verify_key)
ROSTER = draft_roster(plan(), ROOT, service_id=bytes(16), today=TODAY, log_keys=(LOG,))
WITH_VAN = replace(ROSTER, couriers=(VAN,))
NEW = Channel("ships", {"en": "Ships"}, default_form_reference(), ("boris",))
SHARED = replace(
    ROSTER,
    channels=(
        replace(ROSTER.channels[0], threshold=2, recipient=EVA.recipient),
        ROSTER.channels[1],
    ),
)


def readers(roster: Roster) -> dict[str, tuple[str, ...]]:
    return {channel.id: channel.reviewers for channel in roster.channels}


def test_a_reviewer_comes_behind_the_others() -> None:
    roster = edits.add_reviewer(ROSTER, person("dora", DORA), ["prisons"])
    assert [one.id for one in roster.reviewers] == ["anna", "boris", "dora"]
    assert readers(roster) == {"general": ("anna", "boris"), "prisons": ("anna", "dora")}


def test_a_reviewer_goes_from_every_channel() -> None:
    roster = edits.add_member(ROSTER, "boris", "prisons")
    roster = edits.remove_reviewer(roster, "anna")
    assert readers(roster) == {"general": ("boris",), "prisons": ("boris",)}
    assert [one.id for one in roster.reviewers] == ["boris"]


def test_a_member_comes_and_goes_and_stays_a_reviewer() -> None:
    roster = edits.add_member(ROSTER, "boris", "prisons")
    assert readers(roster)["prisons"] == ("anna", "boris")
    assert edits.remove_member(roster, "boris", "prisons") == ROSTER


def test_a_custodian_goes_before_another_comes() -> None:
    roster = edits.remove_custodian(ROSTER)
    assert roster.custodian is None
    assert edits.set_custodian(roster, person("dora", DORA)).custodian == person("dora", DORA)
    assert edits.set_custodian(roster, person("clara", CLARA)) == ROSTER


def test_a_courier_comes_and_goes() -> None:
    assert edits.add_courier(ROSTER, VAN) == WITH_VAN
    assert edits.remove_courier(WITH_VAN, "van") == ROSTER


def test_a_channel_comes_and_goes_for_couriers_too() -> None:
    roster = edits.add_channel(WITH_VAN, NEW)
    assert roster.channels[-1] == NEW
    assert edits.remove_channel(roster, "ships") == WITH_VAN
    without = edits.remove_channel(WITH_VAN, "general")
    assert without.couriers == (replace(VAN, channels=()),)


def test_a_rotation_keeps_the_old_key_until_its_day() -> None:
    lines, again = PublicLines.of(DORA), PublicLines.of(EVA)
    roster = edits.rotate(ROSTER, "boris", lines, TODAY + 9 * DAY)
    boris = roster.reviewers[1]
    assert (boris.key, boris.recipient) == (lines.key, lines.recipient)
    old = FormerKey(PublicLines.of(BORIS).key, TODAY + 9 * DAY)
    assert boris.former_keys == (old,)
    twice = edits.rotate(roster, "boris", again, TODAY + 20 * DAY).reviewers[1]
    assert twice.former_keys == (FormerKey(lines.key, TODAY + 20 * DAY), old)


def test_a_rotation_without_overlap_leaves_no_former_key_at_all() -> None:
    roster = edits.rotate(ROSTER, "boris", PublicLines.of(DORA), TODAY + 9 * DAY)
    assert edits.rotate(roster, "boris", PublicLines.of(EVA), None).reviewers[1].former_keys == ()


def test_a_custodian_is_rotated_as_well() -> None:
    roster = edits.rotate(ROSTER, "clara", PublicLines.of(DORA), TODAY)
    assert roster.custodian is not None
    assert roster.custodian.recipient == DORA.recipient
    assert roster.reviewers == ROSTER.reviewers


def test_somebody_is_shown_otherwise() -> None:
    roster = edits.change_person(ROSTER, "anna", lambda one: replace(one, role="Head"))
    assert roster.reviewers[0].role == "Head"
    roster = edits.change_channel(ROSTER, "general", lambda one: replace(one, retention_days=9))
    assert [one.retention_days for one in roster.channels] == [9, 365]


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a reviewer twice": (
        lambda: edits.add_reviewer(ROSTER, person("anna", DORA), []),
        "id stands twice",
    ),
    "somebody else's keys": (
        lambda: edits.add_reviewer(ROSTER, person("dora", ANNA), []),
        "recipient stands twice",
    ),
    "the custodian's keys": (
        lambda: edits.add_reviewer(ROSTER, person("dora", CLARA), []),
        "recipient stands twice",
    ),
    "keys of another": (
        lambda: edits.rotate(ROSTER, "anna", PublicLines.of(BORIS), None),
        "recipient stands twice",
    ),
    "a member who is nobody": (
        lambda: edits.add_member(ROSTER, "dora", "general"),
        "there is no reviewer dora: there are anna, boris",
    ),
    "the custodian as a member": (
        lambda: edits.add_member(ROSTER, "clara", "general"),
        "there is no reviewer clara",
    ),
    "a member twice": (lambda: edits.add_member(ROSTER, "anna", "general"), "already"),
    "a member of no channel": (
        lambda: edits.add_member(ROSTER, "anna", "ships"),
        "there is no channel ships: there are general, prisons",
    ),
    "no room": (
        lambda: edits.add_member(
            edits.change_channel(ROSTER, "prisons", lambda one: replace(one, slots=1)),
            "boris",
            "prisons",
        ),
        "give it more with",
    ),
    "no reader left": (lambda: edits.remove_member(ROSTER, "anna", "prisons"), "no reader left"),
    "nobody left": (lambda: edits.remove_reviewer(ROSTER, "anna"), "no reader left"),
    "who does not read": (
        lambda: edits.remove_member(ROSTER, "boris", "prisons"),
        "does not read",
    ),
    "who is not there": (lambda: edits.remove_reviewer(ROSTER, "dora"), "there is no reviewer"),
    "a second custodian": (
        lambda: edits.set_custodian(ROSTER, person("dora", DORA)),
        "clara is the custodian",
    ),
    "no custodian": (
        lambda: edits.remove_custodian(edits.remove_custodian(ROSTER)),
        "there is no custodian",
    ),
    "a courier of no channel": (
        lambda: edits.add_courier(ROSTER, replace(VAN, channels=("ships",))),
        "there is no channel ships",
    ),
    "a courier twice": (lambda: edits.add_courier(WITH_VAN, VAN), "stands twice"),
    "a courier who is not there": (
        lambda: edits.remove_courier(ROSTER, "van"),
        "there is no courier van: there is none",
    ),
    "a channel nobody reads": (
        lambda: edits.add_channel(ROSTER, replace(NEW, reviewers=("dora",))),
        "there is no reviewer dora",
    ),
    "the last channel": (
        lambda: edits.remove_channel(edits.remove_channel(ROSTER, "general"), "prisons"),
        "number of channels",
    ),
    "too few slots": (
        lambda: edits.change_channel(ROSTER, "general", lambda one: replace(one, slots=1)),
        "number of reviewers of a channel",
    ),
    "an empty name": (
        lambda: edits.change_person(ROSTER, "anna", lambda one: replace(one, name="")),
        "a name is no line",
    ),
    "no origin": (lambda: edits.set_origins(ROSTER, []), "number of origins"),
    "an origin twice": (lambda: edits.set_origins(ROSTER, ROSTER.origins * 2), "stands twice"),
    "the root key as a log key": (lambda: edits.set_log_keys(ROSTER, [ROOT]), "stands twice"),
    "a member of a shared key": (
        lambda: edits.add_member(
            edits.add_reviewer(SHARED, person("dora", DORA), []), "dora", "general"
        ),
        "each holds a share",
    ),
    "a member less of a shared key": (
        lambda: edits.remove_reviewer(SHARED, "boris"),
        "each holds a share",
    ),
}


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED)
def test_what_breaks_a_rule_is_refused_with_its_reason(
    change: Callable[[], object], words: str
) -> None:
    with pytest.raises(RosterChangeError, match=words):
        change()
