"""Identity files: a private key under a passphrase.

An age file with one scrypt stanza, whose content is what age-keygen writes; so `age -d` opens it.

    # public key: age1pq1…
    AGE-SECRET-KEY-PQ-1…

It bears no date, unlike age-keygen's: when a reviewer got their key is nobody's business.
"""

from crypto.errors import KeyFormatError, MalformedIdentityFileError
from crypto.keys import Identity
from crypto.passphrase_file import (
    MAX_FILE_BYTES,
    WORK_FACTOR,
    open_with_passphrase,
    seal_with_passphrase,
)

__all__ = [
    "MAX_FILE_BYTES",
    "identity_text",
    "open_identity",
    "parse_identity_text",
    "seal_identity",
]


def seal_identity(identity: Identity, passphrase: str, *, work_factor: int = WORK_FACTOR) -> bytes:
    """Return an identity file.

    Args:
        identity: goes in as text.
        passphrase: taken as UTF-8, as it is.
        work_factor: base-two logarithm of scrypt's N, at most 20.
    """
    content = identity_text(identity).encode()
    return seal_with_passphrase(content, passphrase, work_factor=work_factor)


def open_identity(data: bytes, passphrase: str) -> Identity:
    """Open an identity file.

    Raises:
        WrongPassphraseError: another passphrase sealed it.
        MalformedIdentityFileError: not an identity file, damaged, or a work factor over 20.
    """
    content = open_with_passphrase(data, passphrase)
    try:
        return parse_identity_text(content.decode("ascii"))
    except (KeyFormatError, UnicodeDecodeError):
        raise MalformedIdentityFileError("the file holds no identity") from None


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
