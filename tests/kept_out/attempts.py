"""What a reviewer gets who tries their key on stanzas that are not for them.

`age` stops at a tag that does not fit. A client of one's own goes on: it has a shared secret of
each half (ML-KEM answers a foreign ciphertext with a secret of its own making), the key that
follows from them, and what a body opens to if nobody checks its tag.

Source: draft-connolly-cfrg-xwing-kem-06, section 5.3; RFC 9180, section 5.1.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.keys import Identity
from crypto.stanza import FILE_KEY_BYTES, HybridStanza
from tests.crypto.independent_hpke import schedule

_LABEL = b"\\.//^\\"


class Attempts:
    """One identity, tried on anything."""

    def __init__(self, identity: Identity) -> None:
        self._mlkem, self._x25519 = identity._parts()
        self._public = self._x25519.public_key().public_bytes_raw()

    def of(self, stanza: HybridStanza) -> bytes:
        """Give both shared secrets (32 each) and the unchecked file key (16)."""
        ciphertext, share = stanza.enc[:-32], stanza.enc[-32:]
        first = self._mlkem.decapsulate(ciphertext)
        second = self._x25519.exchange(X25519PublicKey.from_public_bytes(share))
        secret = hashlib.sha3_256(first + second + share + self._public + _LABEL).digest()
        return first + second + open_unchecked(secret, stanza.wrapped)


def open_unchecked(secret: bytes, wrapped: bytes) -> bytes:
    """Open a wrapped file key as if its tag did not matter."""
    key, nonce = schedule(secret)
    stream = ChaCha20Poly1305(key).encrypt(nonce, bytes(FILE_KEY_BYTES), b"")
    return bytes(a ^ b for a, b in zip(wrapped[:FILE_KEY_BYTES], stream, strict=False))
