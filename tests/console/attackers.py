"""Who may tamper with what couriers bring, and how: each attack with what must come of it.

An attacker is somebody on the way without any key, a courier with its own, or a server with the
key of its log. Each attack makes one bundle for a desk that has taken sound ones before.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from console.errors import (
    DamagedBundleError,
    ForeignBundleError,
    ForgedBundleError,
    ForkedBundleError,
    MissingBundleError,
    ReplayedBundleError,
    RolledBackBundleError,
    UnlistedFormError,
)
from crypto.checkpoint import end_of_day, witness_name
from crypto.errors import (
    ExpiredRosterError,
    ForkedRosterError,
    RolledBackRosterError,
    UnsignedRosterError,
)
from crypto.inbound import InboundInfo
from crypto.log_day import LogDay
from crypto.log_watch import Cause
from crypto.merkle import EMPTY_TREE, Tree
from crypto.minisign import SigningKey
from crypto.roster import Courier
from tests.support.carried import (
    BOAT,
    CHANNEL,
    COURIERS,
    FORM_BYTES,
    FORM_NAME,
    LOG_KEY,
    OTHER_CHANNEL,
    SERVICE_ID,
    TODAY,
    VAN,
    Carrier,
    Log,
    make_day,
    make_roster,
    pack,
    pack_unchecked,
    signed,
)

ONE_DAY = timedelta(days=1)
Outcome = type[Exception] | Cause


@dataclass
class World:
    """A log, the bundles that were taken of it, and the days that the next one is to bring.

    Attributes:
        seen: days that the desk knows.
        next: days that it does not know.
        before: bundles to take first.
        van: the courier who brought them, ready for the next.
    """

    chance: random.Random
    log: Log
    seen: list[LogDay]
    next: list[LogDay]
    before: list[bytes] = field(default_factory=list)
    van: Carrier = field(default_factory=Carrier)

    @classmethod
    def make(cls, chance: random.Random) -> "World":
        log = Log(random_bytes=chance.randbytes)
        days = chance.randint(4, 6)
        for number in range(days):
            log.close_day(chance.randint(1, 3), day=TODAY - ONE_DAY * (days - number))
        cut = chance.randint(2, days - 2)
        world = cls(chance, log, log.days[:cut], log.days[cut:])
        part = chance.randint(1, cut - 1)
        for days_of in (log.days[:part], log.days[part:cut]):
            world.before.append(world.van.pull(log, days_of))
        return world

    def honest(self) -> bytes:
        """Pack the next bundle as it should be."""
        return replace(self.van).pull(self.log, self.next)

    def lie(self, days: Sequence[LogDay], **options: Any) -> bytes:
        """Pack the next bundle of other days, with the envelopes that there are of them."""
        leaves = [leaf for day in days for leaf in day.leaves if leaf in self.log.envelopes]
        envelopes = {leaf: self.log.envelopes[leaf] for leaf in leaves}
        return pack(self.info, envelopes, days, **options)[0]

    @property
    def info(self) -> InboundInfo:
        return InboundInfo(VAN, CHANNEL, self.van.serial + 1, self.van.previous)

    def envelopes(self) -> dict[bytes, bytes]:
        return {leaf: self.log.envelopes[leaf] for day in self.next for leaf in day.leaves}

    def some_next(self) -> int:
        return self.chance.randrange(len(self.next))

    def new_leaves(self, count: int = 1) -> list[bytes]:
        return [self.chance.randbytes(32) for _ in range(count)]


@dataclass(frozen=True)
class Attack:
    """One way to tamper, and what it may come to."""

    make: Callable[[World], bytes]
    outcomes: frozenset[Outcome]

    @property
    def name(self) -> str:
        return self.make.__name__


ATTACKS: list[Attack] = []


def comes_to(*outcomes: Outcome) -> Callable[[Callable[[World], bytes]], Callable[[World], bytes]]:
    def register(make: Callable[[World], bytes]) -> Callable[[World], bytes]:
        ATTACKS.append(Attack(make, frozenset(outcomes)))
        return make

    return register


# --- somebody on the way, without a key

ANY_DAMAGE = (DamagedBundleError, ForgedBundleError, ForeignBundleError, UnsignedRosterError)


@comes_to(*ANY_DAMAGE)
def flip_a_bit(world: World) -> bytes:
    data = bytearray(world.honest())
    data[world.chance.randrange(len(data))] ^= 1 << world.chance.randrange(8)
    return bytes(data)


@comes_to(*ANY_DAMAGE)
def overwrite_a_stretch(world: World) -> bytes:
    data = bytearray(world.honest())
    at = world.chance.randrange(len(data))
    stretch = world.chance.randbytes(min(world.chance.randint(4, 600), len(data) - at))
    data[at : at + len(stretch)] = stretch
    if bytes(data) == world.honest():
        data[at] ^= 1
    return bytes(data)


@comes_to(*ANY_DAMAGE)
def exchange_two_stretches(world: World) -> bytes:
    data = world.honest()
    size = world.chance.randint(40, 200)
    low = world.chance.randrange(len(data) // 2 - size)
    high = world.chance.randrange(len(data) // 2, len(data) - size)
    first, second = data[low : low + size], data[high : high + size]
    changed = data[:low] + second + data[low + size : high] + first + data[high + size :]
    return changed if changed != data else flip_a_bit(world)


@comes_to(DamagedBundleError)
def cut_short(world: World) -> bytes:
    data = world.honest()
    return data[: world.chance.randrange(len(data))]


@comes_to(DamagedBundleError)
def add_bytes(world: World) -> bytes:
    data, more = world.honest(), world.chance.randbytes(world.chance.randint(1, 99))
    return data + more if world.chance.random() < 0.5 else more + data


@comes_to(ReplayedBundleError)
def bring_again(world: World) -> bytes:
    return world.chance.choice(world.before)


@comes_to(MissingBundleError)
def leave_one_out(world: World) -> bytes:
    carrier = replace(world.van)
    carrier.pull(world.log, world.next[:1])
    return carrier.pull(world.log, world.next[1:])


@comes_to(UnsignedRosterError)
def bring_one_of_another_service(world: World) -> bytes:
    return world.lie(world.next, roster=signed(make_roster(service_id=bytes(16)), stranger(world)))


@comes_to(ForgedBundleError)
def sign_without_the_key(world: World) -> bytes:
    return world.lie(world.next, signing=stranger(world))


@comes_to(UnsignedRosterError)
def bring_a_roster_of_ones_own(world: World) -> bytes:
    key = stranger(world)
    couriers = (Courier(VAN, (CHANNEL,), key.verify_key),)
    roster = signed(make_roster(serial=2, couriers=couriers), stranger(world))
    return world.lie(world.next, roster=roster, signing=key)


def stranger(world: World) -> SigningKey:
    return SigningKey(world.chance.randbytes(32))


# --- a courier, with its own key


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


def hash_of(data: bytes) -> bytes:
    return sha256(data).digest()


# --- a server, with the key of its log; its couriers carry what they are given


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


# --- whoever has had the root key in hand, or an old roster


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
