"""What a reader remembers of rosters, so that no older one and no second one takes their place."""

import hashlib
from dataclasses import dataclass
from typing import Self

from crypto.errors import ForkedRosterError, RolledBackRosterError
from crypto.roster import Roster
from crypto.signed_roster import serialize_roster


@dataclass(frozen=True, slots=True)
class SeenRoster:
    """The newest roster that a reader took.

    Attributes:
        sha256: of roster.json (32 bytes).
    """

    serial: int
    sha256: bytes

    @classmethod
    def of(cls, roster: Roster) -> Self:
        """Note a roster; it can be written in one way only, so no bytes need to be at hand."""
        return cls(roster.serial, hashlib.sha256(serialize_roster(roster)).digest())


def accept_roster(seen: SeenRoster | None, roster: Roster) -> SeenRoster:
    """Hold a roster against the newest one seen, and return what to remember from now on.

    Args:
        seen: None for whoever has seen none.
        roster: its signature is checked already.

    Raises:
        RolledBackRosterError: its serial is below that of the one seen.
        ForkedRosterError: it has the same serial and is not the same roster.
    """
    new = SeenRoster.of(roster)
    if seen is None:
        return new
    if new.serial < seen.serial:
        raise RolledBackRosterError(f"roster {new.serial} is older than {seen.serial}")
    if new.serial == seen.serial and new.sha256 != seen.sha256:
        raise ForkedRosterError(f"there are two rosters {new.serial}: the root key signed both")
    return new
