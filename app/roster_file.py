"""The roster as it lies beside a service, verified each time it is read."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from crypto.minisign import VerifyKey
from crypto.roster import Roster
from crypto.signed_roster import parse_roster


@dataclass(frozen=True, slots=True)
class RosterFile:
    """A verified roster, and the bytes that everybody may verify for themselves."""

    roster: Roster
    document: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def read_roster_file(path: Path, root_key: str, today: date) -> RosterFile:
    """Read a roster and the signature beside it, under the pinned root key.

    Args:
        path: roster.json; roster.json.minisig lies beside it.
        root_key: the line `RW…`.
        today: held against the last day; `date.min` takes an expired one, too.

    Raises:
        OSError: one of the two cannot be read.
        KeyFormatError: the pinned key is not a minisign public key.
        RosterError: not the root key's, expired or malformed.
    """
    document = path.read_bytes()
    signature = path.with_name(f"{path.name}.minisig").read_bytes()
    root = VerifyKey.parse(root_key)
    roster = parse_roster(document, signature, root, today=today, origin=None)
    return RosterFile(roster, document, signature)
