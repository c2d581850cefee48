"""Keys that are derived and never stored: from a codename, and from a reviewer's identity.

    salt    = BLAKE2b-128("candor mailbox v1" || service id (16))
    root    = Argon2id(secret (11), salt, 2 passes, 64 MiB), 32 bytes
    token   = subkey(root, 1)    opens the mailbox; the server knows only BLAKE2b-256(token)
    seed    = subkey(root, 2)    the source's age identity: replies are sealed to it
    signing = subkey(root, 3)    the source's signing seed: what follows up is by the same source

Every codename gives keys; whether it was ever used is known to nobody but who holds it.
"""

import hashlib
from dataclasses import dataclass, field

from crypto import sodium
from crypto.bag_info import ADDRESS_BYTES, SourceInfo
from crypto.codename import Codename
from crypto.keys import Identity
from crypto.minisign import SigningKey

SERVICE_ID_BYTES = 16

_DOMAIN = b"candor mailbox v1"
_SALT_BYTES = 16
_TOKEN, _SEED, _SIGNING = 1, 2, 3


@dataclass(frozen=True, slots=True)
class SourceKeys:
    """What a source holds while the words are at hand."""

    token: bytes = field(repr=False)
    identity: Identity
    signing: SigningKey

    @property
    def address(self) -> bytes:
        """Where replies to this source wait: all that the server learns of the token (32 bytes)."""
        return hashlib.blake2b(self.token, digest_size=ADDRESS_BYTES).digest()

    @property
    def info(self) -> SourceInfo:
        """What the source's bags say: where answers go, and whose signature they bear."""
        return SourceInfo(self.address, self.identity.recipient, self.signing.verify_key)


def derive_source_keys(codename: Codename, service_id: bytes) -> SourceKeys:
    """Stretch a codename's secret and derive the source's keys from it.

    Takes about 0.1 s and 64 MiB on purpose: it makes guessing words expensive.
    """
    if len(service_id) != SERVICE_ID_BYTES:
        raise ValueError("a service id has 16 bytes")
    salt = hashlib.blake2b(_DOMAIN + service_id, digest_size=_SALT_BYTES).digest()
    root = sodium.argon2id(codename.secret, salt)
    return SourceKeys(
        token=sodium.subkey(root, _TOKEN),
        identity=Identity(sodium.subkey(root, _SEED)),
        signing=SigningKey(sodium.subkey(root, _SIGNING)),
    )


def reviewer_signing_key(identity: Identity) -> SigningKey:
    """Derive a reviewer's signing key: one identity file holds both halves of their work."""
    return SigningKey(sodium.subkey(identity.seed, _SIGNING))
