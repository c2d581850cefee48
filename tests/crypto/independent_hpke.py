"""HPKE's key schedule written down a second time, so that a vector can pin a stanza.

Source: RFC 9180, sections 4 and 5.1; mode Base, KEM 0x647a, HKDF-SHA256, ChaCha20Poly1305.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

SUITE_ID = b"HPKE" + bytes.fromhex("647a00010003")
INFO = b"age-encryption.org/mlkem768x25519"


def seal(shared_secret: bytes, plaintext: bytes) -> bytes:
    key, nonce = schedule(shared_secret)
    return ChaCha20Poly1305(key).encrypt(nonce, plaintext, b"")


def schedule(shared_secret: bytes) -> tuple[bytes, bytes]:
    """Give the key and the nonce of the one message."""
    context = b"\0" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", INFO)
    secret = _extract(shared_secret, b"secret", b"")
    key = _expand(secret, b"key", context, 32)
    return key, _expand(secret, b"base_nonce", context, 12)


def _extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
    material = b"HPKE-v1" + SUITE_ID + label + secret
    return hmac.digest(salt or bytes(32), material, hashlib.sha256)


def _expand(key: bytes, label: bytes, info: bytes, size: int) -> bytes:
    material = size.to_bytes(2, "big") + b"HPKE-v1" + SUITE_ID + label + info
    return hmac.digest(key, material + b"\1", hashlib.sha256)[:size]
