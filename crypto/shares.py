"""Shares of a key: a secret of 32 bytes as n lists of words, any k of which make it again.

Fewer than k say nothing about it. A share is a SLIP-39 mnemonic of 33 words in one group: set
(15 bits), flags (5), place in the set and k (20), its part of the secret (256), a checksum (30)
that finds every mistake in up to three words. Candor writes no SLIP-39 passphrase and the smallest
number of iterations, since these stretch a passphrase; whoever has k shares needs nothing else.

Python cannot wipe a string: words and joined secrets stay in the memory of the process until it
ends. So they are joined in a command that ends when it is done; nothing here is kept or shown.

This module needs the package shamir-mnemonic, which a server does not have.

Source: SLIP-0039.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from shamir_mnemonic import (  # type: ignore[import-untyped]
    EncryptedMasterSecret,
    MnemonicError,
    decode_mnemonics,
    generate_mnemonics,
    recover_ems,
)
from shamir_mnemonic import Share as Mnemonic
from shamir_mnemonic.wordlist import WORDLIST  # type: ignore[import-untyped]

from crypto.errors import (
    ForeignShareError,
    MistypedShareError,
    OtherSetError,
    RepeatedShareError,
    TooFewSharesError,
    WrongShareError,
)

SECRET_BYTES = 32
WORDS = 33
MIN_THRESHOLD = 2  # a share that suffices alone is a copy
MAX_SHARES = 16  # a place in the set has four bits
_PREFIX_LETTERS = 4  # by which every word of the list is known
_MAX_TEXT_WORDS = 64  # longer than a share of any secret that SLIP-39 wallets make
_WRONG = "together these shares make no key: one of them is not genuine, or of another set"
_SEPARATORS = re.compile(r"[\s,.;]+")

_KNOWN_WORDS = frozenset(WORDLIST)
_BY_PREFIX = {word[:_PREFIX_LETTERS]: word for word in WORDLIST}


@dataclass(frozen=True, slots=True)
class Share:
    """One share, whose checksum holds.

    Attributes:
        words: the mnemonic.
        number: its place in the set, from 1.
        threshold: how many of its set are needed.
        set_id: the same for every share of its set.
    """

    words: tuple[str, ...] = field(repr=False)
    number: int
    threshold: int
    set_id: tuple[int, ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the words of a share, in any case; the first four letters of each suffice.

        Raises:
            MistypedShareError: an unknown word, or the checksum does not fit.
            ForeignShareError: one of a set in groups.
        """
        typed = [word for word in _SEPARATORS.split(text) if word]
        if len(typed) > _MAX_TEXT_WORDS:
            raise MistypedShareError(f"a share has {WORDS} words, and here are many more")
        words = tuple(
            complete_word(word, number=number) for number, word in enumerate(typed, start=1)
        )
        try:
            found = Mnemonic.from_mnemonic(" ".join(words))
        except MnemonicError:  # its words are not for showing
            raise MistypedShareError(_mistyped(len(words))) from None
        if found.group_count != 1:
            raise ForeignShareError("the share is of a set in groups, which Candor does not make")
        set_id = tuple(map(int, found.group_parameters()))
        return cls(words, found.index + 1, found.member_threshold, set_id)

    def serialize(self) -> str:
        """Return the words, a space between them."""
        return " ".join(self.words)


def complete_word(text: str, *, number: int) -> str:
    """Find a word of the list by itself or by its first four letters.

    Args:
        text: in any case.
        number: its place in the share, for the message.

    Raises:
        MistypedShareError: there is no such word.
    """
    word = text.casefold()
    found = word if word in _KNOWN_WORDS else _BY_PREFIX.get(word[:_PREFIX_LETTERS], "")
    if not word or not found.startswith(word):
        raise MistypedShareError(f"word {number} is mistyped: there is no such word")
    return found


def split_secret(secret: bytes, threshold: int, count: int) -> tuple[Share, ...]:
    """Draw a new set of shares of a secret.

    Args:
        secret: 32 bytes.
        threshold: how many will be needed, 2 at least.
        count: how many there will be, 16 at most.

    Raises:
        ValueError: the numbers or the length are others.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError("a secret has 32 bytes")
    if not MIN_THRESHOLD <= threshold <= count <= MAX_SHARES:
        raise ValueError("of 2 to 16 shares 2 or more are needed, and not more than there are")
    (texts,) = generate_mnemonics(1, [(threshold, count)], secret, iteration_exponent=0)
    return tuple(Share.parse(text) for text in texts)


def join_shares(shares: Sequence[Share], *, passphrase: bytes = b"") -> bytes:
    """Make the secret of a set again; each of the shares takes part, also those beyond k.

    Args:
        shares: of one set, in any order.
        passphrase: that of SLIP-39, in sets of other programs.

    Raises:
        OtherSetError: they are of more than one set.
        RepeatedShareError: one of them is there twice.
        TooFewSharesError: says how many are missing.
        WrongShareError: together they make no secret.
    """
    if not shares:
        raise TooFewSharesError("no share is here")
    require_one_set(shares)
    threshold = shares[0].threshold
    missing = threshold - len(shares)
    if missing > 0:
        raise TooFewSharesError(
            f"{threshold} shares are needed: {missing} {'are' if missing > 1 else 'is'} missing"
        )
    *others, _ = shares[:threshold]
    # Each one beyond is tried with these: one that is not genuine must not go unseen.
    found = {_recover([*others, last]) for last in shares[threshold - 1 :]}
    if len(found) > 1:
        raise WrongShareError(_WRONG)
    return bytes(found.pop().decrypt(passphrase))


def require_one_set(shares: Sequence[Share]) -> None:
    """Refuse shares that do not belong together, however many there are.

    Raises:
        OtherSetError: they are of more than one set.
        RepeatedShareError: one of them is there twice.
        WrongShareError: two that differ have the same place in the set.
    """
    for place, share in enumerate(shares[1:], start=2):
        if share.set_id != shares[0].set_id:
            raise OtherSetError(
                f"share {place} of those given is of another set than the first: shares fit only"
                " those that were made with them, and such have the same first two words"
            )
    if len(set(shares)) < len(shares):
        raise RepeatedShareError("the same share was given twice")
    if len({share.number for share in shares}) < len(shares):
        raise WrongShareError(
            "two different shares have one number: one of them is not genuine, or of another set"
        )


def _recover(shares: Sequence[Share]) -> EncryptedMasterSecret:
    try:
        return recover_ems(decode_mnemonics([share.serialize() for share in shares]))
    except MnemonicError:
        raise WrongShareError(_WRONG) from None


def _mistyped(count: int) -> str:
    if count != WORDS:
        return f"a share has {WORDS} words, and here are {count}"
    return "a word of the share is mistyped, or two changed places: compare each with the paper"
