"""age's keys: what envelopes are sealed to, and what opens them.

A recipient is a public key, an identity its private half. Written is the hybrid type only; X25519
keys are read, because the age specification has them.

Source: c2sp.org/age, "Native recipient types"; draft-connolly-cfrg-xwing-kem; RFC 9180.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from crypto import bech32, sodium
from crypto.errors import (
    DamagedEnvelopeError,
    KeyFormatError,
    NotAddressedError,
)
from crypto.sinks import Buffer
from crypto.stanza import (
    HYBRID_ENC_BYTES,
    HybridStanza,
    KnownStanza,
    X25519Stanza,
)

SEED_BYTES = 32
MLKEM_RECIPIENT_BYTES = 1184
RECIPIENT_BYTES = MLKEM_RECIPIENT_BYTES + 32

_RECIPIENT_PREFIX = "age1pq"
_IDENTITY_PREFIX = "AGE-SECRET-KEY-PQ-"
_X25519_PREFIX = "AGE-SECRET-KEY-"
_MLKEM_SEED_BYTES = 64
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_HYBRID_INFO = b"age-encryption.org/mlkem768x25519"
_X25519_INFO = b"age-encryption.org/v1/X25519"


class AnyIdentity(Protocol):
    """Whatever can unwrap a file key."""

    def unwrap(self, stanzas: Sequence[KnownStanza]) -> bytearray:
        """Return the file key from the first stanza that opens.

        Raises:
            NotAddressedError: none of them is for this identity.
        """


@dataclass(frozen=True, slots=True)
class Recipient:
    """A hybrid public key: ML-KEM-768 encapsulation key (1,184) || X25519 point (32)."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what nothing can be sealed to."""
        if len(self.raw) != RECIPIENT_BYTES:
            raise KeyFormatError("a recipient has 1,216 bytes")
        if sodium.is_low_order(self.raw[MLKEM_RECIPIENT_BYTES:]):
            raise KeyFormatError("the recipient's X25519 part is a point of low order")
        self._public_key()

    @classmethod
    def parse(cls, text: str) -> "Recipient":
        """Read `age1pq1…`.

        Raises:
            KeyFormatError: not a hybrid recipient.
        """
        return cls(_decode(text, _RECIPIENT_PREFIX, RECIPIENT_BYTES))

    @classmethod
    def throw_away(cls) -> "Recipient":
        """Make a recipient whose identity nobody has."""
        return Identity.generate().recipient

    def serialize(self) -> str:
        """Return `age1pq1…`."""
        return bech32.encode(_RECIPIENT_PREFIX, self.raw)

    def wrap(self, file_key: Buffer) -> HybridStanza:
        """Wrap a file key; each time differently."""
        sealed = _SUITE.encrypt(file_key, self._public_key(), _HYBRID_INFO)
        return HybridStanza(sealed[:HYBRID_ENC_BYTES], sealed[HYBRID_ENC_BYTES:])

    def _public_key(self) -> MLKEM768X25519PublicKey:
        try:
            mlkem = MLKEM768PublicKey.from_public_bytes(self.raw[:MLKEM_RECIPIENT_BYTES])
        except ValueError:
            raise KeyFormatError("the recipient's ML-KEM part is not a key") from None
        point = X25519PublicKey.from_public_bytes(self.raw[MLKEM_RECIPIENT_BYTES:])
        return MLKEM768X25519PublicKey(mlkem, point)


@dataclass(frozen=True, slots=True)
class Identity:
    """A hybrid private key, kept as its X-Wing seed.

    SHAKE256(seed, 96) = ML-KEM seed d || z (64) || X25519 secret (32).
    """

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a seed of another length."""
        if len(self.seed) != SEED_BYTES:
            raise KeyFormatError("an identity's seed has 32 bytes")

    @classmethod
    def generate(cls) -> "Identity":
        """Draw a new identity."""
        return cls(bytes(sodium.random_bytes(SEED_BYTES)))

    @classmethod
    def parse(cls, text: str) -> "Identity":
        """Read `AGE-SECRET-KEY-PQ-1…`.

        Raises:
            KeyFormatError: not a hybrid identity.
        """
        return cls(_decode(text, _IDENTITY_PREFIX, SEED_BYTES))

    def serialize(self) -> str:
        """Return `AGE-SECRET-KEY-PQ-1…`."""
        return bech32.encode(_IDENTITY_PREFIX, self.seed)

    @property
    def recipient(self) -> Recipient:
        """The public half."""
        mlkem, x25519 = self._parts()
        return Recipient(
            mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        )

    def unwrap(self, stanzas: Sequence[KnownStanza]) -> bytearray:
        """Return the file key from the first hybrid stanza that opens."""
        private = MLKEM768X25519PrivateKey(*self._parts())
        for stanza in stanzas:
            if isinstance(stanza, HybridStanza):
                try:
                    sealed = stanza.enc + stanza.wrapped
                    return bytearray(_SUITE.decrypt(sealed, private, _HYBRID_INFO))
                except InvalidTag:
                    continue
        raise NotAddressedError("no stanza is for this identity")

    def _parts(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = hashlib.shake_256(self.seed).digest(_MLKEM_SEED_BYTES + 32)
        return (
            MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
        )


@dataclass(frozen=True, slots=True)
class X25519Identity:
    """An X25519 private key, for reading what others have sealed."""

    secret: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "X25519Identity":
        """Read `AGE-SECRET-KEY-1…`.

        Raises:
            KeyFormatError: not an X25519 identity.
        """
        return cls(_decode(text, _X25519_PREFIX, SEED_BYTES))

    def unwrap(self, stanzas: Sequence[KnownStanza]) -> bytearray:
        """Return the file key from the first X25519 stanza that opens."""
        private = X25519PrivateKey.from_private_bytes(self.secret)
        for stanza in stanzas:
            if isinstance(stanza, X25519Stanza):
                shared = private.exchange(X25519PublicKey.from_public_bytes(stanza.share))
                salt = stanza.share + private.public_key().public_bytes_raw()
                try:
                    key = sodium.hkdf(shared, salt=salt, info=_X25519_INFO)
                    return sodium.unwrap_key(key, stanza.wrapped)
                except DamagedEnvelopeError:
                    continue
        raise NotAddressedError("no stanza is for this identity")


def _decode(text: str, prefix: str, size: int) -> bytes:
    """Decode a key whose prefix is in the case that age writes it in."""
    found, data = bech32.decode(text)
    if found != prefix or len(data) != size:
        raise KeyFormatError(f"the key is not of the kind that begins with {prefix}1")
    return data
