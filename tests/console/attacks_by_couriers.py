"""Attacks by a courier, with its own key."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from console.errors import (
    ForeignBundleError,
    ForgedBundleError,
    ForkedBundleError,
    MissingBundleError,
    RolledBackBundleError,
    UnlistedFormError,
)
from crypto.checkpoint import end_of_day, witness_name
from crypto.log_day import LogDay
from crypto.log_watch import Cause
from tests.console.attack_world import ONE_DAY, World, comes_to, hash_of, stranger
from tests.support.carried import (
    BOAT,
    COURIERS,
    FORM_BYTES,
    FORM_NAME,
    SERVICE_ID,
    VAN,
    Carrier,
    Log,
    make_day,
    pack,
    pack_unchecked,
)


@comes_to(Cause.MISSING)
def drop_an_envelope(world: World) -> bytes:
    envelopes = world.envelopes()
    for leaf in world.chance.sample(sorted(envelopes), world.chance.randint(1, len(envelopes))):
        del envelopes[leaf]
    return pack(world.info, envelopes, world.next)[0]


@comes_to(Cause.UNLOGGED)
def put_an_envelope_in(world: World) -> bytes:
    stray = world.chance.randbytes(90)
    return pack_unchecked(world.info, {**world.envelopes(), hash_of(stray): stray}, world.next)


@comes_to(Cause.MISSING)
def alter_an_envelope_and_its_name(world: World) -> bytes:
    envelopes = world.envelopes()
    data = bytearray(envelopes.pop(world.chance.choice(sorted(envelopes))))
    data[world.chance.randrange(len(data))] ^= 1
    return pack_unchecked(world.info, {**envelopes, hash_of(data): bytes(data)}, world.next)


@comes_to(Cause.UNLINKED)
def leave_out_a_day(world: World) -> bytes:
    place = world.chance.randrange(len(world.next) - 1)
    return world.lie([*world.next[:place], *world.next[place + 1 :]])


@comes_to(Cause.UNSIGNED)
def name_days_otherwise(world: World) -> bytes:
    shift = world.chance.choice([-3, -2, -1, 1, 2, 30]) * ONE_DAY
    return world.lie([replace(day, day=day.day + shift) for day in world.next])


@comes_to(Cause.UNLINKED, Cause.FORKED)
def name_days_otherwise_and_take_the_witnesses_off(world: World) -> bytes:
    shift = world.chance.choice([-3, -2, -1, 1, 2, 30]) * ONE_DAY
    days = [make_day(d.day, d.before, d.leaves, witnesses=()) for d in world.next]
    return world.lie([replace(day, day=day.day + shift) for day in days])


@comes_to(Cause.UNLINKED)
def exchange_two_days(world: World) -> bytes:
    return world.lie([*world.next[1:], world.next[0]])


@comes_to(RolledBackBundleError)
def make_a_second_of_a_serial(world: World) -> bytes:
    return Carrier().pull(world.log, world.next)


@comes_to(MissingBundleError)
def skip_a_serial(world: World) -> bytes:
    skipped = Carrier(serial=world.van.serial + 1, previous=world.van.previous)
    return skipped.pull(world.log, world.next)


@comes_to(ForkedBundleError)
def follow_another_bundle(world: World) -> bytes:
    other = Carrier(serial=world.van.serial, previous=world.chance.randbytes(32))
    return other.pull(world.log, world.next)


@comes_to(Cause.SHRANK)
def go_back_to_earlier_days(world: World) -> bytes:
    return world.lie(world.seen[: world.chance.randint(1, len(world.seen) - 1)])


@comes_to(ForeignBundleError)
def bring_a_channel_that_is_not_theirs(world: World) -> bytes:
    other = Log("third", random_bytes=world.chance.randbytes)
    other.close_day(1)
    return Carrier(channel="third").pull(other, other.days)


@comes_to(ForeignBundleError)
def name_a_courier_that_there_is_not(world: World) -> bytes:
    return Carrier("ship").pull(world.log, world.next, signing=COURIERS[VAN])


@comes_to(ForgedBundleError)
def speak_for_another_courier(world: World) -> bytes:
    return Carrier(BOAT).pull(world.log, world.next, signing=COURIERS[VAN])


@comes_to(UnlistedFormError)
def bring_another_form(world: World) -> bytes:
    form = FORM_BYTES + b"# " + world.chance.randbytes(3).hex().encode()
    return world.lie(world.next, forms={FORM_NAME: form})


@comes_to(Cause.UNSIGNED)
def sign_a_head_with_another_key(world: World) -> bytes:
    return world.lie(changed(world, key=stranger(world)))


@comes_to(Cause.UNSIGNED)
def take_the_signatures_off(world: World) -> bytes:
    days, place = [*world.next], world.some_next()
    days[place] = days[place].with_head(replace(days[place].head, signatures=()))
    return world.lie(days)


@comes_to(Cause.UNSIGNED)
def move_a_witness_to_another_head(world: World) -> bytes:
    days, place = [*world.next], world.some_next()
    line = world.chance.choice(world.seen).head.signatures[-1]
    days[place] = days[place].with_head(days[place].head.with_cosignature(line))
    return world.lie(days)


@comes_to(Cause.UNSIGNED)
def witness_another_time(world: World) -> bytes:
    days, place = [*world.next], world.some_next()
    seconds = end_of_day(days[place].day) + world.chance.choice([-1, 1, 86_400, -86_400])
    line = days[place].head.cosign(witness_name(SERVICE_ID, VAN), COURIERS[VAN], seconds)
    days[place] = days[place].with_head(days[place].head.with_cosignature(line))
    return world.lie(days)


@comes_to(Cause.UNSIGNED)
def leave_a_leaf_out_of_the_log(world: World) -> bytes:
    return world.lie(resized(world, lambda leaves: leaves[:-1]))


@comes_to(Cause.UNSIGNED)
def change_the_order_of_leaves(world: World) -> bytes:
    return world.lie(resized(world, lambda leaves: [*leaves[1:], leaves[0], hash_of(b"one more")]))


def changed(world: World, **options: Any) -> list[LogDay]:
    """Make one of the next days anew."""
    days, place = [*world.next], world.some_next()
    day = days[place]
    days[place] = make_day(day.day, day.before, day.leaves, **options)
    return days


def resized(world: World, change: Callable[[Sequence[bytes]], Sequence[bytes]]) -> list[LogDay]:
    """Change the leaves of the last day and its root, under the signatures that there are."""
    last = world.next[-1]
    made = make_day(last.day, last.before, change(last.leaves))
    head = replace(made.head, signatures=last.head.signatures)
    return [*world.next[:-1], made.with_head(head)]
