"""Attacks by a server with the key of its log, and by whoever has had the root key in hand."""

from console.errors import (
    ForeignBundleError,
)
from crypto.errors import (
    ExpiredRosterError,
    ForkedRosterError,
    RolledBackRosterError,
)
from crypto.log_day import LogDay
from crypto.log_watch import Cause
from crypto.merkle import EMPTY_TREE, Tree
from tests.console.attack_world import ONE_DAY, World, comes_to, stranger
from tests.support.carried import (
    BOAT,
    LOG_KEY,
    OTHER_CHANNEL,
    TODAY,
    Carrier,
    Log,
    make_day,
    make_roster,
    signed,
)


@comes_to(Cause.FORKED)
def go_on_from_another_log(world: World) -> bytes:
    size = world.seen[-1].after.size + world.chance.randint(0, 3)
    return world.lie(continued(world, EMPTY_TREE.grow(world.new_leaves(size))))


@comes_to(Cause.SHRANK)
def go_on_from_a_shorter_log(world: World) -> bytes:
    return world.lie(continued(world, world.chance.choice(world.seen[:-1]).after))


def continued(world: World, before: Tree) -> list[LogDay]:
    """Log the next days behind another tree."""
    days = []
    for day in world.next:
        days.append(make_day(day.day, before, day.leaves))
        before = days[-1].after
    return days


@comes_to(Cause.FORKED)
def write_a_day_anew_that_was_seen(world: World) -> bytes:
    day = world.chance.choice(world.seen)
    leaves = world.chance.choice(
        [
            [*day.leaves[:-1]],
            [*day.leaves, *world.new_leaves()],
            [*world.new_leaves(), *day.leaves[1:]],
        ]
    )
    return world.lie([make_day(day.day, day.before, leaves), *world.next])


@comes_to(Cause.FORKED)
def keep_two_logs_for_two_couriers(world: World) -> bytes:
    other = Log(random_bytes=world.chance.randbytes)
    for day in world.log.days:
        other.close_day(len(day.leaves), day=day.day)
    return Carrier(BOAT).pull(other, other.days)


@comes_to(Cause.UNSIGNED)
def change_the_key_of_the_log_unsaid(world: World) -> bytes:
    key = stranger(world)
    return world.lie([make_day(d.day, d.before, d.leaves, key=key) for d in world.next])


@comes_to(Cause.MISSING)
def remove_what_was_logged(world: World) -> bytes:
    day = world.next[-1]
    gone = make_day(day.day, day.before, [*day.leaves, *world.new_leaves()], key=LOG_KEY)
    return world.lie([*world.next[:-1], gone])


@comes_to(ForkedRosterError)
def sign_a_second_roster(world: World) -> bytes:
    roster = make_roster(expires=TODAY + ONE_DAY * world.chance.randint(1, 60))
    return world.lie(world.next, roster=signed(roster))


@comes_to(ForeignBundleError)
def bring_another_service_of_the_same_root(world: World) -> bytes:
    return world.lie(world.next, roster=signed(make_roster(serial=2, service_id=bytes(16))))


@comes_to(RolledBackRosterError)
def go_back_to_an_older_roster(world: World) -> bytes:
    newer = make_roster(serial=1 + world.chance.randint(1, 5))
    other = Log(OTHER_CHANNEL, random_bytes=world.chance.randbytes)
    for _ in range(2):
        other.close_day(1)
    carrier = Carrier(channel=OTHER_CHANNEL)
    world.before.append(carrier.pull(other, other.days[:1], newer))
    return carrier.pull(other, other.days[1:])


@comes_to(ExpiredRosterError)
def go_on_after_the_last_day_of_the_roster(world: World) -> bytes:
    last = world.next[-1].day - ONE_DAY * world.chance.randint(1, len(world.next))
    return world.lie(world.next, roster=signed(make_roster(serial=2, expires=last)))
