"""The roster as it is published: signed by the root key, and refused in every other form.

`roster.json` is one JSON object, `roster.json.minisig` the root key's signature of kind `roster`
over its bytes. Nothing is read before the signature is checked, and the bytes must be the only way
to write what they say.
"""

from datetime import date

from crypto.errors import (
    ExpiredRosterError,
    ForeignRosterError,
    MalformedRosterError,
    SignatureError,
    UnsignedRosterError,
)
from crypto.minisign import SignedKind, SigningKey, VerifyKey, digest
from crypto.roster import Roster
from crypto.roster_document import read_roster, write_roster
from crypto.roster_fields import Fields, to_bytes

MAX_ROSTER_BYTES = 512 * 1024


def parse_roster(
    document: bytes,
    signature: bytes,
    root: VerifyKey,
    *,
    today: date,
    origin: str | None,
) -> Roster:
    """Verify a roster and read it.

    Whoever has seen another of this service asks `crypto.roster_memory` as well.

    Args:
        document: roster.json.
        signature: roster.json.minisig.
        root: the key that the reader trusts.
        today: held against the last day.
        origin: where the reader reached the service; None where there is no such thing.

    Raises:
        UnsignedRosterError: not signed by this root key.
        MalformedRosterError: signed, and not in this format.
        ForeignRosterError: for other origins.
        ExpiredRosterError: its last day has passed.
    """
    try:
        root.verify(SignedKind.ROSTER, digest(document), signature)
    except SignatureError:
        raise UnsignedRosterError("the roster bears no signature of the root key") from None
    roster = read_unsigned_roster(document, root)
    if origin is not None and origin not in roster.origins:
        raise ForeignRosterError("the roster is for another origin")
    if today > roster.expires:
        raise ExpiredRosterError(f"the roster was valid until {roster.expires}")
    return roster


def serialize_roster(roster: Roster) -> bytes:
    """Write roster.json."""
    return to_bytes(write_roster(roster))


def sign_roster(roster: Roster, root: SigningKey) -> tuple[bytes, bytes]:
    """Write roster.json and its signature.

    Raises:
        MalformedRosterError: the roster names another root key.
    """
    if root.verify_key != roster.root:
        raise MalformedRosterError("the roster is not for this root key")
    document = serialize_roster(roster)
    return document, root.sign(SignedKind.ROSTER, digest(document))


def read_unsigned_roster(document: bytes, root: VerifyKey) -> Roster:
    """Read a draft, which nobody has signed yet: for whoever makes rosters, and nobody else.

    Args:
        document: as `serialize_roster` writes it.
        root: the key that is to sign it.

    Raises:
        MalformedRosterError: not in this format.
    """
    if len(document) > MAX_ROSTER_BYTES:
        raise MalformedRosterError(f"the roster has more than {MAX_ROSTER_BYTES} bytes")
    fields = Fields.of_document(document)
    roster = read_roster(fields, root)
    fields.close()
    if serialize_roster(roster) != document:
        raise MalformedRosterError("the roster is not written in the one way that is read")
    return roster
