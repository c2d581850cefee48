"""The directory of a ceremony on the offline machine: the rosters of one service, old and next.

    root.age                  the root key under its passphrase
    root.pub                  its public line, the service's fingerprint, as `minisign -p` takes it
    log.key                   a copy of what the server signs its log with
    roster.json, .minisig     the newest signed roster: what is carried to the server
    roster-<serial>.json, …   each signed roster, kept: the memory against older and second ones
    draft.json                the next roster, unsigned; only while something is to be changed

A signed roster exists once roster-<serial>.json does; roster.json is written after it, and again
if that was interrupted. A directory that `candor init` made begins with roster.json alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Self

from console.errors import RosterBookError
from crypto.errors import KeyFormatError, MalformedRosterError, RosterError, UnsignedRosterError
from crypto.minisign import VerifyKey
from crypto.roster import Roster
from crypto.signed_roster import (
    MAX_ROSTER_BYTES,
    parse_roster,
    read_unsigned_roster,
    serialize_roster,
)

ROOT_FILE = "root.age"
FINGERPRINT_FILE = "root.pub"
LOG_KEY_FILE = "log.key"
ROSTER_FILE = "roster.json"
SIGNATURE_FILE = "roster.json.minisig"
DRAFT_FILE = "draft.json"
_SUFFIX = ".minisig"
_MAX_SMALL_BYTES = 4096
_HISTORY = re.compile(r"roster-([1-9][0-9]{0,15})\.json")


@dataclass(frozen=True, slots=True)
class SignedRoster:
    """A roster and the bytes that were signed."""

    roster: Roster
    document: bytes
    signature: bytes

    @classmethod
    def read(cls, path: Path, root: VerifyKey) -> Self:
        """Read one of any day, and the signature beside it.

        Raises:
            RosterError: unsigned or malformed.
            OSError: it cannot be read.
        """
        document = read_start(path, MAX_ROSTER_BYTES + 1)
        try:
            signature = read_start(path.with_name(path.name + _SUFFIX), _MAX_SMALL_BYTES)
        except FileNotFoundError:
            raise UnsignedRosterError(f"there is no {path.name}{_SUFFIX} beside it") from None
        roster = parse_roster(document, signature, root, today=date.min, origin=None)
        return cls(roster, document, signature)


@dataclass(frozen=True, slots=True)
class RosterBook:
    """What a ceremony's directory holds, verified.

    Attributes:
        history: every signed roster that is known here, by serial; at least one.
        draft: what is to be signed next; None when nothing was changed since.
        published: whether roster.json is the newest of them, and its signature too.
    """

    directory: Path
    history: tuple[SignedRoster, ...]
    draft: Roster | None
    published: bool

    @property
    def newest(self) -> Roster:
        """The roster that is in force, as far as is known here."""
        return self.history[-1].roster

    @property
    def next(self) -> Roster:
        """The draft, or one in which nothing is changed yet."""
        return self.draft or replace(self.newest, serial=self.newest.serial + 1)


def history_name(serial: int) -> str:
    """Name the file that keeps a signed roster."""
    return f"roster-{serial}.json"


def signature_name(name: str) -> str:
    """Name the file of a roster's signature."""
    return name + _SUFFIX


def fingerprint_text(root: VerifyKey) -> str:
    """Write root.pub, as minisign writes a public key."""
    return f"untrusted comment: candor\n{root.serialize()}\n"


def open_book(directory: Path) -> RosterBook:
    """Read a ceremony's directory and verify everything in it.

    Raises:
        RosterBookError: something is missing or does not fit; says what, and what to do.
    """
    root = read_fingerprint(directory)
    history = {signed.roster.serial: signed for signed in _kept(directory, root)}
    published = _published(directory, root, known=bool(history))
    if published is not None:
        serial = published.roster.serial
        if history.setdefault(serial, published).document != published.document:
            raise RosterBookError(
                f"{ROSTER_FILE} and {history_name(serial)} are two rosters of one serial: find out"
                " who used the root key, and take neither"
            )
    if not history:
        raise RosterBookError(f"there is no roster in {directory}: `candor roster new` makes one")
    ordered = tuple(history[serial] for serial in sorted(history))
    if len({signed.roster.service_id for signed in ordered}) > 1:
        raise RosterBookError(f"{directory} holds rosters of two services: keep each in its own")
    newest = ordered[-1]
    return RosterBook(directory, ordered, _draft(directory, newest.roster), published == newest)


def read_fingerprint(directory: Path) -> VerifyKey:
    """Read root.pub.

    Raises:
        RosterBookError: it is not there, or no public key.
    """
    path = directory / FINGERPRINT_FILE
    try:
        text = read_start(path, _MAX_SMALL_BYTES).decode("utf-8", "replace").strip()
        return VerifyKey.parse(text.rpartition("\n")[2])
    except FileNotFoundError:
        raise RosterBookError(
            f"there is no {FINGERPRINT_FILE} in {directory}: go to the ceremony's directory or name"
            " it with --dir, or make one with `candor roster new`"
        ) from None
    except KeyFormatError:
        raise RosterBookError(
            f"{path} is not the service's fingerprint: its last line should be RW…"
        ) from None


def read_start(path: Path, size: int) -> bytes:
    """Read a file, or as much of it as anything good would have."""
    with path.open("rb") as file:
        return file.read(size)


def _kept(directory: Path, root: VerifyKey) -> Iterator[SignedRoster]:
    for path in directory.iterdir():
        match = _HISTORY.fullmatch(path.name)
        if match is None:
            continue
        try:
            signed = SignedRoster.read(path, root)
        except RosterError as error:
            raise RosterBookError(
                f"{path} is refused: {error}; put a good copy in its place"
            ) from None
        if signed.roster.serial != int(match[1]):
            raise RosterBookError(
                f"{path} is roster {signed.roster.serial}: give it that name, or take it away"
            )
        yield signed


def _published(directory: Path, root: VerifyKey, *, known: bool) -> SignedRoster | None:
    """Read roster.json; not whole after a cut, it counts only where nothing else is there."""
    path = directory / ROSTER_FILE
    try:
        return SignedRoster.read(path, root)
    except FileNotFoundError:
        return None
    except RosterError as error:
        if known:
            return None
        raise RosterBookError(f"{path} is refused: {error}; put a good copy in its place") from None


def _draft(directory: Path, newest: Roster) -> Roster | None:
    path = directory / DRAFT_FILE
    try:
        draft = read_unsigned_roster(read_start(path, MAX_ROSTER_BYTES + 1), newest.root)
    except FileNotFoundError:
        return None
    except MalformedRosterError as error:
        raise RosterBookError(
            f"{path} cannot be read: {error}; remove it and make the changes again"
        ) from None
    if same_content(draft, newest):
        return None
    if draft.serial != newest.serial + 1:
        raise RosterBookError(
            f"{path} does not follow roster {newest.serial}: remove it and make the changes again"
        )
    return draft


def same_content(roster: Roster, other: Roster) -> bool:
    """Tell whether two rosters differ in serial and days at most."""
    roster = replace(roster, serial=other.serial, issued=other.issued, expires=other.expires)
    return serialize_roster(roster) == serialize_roster(other)
