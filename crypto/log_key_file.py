"""The key that signs the heads of a service's log, at rest beside its roster.

Two lines, each ended by LF, and the bytes are the only way to write a key:

    # public key: RW…
    base64(Ed25519 seed (32))

It lies on the server without a passphrase, since the server signs each night with nobody there: it
proves which service keeps a log, and whoever holds it can fork the log but not hide that from those
who followed it.
"""

import base64

from crypto.errors import KeyFormatError
from crypto.minisign import SigningKey

MAX_LOG_KEY_BYTES = 256
_COMMENT = "# public key: "


def serialize_log_key(key: SigningKey) -> str:
    """Return the text of a log key file."""
    seed = base64.b64encode(key.seed).decode("ascii")
    return f"{_COMMENT}{key.verify_key.serialize()}\n{seed}\n"


def parse_log_key(text: str) -> SigningKey:
    """Read the text of a log key file.

    Raises:
        KeyFormatError: not exactly such a file, or its comment names another key.
    """
    _, _, seed = text[:MAX_LOG_KEY_BYTES].partition("\n")
    try:
        key = SigningKey(base64.b64decode(seed.removesuffix("\n"), validate=True))
    except ValueError:  # binascii.Error is one
        raise KeyFormatError("not a log key") from None
    if serialize_log_key(key) != text:
        raise KeyFormatError("not a log key, or its comment names another one")
    return key
