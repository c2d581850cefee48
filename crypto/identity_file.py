"""Identity files: a private key under a passphrase.

An age file with one scrypt stanza, whose content is what age-keygen writes; so `age -d` opens it.

    # public key: age1pq1…
    AGE-SECRET-KEY-PQ-1…

It bears no date, unlike age-keygen's: when a reviewer got their key is nobody's business.
"""

import io

from crypto import sodium
from crypto.envelope import begin, open_envelope
from crypto.errors import (
    EnvelopeError,
    KeyFormatError,
    MalformedIdentityFileError,
    NotAddressedError,
    WrongPassphraseError,
)
from crypto.header import parse_header
from crypto.keys import Identity, ScryptIdentity, wrap_with_passphrase
from crypto.payload import NONCE_BYTES
from crypto.stanza import FILE_KEY_BYTES, SCRYPT_SALT_BYTES, ScryptStanza, recognise_all

WORK_FACTOR = 18  # 256 MiB, about a second
MAX_FILE_BYTES = 65536


def seal_identity(identity: Identity, passphrase: str, *, work_factor: int = WORK_FACTOR) -> bytes:
    """Return an identity file.

    Args:
        identity: goes in as text.
        passphrase: taken as UTF-8, as it is.
        work_factor: base-two logarithm of scrypt's N, at most 20.
    """
    return _seal(
        identity,
        passphrase,
        work_factor,
        file_key=sodium.random_bytes(FILE_KEY_BYTES),
        salt=bytes(sodium.random_bytes(SCRYPT_SALT_BYTES)),
        nonce=bytes(sodium.random_bytes(NONCE_BYTES)),
    )


def _seal(  # noqa: PLR0913 - what is drawn is handed in, so that vectors can pin it
    identity: Identity,
    passphrase: str,
    work_factor: int,
    *,
    file_key: bytearray,
    salt: bytes,
    nonce: bytes,
) -> bytes:
    """Seal the text of an identity; draws nothing."""
    stanza = wrap_with_passphrase(file_key, passphrase, salt=salt, work_factor=work_factor)
    out = io.BytesIO()
    payload = begin(out, [stanza.stanza()], file_key, nonce)
    sodium.wipe(file_key)
    payload.write(identity_text(identity).encode())
    payload.close()
    return out.getvalue()


def open_identity(data: bytes, passphrase: str) -> Identity:
    """Open an identity file.

    Raises:
        WrongPassphraseError: another passphrase sealed it.
        MalformedIdentityFileError: not an identity file, damaged, or a work factor over 20.
    """
    try:
        _require_passphrase_stanza(data)
        with open_envelope(io.BytesIO(data), [ScryptIdentity(passphrase)]) as payload:
            return parse_identity_text(payload.read().decode("ascii"))
    except NotAddressedError:
        raise WrongPassphraseError("the passphrase does not open the identity file") from None
    except (EnvelopeError, KeyFormatError, UnicodeDecodeError):
        raise MalformedIdentityFileError("the file is not an identity file, or damaged") from None


def identity_text(identity: Identity) -> str:
    """Return the content of an identity file."""
    return f"# public key: {identity.recipient.serialize()}\n{identity.serialize()}\n"


def parse_identity_text(text: str) -> Identity:
    """Return the one identity of an identity file's content; comments and empty lines pass.

    Raises:
        KeyFormatError: none, several, or not a hybrid one.
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if len(lines) != 1:
        raise KeyFormatError("an identity file holds exactly one identity")
    return Identity.parse(lines[0])


def _require_passphrase_stanza(data: bytes) -> None:
    """Refuse a file that no passphrase could open, before anybody is asked to try another one."""
    if len(data) > MAX_FILE_BYTES:
        raise KeyFormatError("an identity file is not this long")
    stanzas = recognise_all(parse_header(data).stanzas)
    if not any(isinstance(stanza, ScryptStanza) for stanza in stanzas):
        raise KeyFormatError("the file is not protected by a passphrase")
