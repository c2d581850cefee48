"""The primitives, on buffers that can be used again and wiped.

The only module that calls libsodium below PyNaCl's own functions: those take and return `bytes`,
which cost a copy and cannot be wiped. The calls let other threads run.

What a library hands back as `bytes` (a shared secret, a derived key) is out of our reach; it is
copied into a `bytearray` at once and left to the collector.
"""

import hashlib
import struct

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl import bindings
from nacl._sodium import ffi, lib

from crypto.errors import DamagedEnvelopeError
from crypto.sinks import Buffer

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16

ARGON2ID_PASSES = 2
ARGON2ID_MEMORY_BYTES = 64 * 1024 * 1024
SCRYPT_BLOCK_SIZE = 8
SCRYPT_MEMORY_BYTES = 1 << 31

_ZERO_NONCE = bytes(NONCE_BYTES)
_ANY_SCALAR = bytes(32)
_KDF_CONTEXT = b"candorv1"


def seal_chunk(key: Buffer, nonce: bytes, plaintext: Buffer, out: Buffer) -> None:
    """Seal `plaintext` into `out`, which holds ciphertext || tag (16) afterwards.

    Source: RFC 8439; libsodium `crypto_aead_chacha20poly1305_ietf_encrypt`.
    """
    source = ffi.from_buffer("unsigned char[]", plaintext)
    target = ffi.from_buffer("unsigned char[]", out, require_writable=True)
    _require_lengths(key, nonce)
    if len(target) != len(source) + TAG_BYTES:
        raise ValueError("the sealed chunk needs exactly 16 bytes more than the plaintext")
    lib.crypto_aead_chacha20poly1305_ietf_encrypt(
        target,
        ffi.NULL,
        source,
        len(source),
        ffi.NULL,
        0,
        ffi.NULL,
        nonce,
        ffi.from_buffer("unsigned char[]", key),
    )


def open_chunk(key: Buffer, nonce: bytes, sealed: Buffer, out: Buffer) -> None:
    """Open ciphertext || tag (16) into `out`; after a failure `out` holds zeros.

    Raises:
        DamagedEnvelopeError: not what was sealed under this key and nonce.

    Source: RFC 8439; libsodium `crypto_aead_chacha20poly1305_ietf_decrypt`.
    """
    source = ffi.from_buffer("unsigned char[]", sealed)
    target = ffi.from_buffer("unsigned char[]", out, require_writable=True)
    _require_lengths(key, nonce)
    if len(source) != len(target) + TAG_BYTES:
        raise ValueError("the plaintext needs exactly 16 bytes less than the sealed chunk")
    failed = lib.crypto_aead_chacha20poly1305_ietf_decrypt(
        target,
        ffi.NULL,
        ffi.NULL,
        source,
        len(source),
        ffi.NULL,
        0,
        nonce,
        ffi.from_buffer("unsigned char[]", key),
    )
    if failed:
        raise DamagedEnvelopeError("the sealed bytes were altered")


def _require_lengths(key: Buffer, nonce: bytes) -> None:
    """Refuse what would make C read beyond a buffer."""
    if len(key) != KEY_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError("the key has 32 bytes and the nonce 12")


def wrap_key(key: Buffer, secret: Buffer) -> bytes:
    """Seal a short secret under a key that seals nothing else, hence the nonce of zeros."""
    out = bytearray(len(secret) + TAG_BYTES)
    seal_chunk(key, _ZERO_NONCE, secret, out)
    return bytes(out)


def unwrap_key(key: Buffer, wrapped: bytes) -> bytearray:
    """Open what `wrap_key` made.

    Raises:
        DamagedEnvelopeError: not wrapped under this key.
    """
    out = bytearray(len(wrapped) - TAG_BYTES)
    open_chunk(key, _ZERO_NONCE, wrapped, out)
    return out


def wipe(buffer: bytearray | memoryview) -> None:
    """Overwrite with zeros, in a way that no compiler leaves out."""
    target = ffi.from_buffer("unsigned char[]", buffer, require_writable=True)
    lib.sodium_memzero(target, len(target))


def random_bytes(size: int) -> bytearray:
    """Draw from the system's generator."""
    out = bytearray(size)
    lib.randombytes(ffi.from_buffer("unsigned char[]", out), size)
    return out


def hkdf(secret: Buffer, *, salt: bytes, info: bytes) -> bytearray:
    """Derive a 32-byte key with HKDF-SHA-256.

    Source: RFC 5869.
    """
    out = bytearray(KEY_BYTES)
    HKDF(SHA256(), KEY_BYTES, salt, info).derive_into(secret, out)
    return out


def scrypt(passphrase: bytes, salt: bytes, work_factor: int) -> bytearray:
    """Stretch a passphrase to a 32-byte key, with N = 2^work_factor, r = 8, p = 1.

    Takes 2^work_factor KiB of memory.

    Source: RFC 7914; libsodium `crypto_pwhash_scryptsalsa208sha256_ll` (twice OpenSSL's speed).
    """
    return bytearray(
        bindings.crypto_pwhash_scryptsalsa208sha256_ll(
            passphrase,
            salt,
            1 << work_factor,
            SCRYPT_BLOCK_SIZE,
            1,
            dklen=KEY_BYTES,
            maxmem=SCRYPT_MEMORY_BYTES,
        )
    )


def argon2id(secret: bytes, salt: bytes) -> bytes:
    """Stretch a secret to 32 bytes, with 2 passes over 64 MiB.

    Args:
        secret: any length.
        salt: 16 bytes.

    Source: RFC 9106; libsodium `crypto_pwhash` with `ALG_ARGON2ID13`.
    """
    stretched: bytes = bindings.crypto_pwhash_alg(
        KEY_BYTES,
        secret,
        salt,
        ARGON2ID_PASSES,
        ARGON2ID_MEMORY_BYTES,
        bindings.crypto_pwhash_ALG_ARGON2ID13,
    )
    return stretched


def subkey(root: bytes, number: int) -> bytes:
    """Derive the 32-byte subkey with this number, under the context `candorv1`.

    Source: libsodium `crypto_kdf_derive_from_key`, which PyNaCl lacks and this equals.
    """
    return hashlib.blake2b(
        digest_size=KEY_BYTES,
        key=root,
        salt=struct.pack("<QQ", number, 0),
        person=_KDF_CONTEXT.ljust(16, b"\0"),
    ).digest()


def is_low_order(point: bytes) -> bool:
    """Tell whether every X25519 with this point yields zero, whoever's secret it is.

    Source: RFC 7748, section 6.1; libsodium `crypto_scalarmult` refuses an all-zero result.
    """
    try:
        bindings.crypto_scalarmult(_ANY_SCALAR, point)
    except RuntimeError:
        return True
    return False
