"""Passphrases: what protects an identity at rest, by age's scrypt stanza.

Source: c2sp.org/age, "The scrypt recipient type".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crypto import sodium
from crypto.errors import DamagedEnvelopeError, MalformedEnvelopeError, NotAddressedError
from crypto.sinks import Buffer
from crypto.stanza import SCRYPT_SALT_BYTES, KnownStanza, ScryptStanza

MAX_WORK_FACTOR = 20  # 1 GiB of memory; a stranger's file shall not take more

_SCRYPT_LABEL = b"age-encryption.org/v1/scrypt"


@dataclass(frozen=True, slots=True)
class ScryptIdentity:
    """A passphrase, for reading; `max_work_factor` bounds what a file can make us compute."""

    passphrase: str = field(repr=False)
    max_work_factor: int = MAX_WORK_FACTOR

    def unwrap(self, stanzas: Sequence[KnownStanza]) -> bytearray:
        """Return the file key from a passphrase stanza.

        Raises:
            MalformedEnvelopeError: the work factor is over the bound.
            NotAddressedError: no passphrase stanza, or another passphrase.
        """
        for stanza in stanzas:
            if isinstance(stanza, ScryptStanza):
                if stanza.work_factor > self.max_work_factor:
                    raise MalformedEnvelopeError("the work factor is over the bound")
                key = _stretch(self.passphrase, stanza.salt, stanza.work_factor)
                try:
                    return sodium.unwrap_key(key, stanza.wrapped)
                except DamagedEnvelopeError:
                    break
        raise NotAddressedError("no stanza is for this passphrase")


def wrap_with_passphrase(
    file_key: Buffer, passphrase: str, *, salt: bytes, work_factor: int
) -> ScryptStanza:
    """Wrap a file key under a passphrase.

    Args:
        file_key: 16 bytes.
        passphrase: taken as UTF-8, as it is.
        salt: 16 random bytes, new each time.
        work_factor: base-two logarithm of scrypt's N.
    """
    if len(salt) != SCRYPT_SALT_BYTES or not 1 <= work_factor <= MAX_WORK_FACTOR:
        raise ValueError("the salt has 16 bytes and the work factor is 1 to 20")
    key = _stretch(passphrase, salt, work_factor)
    return ScryptStanza(salt, work_factor, sodium.wrap_key(key, file_key))


def _stretch(passphrase: str, salt: bytes, work_factor: int) -> bytearray:
    return sodium.scrypt(
        passphrase.encode(errors="surrogateescape"), _SCRYPT_LABEL + salt, work_factor
    )
