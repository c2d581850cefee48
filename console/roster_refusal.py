"""A roster from anywhere, held against the fingerprint and what was seen before, and the verdict.

What was seen is the history of a ceremony's directory, or a file of one line:

    serial || " " || SHA-256 of roster.json in hex || LF
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from console.errors import RefusedRosterError, RosterBookError
from console.roster_book import SignedRoster, read_start
from crypto.errors import (
    ExpiredRosterError,
    ForeignRosterError,
    ForkedRosterError,
    MalformedRosterError,
    RolledBackRosterError,
    RosterError,
    UnsignedRosterError,
)
from crypto.minisign import VerifyKey
from crypto.roster import Roster
from crypto.roster_memory import SeenRoster, accept_roster
from crypto.signed_roster import parse_roster
from disk.files import replaced_file_at

_MAX_SEEN_BYTES = 128
_SEEN = re.compile(r"([1-9][0-9]{0,15}) ([0-9a-f]{64})\n")
_REFUSALS: Mapping[type[RosterError], tuple[str, str]] = {
    UnsignedRosterError: (
        "unsigned",
        "take the fingerprint from where it was published: if it is the same, this is a forgery",
    ),
    MalformedRosterError: (
        "malformed",
        "it is signed and breaks a rule of rosters: tell whoever keeps the root key",
    ),
    ForeignRosterError: (
        "foreign origin",
        "take the service's address from where it was published: this is another one",
    ),
    RolledBackRosterError: (
        "rolled back",
        "somebody hands out an old roster: tell whoever keeps the root key",
    ),
    ForkedRosterError: (
        "forked",
        "take neither, and tell whoever keeps the root key",
    ),
    ExpiredRosterError: (
        "expired",
        "ask for the next one, and check this machine's clock",
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A roster that holds, and what to remember of it."""

    signed: SignedRoster
    seen: SeenRoster

    @property
    def roster(self) -> Roster:
        """The roster that holds."""
        return self.signed.roster


def judge(
    path: Path, root: VerifyKey, *, today: date, origin: str | None, seen: SeenRoster | None
) -> Verdict:
    """Verify a roster's file and the signature beside it.

    Args:
        path: roster.json; its signature lies beside it.
        root: the service's fingerprint.
        today: held against the last day.
        origin: where the roster was fetched from; None where it came another way.
        seen: the newest one that was taken before.

    Raises:
        RefusedRosterError: says which refusal it is, why, and what to do.
        OSError: it cannot be read.
    """
    try:
        signed = SignedRoster.read(path, root)
        # an old one may well have expired since: that it is old says more
        remembered = accept_roster(seen, signed.roster)
        parse_roster(signed.document, signed.signature, root, today=today, origin=origin)
    except RosterError as error:
        word, advice = _REFUSALS[type(error)]
        raise RefusedRosterError(f"{path}: {word}: {error}; {advice}") from None
    return Verdict(signed, remembered)


def read_seen(path: Path) -> SeenRoster | None:
    """Read what was seen before; None when the file is not there yet.

    Raises:
        RosterBookError: the file is something else.
    """
    try:
        match = _SEEN.fullmatch(read_start(path, _MAX_SEEN_BYTES).decode("ascii", "replace"))
    except FileNotFoundError:
        return None
    if match is None:
        raise RosterBookError(f"{path} does not hold what was seen of rosters: name another file")
    return SeenRoster(int(match[1]), bytes.fromhex(match[2]))


def write_seen(path: Path, seen: SeenRoster) -> None:
    """Remember the newest roster."""
    with replaced_file_at(path) as file:
        file.write(f"{seen.serial} {seen.sha256.hex()}\n".encode("ascii"))
