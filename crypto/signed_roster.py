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
    RolledBackRosterError,
    SignatureError,
    UnsignedRosterError,
)
from crypto.minisign import SignedKind, SigningKey, VerifyKey, digest
from crypto.roster import Roster
from crypto.roster_document import (
    read_roster,
    write_roster,
)
from crypto.roster_fields import Fields, to_bytes

MAX_ROSTER_BYTES = 512 * 1024


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


def _read(document: bytes, root: VerifyKey) -> Roster:
    fields = Fields.of_document(document)
    roster = read_roster(fields, root)
    fields.close()
    if serialize_roster(roster) != document:
        raise MalformedRosterError("the roster is not written in the one way that is read")
    return roster
