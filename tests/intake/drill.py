"""The drill: a server that comes back from a backup of a week ago, and what a courier has."""

import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from crypto.checkpoint import Head, end_of_day, witness_name
from crypto.log_day import LogDay, serialize_day
from crypto.minisign import SigningKey
from crypto.sinks import Sink
from intake.course import Course
from intake.restore import Restored
from intake.service import Intake
from tests.intake.logs import day_of, handed_out, require_consistent
from tests.intake.support import (
    DOOR,
    FIRST_DAY,
    LOG_KEY,
    SIGNER,
    Calendar,
    make_envelope,
    opened,
    read_all,
)

COURIER = SigningKey(bytes([7]) * 32)
NAME = witness_name(SIGNER.service_id, "carrier")
WITNESSES = {NAME: COURIER.verify_key}
BACKUP_DAY, LAST_DAY = FIRST_DAY + timedelta(days=2), FIRST_DAY + timedelta(days=9)
ORIGIN = SIGNER.origin("main")


@dataclass
class World:
    """A service, the backup of it, and what a courier carried away.

    Attributes:
        days: as the courier witnessed them.
        carried: envelopes of closed days, by their hashes.
        open: those of the day on which the disk died: gone for good.
    """

    live: Path
    backup: Path
    calendar: Calendar
    days: list[LogDay] = field(default_factory=list)
    carried: dict[bytes, bytes] = field(default_factory=dict)

    def live_on(self, intake: Intake, count: int = 2) -> None:
        """Let a day with some envelopes go by, its batch, and the courier's visit."""
        sent = [make_envelope() for _ in range(count)]
        hashes = [intake.receive(DOOR, [envelope]) for envelope in sent]
        self.calendar.turn()
        intake.run_batch(SIGNER)
        day = witnessed(day_of(intake, self.calendar.day - timedelta(days=1)))
        intake.cosign("main", day.day, day.head.signatures[-1], name=NAME, key=COURIER.verify_key)
        self.days.append(day)
        self.carried |= dict(zip(hashes, sent, strict=True))

    @property
    def sources(self):
        return {digest: writer(envelope) for digest, envelope in self.carried.items()}

    def course(self, days: list[LogDay] | None = None) -> Course:
        return check(self.days if days is None else days)

    def restore(self, intake: Intake, days: list[LogDay] | None = None, **changes) -> Restored:
        options = {"witnesses": WITNESSES, "retention_days": 30} | changes
        return intake.restore_log("main", self.course(days), self.sources, **options)


def witnessed(day: LogDay) -> LogDay:
    made = day.head.cosign(NAME, COURIER, end_of_day(day.day))
    return day.with_head(day.head.with_cosignature(made))


def check(days: list[LogDay], **changes) -> Course:
    options = {"log_keys": [LOG_KEY.verify_key], "witnesses": WITNESSES} | changes
    return Course.check(days, ORIGIN, **options)


def writer(envelope: bytes):
    def write(to: Sink) -> None:
        for start in range(0, len(envelope), 10_000):
            to.write(envelope[start : start + 10_000])

    return write


def require_whole(world: World, intake: Intake) -> None:
    """See that the log is what the courier has, and that every envelope of it is here."""
    require_consistent(intake)
    for day in world.days:
        here = day_of(intake, day.day)
        assert (here.before, here.leaves, here.head.body) == (
            day.before,
            day.leaves,
            day.head.body,
        )
        assert here.head.witnesses(WITNESSES) == {NAME: end_of_day(day.day)}
    days = {leaf: day.day for day in world.days for leaf in day.leaves}
    assert handed_out(intake).items() >= days.items()
    for digest in days:
        assert read_all(intake, digest) == world.carried[digest]


def without_witness(day: LogDay) -> bytes:
    head = Head(day.head.origin, day.head.size, day.head.root, day.head.signatures[:1])
    return serialize_day(day.with_head(head))


def make_world(place: Path) -> World:
    """Ten days; after two of them a backup is made, in the middle of the third."""
    world = World(place / "live", place / "backup", Calendar())
    with opened(world.live, world.calendar) as intake:
        while world.calendar.day < BACKUP_DAY:
            world.live_on(intake)
        early = make_envelope()
        early_hash = intake.receive(DOOR, [early])
        intake._store.database.empty_log()
        shutil.copytree(world.live, world.backup)
        world.carried[early_hash] = early
        while world.calendar.day < LAST_DAY:
            world.live_on(intake)
    return world


def copy_world(made: World, place: Path) -> World:
    """Give a test a server and a backup of its own."""
    live = shutil.copytree(made.live, place / "live")
    backup = shutil.copytree(made.backup, place / "backup")
    return World(live, backup, Calendar(LAST_DAY), list(made.days), dict(made.carried))
