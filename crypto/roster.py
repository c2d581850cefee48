"""The roster: the public list of who may read, whole and consistent in itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from crypto.errors import MalformedRosterError
from crypto.minisign import VerifyKey
from crypto.roster_entries import (
    Channel,
    Courier,
    DecoyRange,
    Decoys,
    FormerKey,
    FormReference,
    Reviewer,
    require_distinct,
    require_range,
)
from crypto.roster_fields import MAX_ENTRIES
from crypto.source_keys import SERVICE_ID_BYTES

__all__ = [
    "Channel",
    "Courier",
    "DecoyRange",
    "Decoys",
    "FormReference",
    "FormerKey",
    "Reviewer",
    "Roster",
]

DEFAULT_LIFETIME = timedelta(days=183)
MAX_LIFETIME = timedelta(days=731)
MAX_ORIGINS = 8
MAX_SERIAL = (1 << 53) - 1  # what JavaScript counts exactly
_ORIGIN = re.compile(r"https?://(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:]{2,39}\])(?::[1-9]\d{0,4})?")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class Roster:
    """A whole roster; one that came from `parse_roster` is the root key's, and valid today.

    Attributes:
        demonstration: made to try the service out; then every origin is this very machine.
        root: the key that signed it; its line `RW…` is the service's fingerprint.
    """

    service_id: bytes
    serial: int
    issued: date
    expires: date
    origins: tuple[str, ...]
    channels: tuple[Channel, ...]
    reviewers: tuple[Reviewer, ...]
    root: VerifyKey
    custodian: Reviewer | None = None
    couriers: tuple[Courier, ...] = ()
    release_key: VerifyKey | None = None
    log_keys: tuple[VerifyKey, ...] = ()
    decoys: Decoys | None = None
    demonstration: bool = False

    def __post_init__(self) -> None:
        require_range("serial", self.serial, 1, MAX_SERIAL)
        require_range("number of channels", len(self.channels), 1, MAX_ENTRIES)
        require_range("number of reviewers", len(self.reviewers), 1, MAX_ENTRIES)
        if len(self.service_id) != SERVICE_ID_BYTES:
            raise MalformedRosterError("the service id has another length")
        if not timedelta() <= self.expires - self.issued <= MAX_LIFETIME:
            raise MalformedRosterError("the roster's last day is before its first, or far away")
        self._require_origins()
        self._require_ids()
        self._require_keys()

    def channel(self, channel_id: str) -> Channel:
        """Return a channel.

        Raises:
            KeyError: the roster has none with this id.
        """
        return {channel.id: channel for channel in self.channels}[channel_id]

    def reviewers_of(self, channel: Channel) -> tuple[Reviewer, ...]:
        """Return who may read a channel, in the order in which a source sees them."""
        by_id = {reviewer.id: reviewer for reviewer in self.reviewers}
        return tuple(by_id[reviewer_id] for reviewer_id in channel.reviewers)

    def signers(self, today: date) -> Mapping[VerifyKey, Reviewer]:
        """Return every key whose signature counts as a reviewer's today, and whose it is.

        Beside the reviewers' own these are keys that a rotation replaced, until their day.
        """
        return {key: reviewer for reviewer in self.reviewers for key in reviewer.keys_on(today)}

    def senders(self, today: date) -> Mapping[VerifyKey, Reviewer]:
        """Return every key with which a bundle may be handed in today, and whose it is.

        These are the reviewers' and the custodian's.
        """
        return {key: person for person in self.people for key in person.keys_on(today)}

    @property
    def people(self) -> tuple[Reviewer, ...]:
        """Everybody whom something is sealed to by name: the reviewers, then the custodian."""
        return self.reviewers + ((self.custodian,) if self.custodian else ())

    def _require_origins(self) -> None:
        require_range("number of origins", len(self.origins), 1, MAX_ORIGINS)
        require_distinct("origin", self.origins)
        for origin in self.origins:
            match = _ORIGIN.fullmatch(origin)
            if match is None:
                raise MalformedRosterError("an origin is not scheme://host or scheme://host:port")
            if self.demonstration and match["host"] not in _LOOPBACK:
                raise MalformedRosterError("a demonstration is for this machine only")

    def _require_ids(self) -> None:
        """Hold every id unique and every reference pointing somewhere."""
        people = [person.id for person in self.people]
        channels = [channel.id for channel in self.channels]
        require_distinct("reviewer's id", people)
        require_distinct("channel's id", channels)
        require_distinct("courier's id", [courier.id for courier in self.couriers])
        reviewers = {reviewer.id for reviewer in self.reviewers}
        if not all(reviewers.issuperset(channel.reviewers) for channel in self.channels):
            raise MalformedRosterError("a channel names somebody who is no reviewer")
        if not all(set(channels).issuperset(courier.channels) for courier in self.couriers):
            raise MalformedRosterError("a courier names a channel that there is not")

    def _require_keys(self) -> None:
        """Refuse a key with two holders.

        Whoever a source keeps out must not hold a key that the source left in, and nobody but the
        custodian holds the custodian's.
        """
        shared = [channel.recipient for channel in self.channels if channel.recipient is not None]
        require_distinct("recipient", [*(person.recipient for person in self.people), *shared])
        require_distinct(
            "public key",
            [
                self.root,
                *(key for person in self.people for key in person.all_keys),
                *(courier.key for courier in self.couriers),
                *self.log_keys,
                *filter(None, [self.release_key]),
            ],
        )
