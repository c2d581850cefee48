"""A short secret under a passphrase: an age file with one scrypt stanza; `age -d` opens it."""

import io

from crypto import sodium
from crypto.envelope import begin, open_envelope
from crypto.errors import (
    EnvelopeError,
    MalformedIdentityFileError,
    NotAddressedError,
    WrongPassphraseError,
)
from crypto.header import parse_header
from crypto.passphrase import ScryptIdentity, wrap_with_passphrase
from crypto.payload import NONCE_BYTES
from crypto.stanza import FILE_KEY_BYTES, SCRYPT_SALT_BYTES, ScryptStanza, recognise_all

WORK_FACTOR = 18  # 256 MiB, about a second
MAX_FILE_BYTES = 65536


def seal_with_passphrase(
    content: bytes, passphrase: str, *, work_factor: int = WORK_FACTOR
) -> bytes:
    """Return an age file that the passphrase opens.

    Args:
        content: what is protected.
        passphrase: taken as UTF-8, as it is.
        work_factor: base-two logarithm of scrypt's N, at most 20.
    """
    return _seal(
        content,
        passphrase,
        work_factor,
        file_key=sodium.random_bytes(FILE_KEY_BYTES),
        salt=bytes(sodium.random_bytes(SCRYPT_SALT_BYTES)),
        nonce=bytes(sodium.random_bytes(NONCE_BYTES)),
    )


def _seal(  # noqa: PLR0913 - what is drawn is handed in, so that vectors can pin it
    content: bytes,
    passphrase: str,
    work_factor: int,
    *,
    file_key: bytearray,
    salt: bytes,
    nonce: bytes,
) -> bytes:
    """Seal a content; draws nothing."""
    stanza = wrap_with_passphrase(file_key, passphrase, salt=salt, work_factor=work_factor)
    out = io.BytesIO()
    payload = begin(out, [stanza.stanza()], file_key, nonce)
    sodium.wipe(file_key)
    payload.write(content)
    payload.close()
    return out.getvalue()


def open_with_passphrase(data: bytes, passphrase: str) -> bytes:
    """Open what a passphrase protects.

    Raises:
        WrongPassphraseError: another passphrase sealed it.
        MalformedIdentityFileError: not such a file, damaged, or a work factor over 20.
    """
    try:
        _require_passphrase_stanza(data)
        with open_envelope(io.BytesIO(data), [ScryptIdentity(passphrase)]) as payload:
            return payload.read()
    except NotAddressedError:
        raise WrongPassphraseError("the passphrase does not open the file") from None
    except EnvelopeError:
        raise MalformedIdentityFileError("the file is not a key file, or damaged") from None


def _require_passphrase_stanza(data: bytes) -> None:
    """Refuse a file that no passphrase could open, before anybody is asked to try another one."""
    if len(data) > MAX_FILE_BYTES:
        raise MalformedIdentityFileError("a key file is not this long")
    stanzas = recognise_all(parse_header(data).stanzas)
    if not any(isinstance(stanza, ScryptStanza) for stanza in stanzas):
        raise MalformedIdentityFileError("the file is not protected by a passphrase")
