"""The root key at rest: minisign's secret key file under a passphrase.

An age file with one scrypt stanza, whose content is what `minisign -G -W` writes. So without
Candor, `age -d root.age > root.key` and `minisign -S -s root.key -c candor -t 'candor v1 roster' …`
sign a roster. The content is a comment line and one line of base64:

    "Ed" || no passphrase (2 zeros) || "B2" || salt (32) and limits (8 + 8), all zeros ||
    key id (8) || seed (32) || public key (32) || BLAKE2b-256("Ed" || key id || seed || public key)

Source: jedisct1.github.io/minisign, "Secret key format".
"""

import base64
import hashlib

from crypto.errors import KeyFormatError, MalformedIdentityFileError
from crypto.minisign import KEY_ID_BYTES, SEED_BYTES, SigningKey
from crypto.passphrase_file import WORK_FACTOR, open_with_passphrase, seal_with_passphrase

_COMMENT = "untrusted comment: minisign secret key\n"
_ALGORITHM = b"Ed"
_PREFIX = _ALGORITHM + bytes(2) + b"B2" + bytes(32 + 8 + 8)
_SEED_AT = len(_PREFIX) + KEY_ID_BYTES


def seal_root_key(key: SigningKey, passphrase: str, *, work_factor: int = WORK_FACTOR) -> bytes:
    """Return a root key file; see `seal_with_passphrase`."""
    return seal_with_passphrase(secret_key_text(key).encode(), passphrase, work_factor=work_factor)


def open_root_key(data: bytes, passphrase: str) -> SigningKey:
    """Open a root key file.

    Raises:
        WrongPassphraseError: another passphrase sealed it.
        MalformedIdentityFileError: not a root key file, damaged, or a work factor over 20.
    """
    content = open_with_passphrase(data, passphrase)
    try:
        return parse_secret_key_text(content.decode("ascii"))
    except (KeyFormatError, UnicodeDecodeError):
        raise MalformedIdentityFileError("the file holds no root key") from None


def secret_key_text(key: SigningKey) -> str:
    """Return minisign's secret key file, without a passphrase."""
    pair = key.verify_key.key_id + key.seed + key.verify_key.raw
    checksum = hashlib.blake2b(_ALGORITHM + pair, digest_size=32).digest()
    return f"{_COMMENT}{base64.b64encode(_PREFIX + pair + checksum).decode()}\n"


def parse_secret_key_text(text: str) -> SigningKey:
    """Read minisign's secret key file, without a passphrase and with the key id of our profile.

    Raises:
        KeyFormatError: not exactly such a file.
    """
    try:
        raw = base64.b64decode(text.removeprefix(_COMMENT).removesuffix("\n"), validate=True)
    except ValueError:  # binascii.Error is one
        raise KeyFormatError("not a minisign secret key") from None
    key = SigningKey(raw[_SEED_AT : _SEED_AT + SEED_BYTES])
    if secret_key_text(key) != text:
        raise KeyFormatError("not a minisign secret key with the key id of its hash")
    return key
