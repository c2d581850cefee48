"""Attacks by somebody on the way, without any key."""

from dataclasses import replace

from console.errors import (
    DamagedBundleError,
    ForeignBundleError,
    ForgedBundleError,
    MissingBundleError,
    ReplayedBundleError,
)
from crypto.errors import (
    UnsignedRosterError,
)
from crypto.roster import Courier
from tests.console.attack_world import World, comes_to, stranger
from tests.support.carried import (
    CHANNEL,
    VAN,
    make_roster,
    signed,
)

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
