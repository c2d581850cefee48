"""What an attacker has in hand, and what must come of each attack."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from crypto.inbound import InboundInfo
from crypto.log_day import LogDay
from crypto.log_watch import Cause
from crypto.minisign import SigningKey
from tests.support.carried import (
    CHANNEL,
    TODAY,
    VAN,
    Carrier,
    Log,
    pack,
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


def stranger(world: World) -> SigningKey:
    return SigningKey(world.chance.randbytes(32))


def hash_of(data: bytes) -> bytes:
    return sha256(data).digest()
