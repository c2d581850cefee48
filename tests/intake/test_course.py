"""Carried days are held to each other, to the log here and to the keys, before anything changes."""

import pytest

from crypto.checkpoint import Head, NoteSignature, end_of_day, witness_name
from crypto.errors import ForkedLogError, UnlinkedDayError, UnsignedHeadError
from crypto.log_day import LogDay, parse_day
from crypto.merkle import EMPTY_TREE
from crypto.minisign import SigningKey
from tests.intake.drill import COURIER, NAME, ORIGIN, WITNESSES, check, without_witness, witnessed
from tests.intake.logs import day_of, follow
from tests.intake.support import DOOR, FIRST_DAY, LOG_KEY, SIGNER, make_envelope


def test_days_between_that_are_missing_are_asked_for(world, backup):
    before = follow(backup)
    with pytest.raises(UnlinkedDayError, match="bundles before"):
        world.restore(backup, world.days[4:])
    with pytest.raises(UnlinkedDayError):
        check([*world.days[:3], *world.days[4:]])
    assert follow(backup) == before
    assert backup.run_batch(SIGNER).envelopes == 1


def test_a_log_that_differs_before_the_first_carried_day_is_not_put_together(world, backup):
    backup.receive(DOOR, [make_envelope()])
    world.calendar.turn()
    backup.run_batch(SIGNER)
    before = follow(backup)
    with pytest.raises(ForkedLogError, match="bundles before"):
        world.restore(backup, world.days[4:])
    assert follow(backup) == before


def test_only_days_up_to_the_last_witnessed_one_are_taken(world, backup):
    bare = [parse_day(without_witness(day)) for day in world.days]
    assert check([*world.days[:5], *bare[5:]]).days == tuple(world.days[:5])
    # a witness of a later day has seen the earlier ones
    assert len(check([*bare[:5], world.days[5]]).days) == 6
    with pytest.raises(UnsignedHeadError):
        check(bare)
    with pytest.raises(UnsignedHeadError):
        check([])
    stranger = {NAME: SigningKey(bytes([8]) * 32).verify_key}
    with pytest.raises(UnsignedHeadError):
        check(world.days, witnesses=stranger)


def test_a_witness_s_signature_of_another_day_does_not_count(world):
    bare = parse_day(without_witness(world.days[0]))
    made = bare.head.cosign(NAME, COURIER, end_of_day(bare.day) + 86_400)
    with pytest.raises(UnsignedHeadError):
        check([bare.with_head(bare.head.with_cosignature(made))])


def test_days_that_the_log_s_key_did_not_sign_are_refused(world):
    other = SigningKey(bytes(32))
    with pytest.raises(UnsignedHeadError):
        check(world.days, log_keys=[other.verify_key])


def test_days_of_another_log_are_refused(world):
    tree = EMPTY_TREE.grow([bytes(32)])
    head = Head(SIGNER.origin("other"), tree.size, tree.root).sign(LOG_KEY)
    with pytest.raises(ForkedLogError):
        check([witnessed(LogDay(FIRST_DAY, EMPTY_TREE, (bytes(32),), head))])


def test_two_that_differ_of_one_day_are_refused(world):
    tree = EMPTY_TREE.grow([bytes(32)])
    head = Head(ORIGIN, tree.size, tree.root).sign(LOG_KEY)
    with pytest.raises(ForkedLogError):
        check([*world.days, witnessed(LogDay(FIRST_DAY, EMPTY_TREE, (bytes(32),), head))])


def test_days_of_several_couriers_are_put_together(world):
    other, name = SigningKey(bytes([9]) * 32), witness_name(SIGNER.service_id, "second")
    both = WITNESSES | {name: other.verify_key}
    bare = [parse_day(without_witness(day)) for day in world.days]
    theirs = [
        day.with_head(day.head.with_cosignature(day.head.cosign(name, other, end_of_day(day.day))))
        for day in bare
    ]
    course = check([*theirs[4:], *world.days[:6]], witnesses=both)
    assert [day.day for day in course.days] == [day.day for day in world.days]
    assert set(course.days[4].head.witnesses(both)) == {NAME, name}
    assert set(course.days[8].head.witnesses(both)) == {name}


def spoiled(day):
    """Return a day as another courier may hand it in: the honest one's line is no signature."""
    (line,) = (line for line in day.head.signatures if line.name == NAME)
    broken = NoteSignature(NAME, line.blob[:-1] + bytes([line.blob[-1] ^ 1]))
    return day.with_head(day.head.with_cosignature(broken))


@pytest.mark.parametrize("first", [True, False])
def test_a_line_that_is_no_signature_takes_no_witness_s_place(world, first):
    poison = [spoiled(day) for day in world.days]
    course = check([*poison, *world.days] if first else [*world.days, *poison])
    assert course.days == tuple(world.days)


def test_a_line_that_is_no_signature_is_left_out_of_what_is_put_back(world, backup):
    days = [*map(spoiled, world.days[:-1]), world.days[-1]]
    assert [len(day.head.signatures) for day in check(days).days] == [1] * (len(days) - 1) + [2]
    world.restore(backup, days)
    for day in world.days:
        assert day_of(backup, day.day).head.witnesses(WITNESSES).keys() <= {NAME}
    # and what stands there already is mended by whoever has the line
    world.restore(backup)
    assert [day_of(backup, day.day) for day in world.days] == world.days


def test_a_signature_with_another_time_takes_no_witness_s_place(world):
    late = [
        day.with_head(day.head.with_cosignature(day.head.cosign(NAME, COURIER, 5)))
        for day in world.days
    ]
    assert check([*world.days, *late]).days == tuple(world.days)


def test_lines_of_unknown_keys_are_left_out_of_what_is_put_back(world):
    noise = NoteSignature("somebody", bytes(100))
    loud = [day.with_head(day.head.with_cosignature(noise)) for day in world.days]
    assert check(loud).days == tuple(world.days)
