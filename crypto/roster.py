"""The roster: the signed public list of who may read, and the only place where it is written.

`roster.json` is one JSON object, `roster.json.minisig` the root key's signature of kind `roster`
over its bytes. Nothing is read before the signature is checked, and the bytes must be the only way
to write what they say:

    {
      "channels": [                     1 to 64
        {
          "form": {"id": …, "sha256": …, "version": …},
          "id": "general",
          "names": {"en": …, "ru": …},
          "recipient": null,            age1pq1… of a channel where several must agree
          "retention_days": 365,
          "reviewers": ["lawyers", …],  ids, in the order in which a source sees them
          "slots": 16,                  at least the reviewers, at most 40
          "threshold": 1                how many must agree
        }
      ],
      "couriers": [{"channels": […], "id": …, "key": "RW…"}],
      "custodian": null,                or an entry like a reviewer's
      "decoys": null,                   or {"mean_per_day": …, "ranges": [
                                            {"up_to_bytes": …, "weight": …}, …]}
      "demonstration": false,
      "expires": "2027-05-25",          the last day on which it is valid
      "issued": "2026-11-23",
      "log_keys": ["RW…"],              whose signature a log's head bears
      "origins": ["http://….onion"],    where the service may be reached
      "release_key": null,              whose signature a release of the program bears
      "reviewers": [
        {"id": …, "independence": …, "key": "RW…", "name": …, "organisation": …,
         "recipient": "age1pq1…", "role": …}
      ],
      "serial": 1,                      only grows
      "service_id": "…"                 16 bytes in hex, made once
    }
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from crypto.errors import (
    ExpiredRosterError,
    ForeignRosterError,
    MalformedRosterError,
    RolledBackRosterError,
    SignatureError,
    UnsignedRosterError,
)
from crypto.minisign import SignedKind, SigningKey, VerifyKey, digest
from crypto.roster_document import (
    read_channel,
    read_courier,
    read_decoys,
    read_reviewer,
    write_channel,
    write_courier,
    write_decoys,
    write_reviewer,
)
from crypto.roster_entries import (
    Channel,
    Courier,
    DecoyRange,
    Decoys,
    FormReference,
    Reviewer,
    require_distinct,
    require_range,
)
from crypto.roster_fields import MAX_ENTRIES, Fields, to_bytes
from crypto.source_keys import SERVICE_ID_BYTES

__all__ = [
    "Channel",
    "Courier",
    "DecoyRange",
    "Decoys",
    "FormReference",
    "Reviewer",
    "Roster",
    "parse_roster",
    "serialize_roster",
    "sign_roster",
]

MAX_ROSTER_BYTES = 512 * 1024
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
        people = [person.id for person in self._people]
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
        require_distinct("recipient", [*(person.recipient for person in self._people), *shared])
        require_distinct(
            "public key",
            [
                self.root,
                *(person.key for person in self._people),
                *(courier.key for courier in self.couriers),
                *self.log_keys,
                *filter(None, [self.release_key]),
            ],
        )

    @property
    def _people(self) -> tuple[Reviewer, ...]:
        return self.reviewers + ((self.custodian,) if self.custodian else ())


def parse_roster(  # noqa: PLR0913 - what a roster is held against
    document: bytes,
    signature: bytes,
    root: VerifyKey,
    *,
    today: date,
    origin: str | None,
    seen_serial: int = 0,
) -> Roster:
    """Verify a roster and read it.

    Args:
        document: roster.json.
        signature: roster.json.minisig.
        root: the key that the reader trusts.
        today: held against the last day.
        origin: where the reader reached the service; None where there is no such thing.
        seen_serial: the highest serial that the reader knows of.

    Raises:
        UnsignedRosterError: not signed by this root key.
        MalformedRosterError: signed, and not in this format.
        ForeignRosterError: for other origins.
        RolledBackRosterError: older than one already seen.
        ExpiredRosterError: its last day has passed.
    """
    if len(document) > MAX_ROSTER_BYTES:
        raise MalformedRosterError(f"the roster has more than {MAX_ROSTER_BYTES} bytes")
    try:
        root.verify(SignedKind.ROSTER, digest(document), signature)
    except SignatureError:
        raise UnsignedRosterError("the roster bears no signature of the root key") from None
    roster = _read(document, root)
    if origin is not None and origin not in roster.origins:
        raise ForeignRosterError("the roster is for another origin")
    if roster.serial < seen_serial:
        raise RolledBackRosterError(f"roster {roster.serial} is older than {seen_serial}")
    if today > roster.expires:
        raise ExpiredRosterError(f"the roster was valid until {roster.expires}")
    return roster


def serialize_roster(roster: Roster) -> bytes:
    """Write roster.json."""
    return to_bytes(_content(roster))


def sign_roster(roster: Roster, root: SigningKey) -> tuple[bytes, bytes]:
    """Write roster.json and its signature.

    Raises:
        MalformedRosterError: the roster names another root key.
    """
    if root.verify_key != roster.root:
        raise MalformedRosterError("the roster is not for this root key")
    document = serialize_roster(roster)
    return document, root.sign(SignedKind.ROSTER, digest(document))


def _read(document: bytes, root: VerifyKey) -> Roster:
    fields = Fields.of_document(document)
    roster = Roster(
        service_id=fields.byte_string("service_id"),
        serial=fields.number("serial"),
        issued=fields.day("issued"),
        expires=fields.day("expires"),
        origins=fields.texts("origins"),
        channels=fields.each("channels", read_channel),
        reviewers=fields.each("reviewers", read_reviewer),
        root=root,
        custodian=fields.one_or_none("custodian", read_reviewer),
        couriers=fields.each("couriers", read_courier),
        release_key=fields.key_or_none("release_key"),
        log_keys=fields.keys("log_keys"),
        decoys=fields.one_or_none("decoys", read_decoys),
        demonstration=fields.flag("demonstration"),
    )
    fields.close()
    if serialize_roster(roster) != document:
        raise MalformedRosterError("the roster is not written in the one way that is read")
    return roster


def _content(roster: Roster) -> Mapping[str, object]:
    return {
        "service_id": roster.service_id.hex(),
        "serial": roster.serial,
        "issued": roster.issued.isoformat(),
        "expires": roster.expires.isoformat(),
        "origins": list(roster.origins),
        "channels": [write_channel(channel) for channel in roster.channels],
        "reviewers": [write_reviewer(reviewer) for reviewer in roster.reviewers],
        "custodian": write_reviewer(roster.custodian) if roster.custodian else None,
        "couriers": [write_courier(courier) for courier in roster.couriers],
        "release_key": roster.release_key.serialize() if roster.release_key else None,
        "log_keys": [key.serialize() for key in roster.log_keys],
        "decoys": write_decoys(roster.decoys) if roster.decoys else None,
        "demonstration": roster.demonstration,
    }
