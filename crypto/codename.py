"""A source's secret words: what opens their mailbox, and all that they need to keep.

secret = random (10) || check (1), where check is the first byte of
BLAKE2b-256("candor codename" || random). Its 88 bits, most significant first, are eight places of
11 bits in a word list. The words only spell the secret: everything is derived from the secret, so
the same one spelled in another list is the same codename.
"""

import contextlib
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self

from crypto.errors import CodenameTypoError
from crypto.wordlist import NAMES, WORD_BITS, WordList, fold, word_list

WORDS = 8
RANDOM_BYTES = 10
SECRET_BYTES = 11
MAX_TYPED_LETTERS = 1000  # eight words in any list are under 100; the rest is room for separators

_DOMAIN = b"candor codename"
_WORD = re.compile(r"[^\W\d_]+")
_WORD_MASK = (1 << WORD_BITS) - 1
_ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"


@dataclass(frozen=True, slots=True)
class Codename:
    """Eight words of one list that carry an 11-byte secret.

    Args:
        secret: random (10) || check (1).
        language: the list the words are shown in; English for a language that has none.

    Raises:
        CodenameTypoError: the check byte does not fit.
    """

    secret: bytes = field(repr=False)
    language: str = "en"

    def __post_init__(self) -> None:
        random = self.secret[:RANDOM_BYTES]
        if len(self.secret) != SECRET_BYTES or self.secret != random + _check(random):
            raise CodenameTypoError("the check byte of the words does not fit")
        object.__setattr__(self, "language", word_list(self.language).language)

    @classmethod
    def generate(cls, language: str = "en") -> Self:
        """Draw a new codename."""
        return cls.from_random(secrets.token_bytes(RANDOM_BYTES), language)

    @classmethod
    def from_random(cls, random: bytes, language: str = "en") -> Self:
        """Make the codename that carries these 10 random bytes."""
        return cls(random + _check(random), language)

    @classmethod
    def parse(cls, text: str, language: str = "en") -> Self:
        """Read words as a person types them.

        Any case and any separator, numbers included; accents may be missing; a word may be cut
        after its first four letters. Whole words in every list go before shortened ones, the
        page's language before the others; the first reading whose check byte fits wins.

        Raises:
            CodenameTypoError: no list has these words with a fitting check byte.
        """
        typed = _split(text)
        for words, find in _tries(word_list(language).language):
            places = [find(words, word) for word in typed]
            with contextlib.suppress(CodenameTypoError):
                return cls(_join(places), words.language)
        raise CodenameTypoError("no list has these words with a fitting check byte")

    @property
    def words(self) -> tuple[str, ...]:
        """The eight words, as their list spells them (NFC)."""
        bits = int.from_bytes(self.secret, "big")
        places = range((WORDS - 1) * WORD_BITS, -1, -WORD_BITS)
        words = word_list(self.language).words
        return tuple(words[(bits >> place) & _WORD_MASK] for place in places)


def _check(random: bytes) -> bytes:
    return hashlib.blake2b(_DOMAIN + random, digest_size=32).digest()[:1]


def _split(text: str) -> list[str]:
    """Cut typed text into folded words.

    Invisible characters that phones and word processors put inside words are dropped.
    """
    if len(text) > MAX_TYPED_LETTERS:
        raise CodenameTypoError("more text than eight words can be")
    visible = (
        letter
        for letter in text
        if letter == _ZERO_WIDTH_SPACE or unicodedata.category(letter) != "Cf"
    )
    return _WORD.findall(fold("".join(visible)))


def _tries(language: str) -> Iterator[tuple[WordList, Callable[[WordList, str], int | None]]]:
    """Yield the lists and the ways to look words up in them, in the order in which they count."""
    order = [language, *(other for other in NAMES if other != language)]
    for find in (WordList.find, WordList.find_shortened):
        for other in order:
            yield word_list(other), find


def _join(places: list[int | None]) -> bytes:
    """Join eight places in a list to the secret that they spell."""
    if len(places) != WORDS:
        raise CodenameTypoError("a codename has eight words")
    bits = 0
    for place in places:
        if place is None:
            raise CodenameTypoError("a word is not in the list")
        bits = bits << WORD_BITS | place
    return bits.to_bytes(SECRET_BYTES, "big")
