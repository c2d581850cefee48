"""What the intake takes and gives: small frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType

from intake.bounds import MAX_ENVELOPE_BYTES

EnvelopeHash = NewType("EnvelopeHash", bytes)
"""SHA-256 over one whole envelope, header and payload."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where an envelope may come in, as the roster says it.

    Attributes:
        channel: the channel's id.
        slots: numbers of stanzas that are taken: the roster's, and an older one's in the overlap.
        max_bytes: the longest envelope that is taken.
    """

    channel: str
    slots: frozenset[int]
    max_bytes: int = MAX_ENVELOPE_BYTES


@dataclass(frozen=True, slots=True)
class StoredEnvelope:
    """An envelope that rests here, as far as a server can know it."""

    hash: EnvelopeHash
    channel: str
    day: date
    bytes: int


@dataclass(frozen=True, slots=True)
class WaitingReply:
    """A reply that waits in a mailbox."""

    hash: EnvelopeHash
    day: date
    bytes: int


class Delivery(StrEnum):
    """What became of a reply that was carried in."""

    ACCEPTED = "accepted"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class Batched:
    """What one daily batch closed."""

    envelopes: int
    replies: int


@dataclass(frozen=True, slots=True)
class Purged:
    """What one purge removed.

    Attributes:
        without_rule: envelopes kept because no retention was given for their channel.
    """

    envelopes: int
    replies: int
    delivered: int
    without_rule: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found; counts only, since names mean nothing to anybody.

    Attributes:
        removed: files that no row named.
        missing: segments that a row names and the disk does not have.
    """

    removed: int
    missing: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many envelopes, and how many bytes they take."""

    envelopes: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Status:
    """What the operator may see: what a seized disk would show, and nothing else."""

    arrived: Mapping[tuple[str, date], Tally]
    open_days: frozenset[date]
    replies: Tally
    delivered: int
    free_bytes: int
