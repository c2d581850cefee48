"""The two public lines of an identity, as its holder hands them over.

A file of exactly two lines, each ended by LF: `RW…`, the key that signs, and `age1pq1…`, what is
sealed to. Whoever makes the roster and whoever sent the lines compare their check by another way,
by voice for instance: it is what `sha256sum` says of that file, its first 32 digits.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from console.errors import PublicLinesError
from crypto.errors import KeyFormatError
from crypto.keys import Identity, Recipient
from crypto.minisign import VerifyKey
from crypto.source_keys import reviewer_signing_key

MAX_LINES_BYTES = 64 * 1024
_CHECK_DIGITS = 32  # 128 bits: nobody finds other lines with the same
_KEY = re.compile(r"\bRW[A-Za-z0-9+/]{54}(?![A-Za-z0-9+/=])")
_RECIPIENT = re.compile(r"\bage1pq1[0-9a-z]+")


@dataclass(frozen=True, slots=True)
class PublicLines:
    """What the roster says of an identity, and all that its holder gives away."""

    key: VerifyKey
    recipient: Recipient

    @classmethod
    def of(cls, identity: Identity) -> Self:
        """Take the public half of an identity."""
        return cls(reviewer_signing_key(identity).verify_key, identity.recipient)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Find the two lines in a text: the file itself, or a letter that quotes it.

        Raises:
            PublicLinesError: one of them is missing, mistyped or there twice.
        """
        text = data[: MAX_LINES_BYTES + 1].decode("utf-8", "replace")
        keys, recipients = set(_KEY.findall(text)), set(_RECIPIENT.findall(text))
        if (len(keys), len(recipients)) != (1, 1) or len(data) > MAX_LINES_BYTES:
            raise PublicLinesError(
                "a file of public lines has one line RW… and one line age1pq1…, as"
                " `candor identity new` writes them: this one has"
                f" {len(keys)} and {len(recipients)}"
            )
        try:
            return cls(VerifyKey.parse(keys.pop()), Recipient.parse(recipients.pop()))
        except KeyFormatError as error:
            raise PublicLinesError(f"a public line is mistyped or cut off: {error}") from None

    def serialize(self) -> str:
        """Write the two lines."""
        return f"{self.key.serialize()}\n{self.recipient.serialize()}\n"

    @property
    def check(self) -> str:
        """What two people read to each other, in groups of four."""
        digits = hashlib.sha256(self.serialize().encode()).hexdigest()[:_CHECK_DIGITS]
        return " ".join(digits[at : at + 4] for at in range(0, _CHECK_DIGITS, 4))
