"""Stanzas: one recipient's wrapped copy of the file key, each.

    -> argument *(SP argument) LF
    body in base64, 64 columns a line, ending with a shorter line (perhaps an empty one)

A stanza of a known type is checked in full before any key touches it, whoever it is for: a
malformed one rejects the file. An unknown type is somebody else's affair and passes.

Source: c2sp.org/age, "Recipient stanza" and "Native recipient types".
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from crypto import sodium
from crypto.errors import MalformedEnvelopeError

FILE_KEY_BYTES = 16
WRAPPED_BYTES = FILE_KEY_BYTES + sodium.TAG_BYTES
HYBRID_ENC_BYTES = 1088 + 32
X25519_BYTES = 32
SCRYPT_SALT_BYTES = 16

_COLUMNS = 64
_WORK_FACTOR = re.compile(rb"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Stanza:
    """A stanza of any type, as it stands in the header: arguments, the first is the type."""

    arguments: tuple[bytes, ...]
    body: bytes

    def serialize(self) -> bytes:
        """Return its lines, each with its LF."""
        text = encode_base64(self.body)
        lines = [text[at : at + _COLUMNS] for at in range(0, len(text) + 1, _COLUMNS)]
        return b"\n".join([b"-> " + b" ".join(self.arguments), *lines, b""])


@dataclass(frozen=True, slots=True)
class HybridStanza:
    """`mlkem768x25519`: enc = ML-KEM-768 ciphertext (1,088) || X25519 share (32)."""

    enc: bytes
    wrapped: bytes

    def stanza(self) -> Stanza:
        """Return it as it stands in a header."""
        return Stanza((b"mlkem768x25519", encode_base64(self.enc)), self.wrapped)


@dataclass(frozen=True, slots=True)
class X25519Stanza:
    """`X25519`: what came before the hybrid; read, never written."""

    share: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class ScryptStanza:
    """`scrypt`: the file key under a passphrase."""

    salt: bytes
    work_factor: int
    wrapped: bytes

    def stanza(self) -> Stanza:
        """Return it as it stands in a header."""
        factor = str(self.work_factor).encode()
        return Stanza((b"scrypt", encode_base64(self.salt), factor), self.wrapped)


KnownStanza: TypeAlias = HybridStanza | X25519Stanza | ScryptStanza


def recognise_all(stanzas: Sequence[Stanza]) -> tuple[KnownStanza, ...]:
    """Return the stanzas of known types, in order, each of them well formed.

    Raises:
        MalformedEnvelopeError: one of a known type is malformed, or a passphrase is not alone:
            whoever knows the passphrase must be the only one who can have made the file.
    """
    known = tuple(
        _RECOGNISERS[stanza.arguments[0]](stanza)
        for stanza in stanzas
        if stanza.arguments[0] in _RECOGNISERS
    )
    if len(stanzas) > 1 and any(isinstance(stanza, ScryptStanza) for stanza in known):
        raise MalformedEnvelopeError("a passphrase stanza is not alone")
    return known


def _recognise_hybrid(stanza: Stanza) -> HybridStanza:
    (enc,) = _arguments(stanza, 1)
    hybrid = HybridStanza(_decode_exactly(enc, HYBRID_ENC_BYTES), _wrapped(stanza))
    _require_contribution(hybrid.enc[-X25519_BYTES:])
    return hybrid


def _recognise_x25519(stanza: Stanza) -> X25519Stanza:
    (share,) = _arguments(stanza, 1)
    known = X25519Stanza(_decode_exactly(share, X25519_BYTES), _wrapped(stanza))
    _require_contribution(known.share)
    return known


def _recognise_scrypt(stanza: Stanza) -> ScryptStanza:
    salt, factor = _arguments(stanza, 2)
    if not _WORK_FACTOR.fullmatch(factor):
        raise MalformedEnvelopeError("the work factor is not a plain decimal number")
    return ScryptStanza(_decode_exactly(salt, SCRYPT_SALT_BYTES), int(factor), _wrapped(stanza))


_RECOGNISERS: dict[bytes, Callable[[Stanza], KnownStanza]] = {
    b"mlkem768x25519": _recognise_hybrid,
    b"X25519": _recognise_x25519,
    b"scrypt": _recognise_scrypt,
}


def _arguments(stanza: Stanza, count: int) -> tuple[bytes, ...]:
    """Return the arguments after the type."""
    if len(stanza.arguments) != 1 + count:
        raise MalformedEnvelopeError("a stanza has too many or too few arguments")
    return stanza.arguments[1:]


def _wrapped(stanza: Stanza) -> bytes:
    """Return the body, whose length is checked before any key: a longer one could open twice.

    A wrapped key of chosen length is a partitioning oracle: it could be made to open under many
    keys, and the answer would tell which of them is here.
    """
    if len(stanza.body) != WRAPPED_BYTES:
        raise MalformedEnvelopeError("a stanza does not hold a file key")
    return stanza.body


def _require_contribution(share: bytes) -> None:
    """Refuse a share that would make the shared secret zero, known to everybody."""
    if sodium.is_low_order(share):
        raise MalformedEnvelopeError("a stanza's X25519 share is a point of low order")


def _decode_exactly(text: bytes, size: int) -> bytes:
    data = decode_base64(text)
    if len(data) != size:
        raise MalformedEnvelopeError("a stanza's argument has the wrong length")
    return data


def encode_base64(data: bytes) -> bytes:
    """Return base64 without padding."""
    return base64.b64encode(data).rstrip(b"=")


def decode_base64(text: bytes) -> bytes:
    """Decode base64 without padding; every value has one spelling only.

    Raises:
        MalformedEnvelopeError: padded, not canonical, or not base64.
    """
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise MalformedEnvelopeError("base64 is not what it should be") from None
    if encode_base64(data) != text:
        raise MalformedEnvelopeError("base64 is not canonical")
    return data
