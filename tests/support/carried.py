"""A service's log and its couriers, for the tests of what they carry.

Envelopes are a few random bytes: nothing between the service and the reviewers looks inside.
"""

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

from crypto.bag_writer import BagWriter
from crypto.checkpoint import Head, end_of_day, log_origin, witness_name
from crypto.inbound import (
    InboundInfo,
    RosterDocument,
    envelope_path,
    form_path,
    serialize_days,
    serialize_inbound_info,
    write_inbound,
)
from crypto.keys import Identity
from crypto.log_day import LogDay
from crypto.merkle import EMPTY_TREE, Tree
from crypto.minisign import SigningKey
from crypto.roster import Channel, Courier, FormReference, Reviewer, Roster
from crypto.signed_roster import sign_roster
from forms.loader import load_form

TODAY = datetime.now(UTC).date()  # commands ask the clock
CHANNEL, OTHER_CHANNEL = "general", "other"
VAN, BOAT = "van", "boat"
ROOT, LOG_KEY = SigningKey(bytes([1]) * 32), SigningKey(bytes([2]) * 32)
COURIERS = {VAN: SigningKey(bytes([3]) * 32), BOAT: SigningKey(bytes([4]) * 32)}
SERVICE_ID = bytes(range(16))
FORM_BYTES = resources.files("forms").joinpath("default.toml").read_bytes()
FORM = load_form(FORM_BYTES)
FORM_NAME = f"{FORM.id}-{FORM.version}.toml"
_IDENTITY = Identity(bytes([5]) * 32)


OTHER_FORM = FORM_BYTES.replace(b"version = 1", b"version = 2", 1).replace(
    b'label = "', b'label = "Other: '
)


def channels_with(form: bytes) -> tuple[Channel, ...]:
    """Make two channels with a form."""
    loaded = load_form(form)
    return tuple(
        Channel(
            id=channel,
            names={"en": channel},
            form=FormReference(loaded.id, loaded.version, loaded.sha256),
            reviewers=("press",),
            slots=1,
            retention_days=30,
        )
        for channel in (CHANNEL, OTHER_CHANNEL)
    )


def make_roster(**changes: Any) -> Roster:
    """Two channels, two couriers; what a test wants otherwise is changed."""
    key = SigningKey(bytes([6]) * 32).verify_key
    press = Reviewer("press", "Press", "reads", "", "", _IDENTITY.recipient, key)
    made = Roster(
        service_id=SERVICE_ID,
        serial=1,
        issued=TODAY - timedelta(days=100),
        expires=TODAY + timedelta(days=83),
        origins=("http://127.0.0.1",),
        channels=channels_with(FORM_BYTES),
        reviewers=(press,),
        root=ROOT.verify_key,
        couriers=tuple(
            Courier(courier, (CHANNEL, OTHER_CHANNEL), key.verify_key)
            for courier, key in COURIERS.items()
        ),
        log_keys=(LOG_KEY.verify_key,),
    )
    return replace(made, **changes)


def signed(roster: Roster, root: SigningKey = ROOT) -> RosterDocument:
    return RosterDocument(*sign_roster(replace(roster, root=root.verify_key), root))


ROSTER = signed(make_roster())


def make_day(
    day: date,
    before: Tree,
    leaves: Iterable[bytes],
    *,
    channel: str = CHANNEL,
    key: SigningKey = LOG_KEY,
    witnesses: Sequence[str] = (VAN,),
) -> LogDay:
    leaves = tuple(leaves)
    after = before.grow(leaves)
    head = Head(log_origin(SERVICE_ID, channel), after.size, after.root).sign(key)
    for courier in witnesses:
        name = witness_name(SERVICE_ID, courier)
        head = head.with_cosignature(head.cosign(name, COURIERS[courier], end_of_day(day)))
    return LogDay(day, before, leaves, head)


@dataclass
class Log:
    """One channel's log at the service, and its envelopes by their hashes."""

    channel: str = CHANNEL
    days: list[LogDay] = field(default_factory=list)
    envelopes: dict[bytes, bytes] = field(default_factory=dict)
    random_bytes: Callable[[int], bytes] = os.urandom

    def close_day(self, count: int = 2, day: date | None = None, **options: Any) -> LogDay:
        """Let envelopes arrive, and log them as those of the day after the last, or of `day`."""
        return self.put(*[self.random_bytes(200) for _ in range(count)], day=day, **options)

    def put(self, *arriving: bytes, day: date | None = None, **options: Any) -> LogDay:
        """Log these envelopes as those of a day."""
        if day is None:
            day = self.days[-1].day + timedelta(days=1) if self.days else TODAY - timedelta(days=5)
        arrived = {hashlib.sha256(data).digest(): data for data in arriving}
        self.envelopes |= arrived
        before = self.days[-1].after if self.days else EMPTY_TREE
        self.days.append(make_day(day, before, arrived, channel=self.channel, **options))
        return self.days[-1]


@dataclass
class Carrier:
    """A courier who has fetched so far."""

    courier: str = VAN
    channel: str = CHANNEL
    serial: int = 0
    previous: bytes = bytes(32)

    def pull(
        self,
        log: Log,
        days: Sequence[LogDay],
        roster: Roster | None = None,
        *,
        root: SigningKey = ROOT,
        **options: Any,
    ) -> bytes:
        """Pack days with all their envelopes into the next bundle."""
        info = InboundInfo(self.courier, self.channel, self.serial + 1, self.previous)
        envelopes = {leaf: log.envelopes[leaf] for day in days for leaf in day.leaves}
        ordinary = roster is None and root == ROOT
        document = ROSTER if ordinary else signed(roster or make_roster(), root)
        data, self.previous = pack(info, envelopes, days, roster=document, **options)
        self.serial += 1
        return data


def pack(
    info: InboundInfo,
    envelopes: Mapping[bytes, bytes],
    days: Sequence[LogDay],
    *,
    forms: Mapping[str, bytes] | None = None,
    roster: RosterDocument | None = None,
    signing: SigningKey | None = None,
) -> tuple[bytes, bytes]:
    """Write a bundle; return it and its hash."""
    sink = io.BytesIO()
    made = write_inbound(
        sink,
        info,
        ((found, io.BytesIO(envelopes[found])) for found in sorted(envelopes)),
        days=days,
        forms={FORM_NAME: FORM_BYTES} if forms is None else forms,
        roster=roster or ROSTER,
        signing=signing or COURIERS[info.courier],
    )
    return sink.getvalue(), made


def pack_unchecked(
    info: InboundInfo, envelopes: Mapping[bytes, bytes], days: Sequence[LogDay]
) -> bytes:
    """Write a bundle as a courier would who puts in what is in no log."""
    sink, roster = io.BytesIO(), ROSTER
    bag = BagWriter(sink, "bundle")
    for found in sorted(envelopes):
        bag.add(envelope_path(found), envelopes[found])
    bag.add(form_path(FORM_NAME), FORM_BYTES)
    bag.add("data/log.json", serialize_days(days))
    bag.add("data/roster.json", roster.document)
    bag.add("data/roster.json.minisig", roster.signature)
    bag.finish(
        lambda count: serialize_inbound_info(info, days, count),
        "bundle",
        COURIERS[info.courier],
        filled_bytes=None,
    )
    return sink.getvalue()
