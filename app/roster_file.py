"""The roster as it lies beside a service, verified each time it is read."""

from datetime import date
from pathlib import Path

from crypto.minisign import VerifyKey
from crypto.roster import Roster
from crypto.signed_roster import parse_roster


def read_roster_file(path: Path, root_key: str, today: date) -> Roster:
    """Read a roster and the signature beside it, under the pinned root key.

    Raises:
        OSError: one of the two cannot be read.
        KeyFormatError: the pinned key is not a minisign public key.
        RosterError: not the root key's, expired or malformed.
    """
    signature = path.with_name(f"{path.name}.minisig")
    root = VerifyKey.parse(root_key)
    return parse_roster(path.read_bytes(), signature.read_bytes(), root, today=today, origin=None)
