"""Signatures that anybody can check with `minisign -V`, bound to one use.

A signature file is four lines, each ended by LF:

    untrusted comment: candor
    base64("ED" || key id (8) || Ed25519 signature of the message's BLAKE2b-512 (64))
    trusted comment: candor v1 <kind>
    base64(Ed25519 signature of: the signature above (64) || the trusted comment's text)

A public key is base64("Ed" || key id (8) || public key (32)): 56 characters that begin with RW.
The key id is not free as it is in minisign: it is the first 8 bytes of BLAKE2b-256(public key).
There is one signature file for each key, kind and message: it tells no time and no file name.

Source: jedisct1.github.io/minisign, "Signature format"; the legacy, not prehashed "Ed" is refused.
"""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Self

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey as Ed25519Seed
from nacl.signing import VerifyKey as Ed25519Key

from crypto.errors import KeyFormatError, SignatureError

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32
DIGEST_BYTES = 64
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 8
_BLOCK_BYTES = 1 << 20
_PREHASHED = b"ED"
_KEY_ALGORITHM = b"Ed"
_UNTRUSTED = b"untrusted comment: candor\n"
_TRUSTED = b"trusted comment: "


class SignedKind(StrEnum):
    """What a signature may be for; it serves nowhere else."""

    ROSTER = "roster"
    SEALING_PAGE = "sealing-page"
    ASSETS = "assets"
    REPORT = "report"
    MESSAGE = "message"
    REPLY = "reply"
    IDENTITY = "identity"
    REQUEST = "request"
    DISCLOSURE = "disclosure"
    CANARY = "canary"
    BUNDLE = "bundle"
    EXPORT = "export"
    CONSOLE = "console"


def digest(data: bytes | BinaryIO) -> bytes:
    """Hash a message, or what is left of a file, to the 64 bytes that are signed."""
    if isinstance(data, bytes):
        return hashlib.blake2b(data).digest()
    state = hashlib.blake2b()
    while block := data.read(_BLOCK_BYTES):
        state.update(block)
    return state.digest()


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key (32 bytes, Ed25519)."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_KEY_BYTES:
            raise KeyFormatError("a public key has 32 bytes")

    @property
    def key_id(self) -> bytes:
        """The 8 bytes by which minisign files name this key."""
        return hashlib.blake2b(self.raw, digest_size=32).digest()[:KEY_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse minisign's line `RW…`.

        Raises:
            KeyFormatError: not such a line, or a key id that is not the hash of its key.
        """
        try:
            raw = base64.b64decode(text.encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raise KeyFormatError("not a minisign public key") from None
        key = cls(raw[len(_KEY_ALGORITHM) + KEY_ID_BYTES :])
        if key.serialize() != text:
            raise KeyFormatError("not a minisign public key with the key id of its hash")
        return key

    def serialize(self) -> str:
        """Return minisign's line `RW…`, 56 characters."""
        return base64.b64encode(_KEY_ALGORITHM + self.key_id + self.raw).decode("ascii")

    def verify(self, kind: str, digest: bytes, signature: bytes) -> None:
        """Check that a signature file is this key's, for this kind and the message of this digest.

        Raises:
            SignatureError: any byte is not as this key would have signed it.
        """
        made, made_over_comment = _parse(kind, self.key_id, signature)
        key = Ed25519Key(self.raw)
        try:
            key.verify(digest, made)
            key.verify(made + _comment(kind), made_over_comment)
        except BadSignatureError:
            raise SignatureError("the signature does not match what was signed") from None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret signing key: the Ed25519 seed (32 bytes)."""

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise KeyFormatError("a signing seed has 32 bytes")

    @classmethod
    def generate(cls) -> Self:
        """Draw a new key."""
        return cls(secrets.token_bytes(SEED_BYTES))

    @property
    def verify_key(self) -> VerifyKey:
        """The public half."""
        return VerifyKey(bytes(Ed25519Seed(self.seed).verify_key))

    def sign(self, kind: str, digest: bytes) -> bytes:
        """Sign a message, given as its digest, for one use; return the whole signature file."""
        if len(digest) != DIGEST_BYTES:
            raise ValueError("what is signed is a BLAKE2b-512 digest")
        key = Ed25519Seed(self.seed)
        made = key.sign(digest).signature
        made_over_comment = key.sign(made + _comment(kind)).signature
        return _serialize(kind, self.verify_key.key_id, made, made_over_comment)


def _comment(kind: str) -> bytes:
    return b"candor v1 " + SignedKind(kind).value.encode("ascii")


def _serialize(kind: str, key_id: bytes, made: bytes, made_over_comment: bytes) -> bytes:
    lines = (
        base64.b64encode(_PREHASHED + key_id + made),
        _TRUSTED + _comment(kind),
        base64.b64encode(made_over_comment),
    )
    return _UNTRUSTED + b"".join(line + b"\n" for line in lines)


def _parse(kind: str, key_id: bytes, data: bytes) -> tuple[bytes, bytes]:
    """Split a signature file into its two signatures.

    What is read is serialized again and must give the same bytes: no second spelling of a signature
    (spaces, line ends, base64's unused bits, further lines) is accepted.
    """
    try:
        _, first, _, second = data.removesuffix(b"\n").split(b"\n")
        made = base64.b64decode(first, validate=True)[len(_PREHASHED) + KEY_ID_BYTES :]
        made_over_comment = base64.b64decode(second, validate=True)
    except ValueError:  # binascii.Error is one
        raise SignatureError("not a minisign signature file") from None
    if data != _serialize(kind, key_id, made, made_over_comment):
        raise SignatureError("not a signature of this key for this use")
    if len(made) != SIGNATURE_BYTES or len(made_over_comment) != SIGNATURE_BYTES:
        raise SignatureError("not a minisign signature file")
    return made, made_over_comment
