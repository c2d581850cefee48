"""The word lists that codenames and passphrases are spelled in.

They are the BIP-39 lists of PyPI `mnemonic`: 2,048 words each, so a word is 11 bits; in each of
them the first four letters tell a word. Words are given out in Unicode's composed form (NFC), as
keyboards type them; the published lists are decomposed in part. Two spellings that fold alike are
one word: any case, any accent (the two dots of ё are one), except for the breve of й, which makes
another letter.

Source: github.com/bitcoin/bips, bip-0039; the Russian list is `mnemonic`'s own.
"""

import functools
import secrets
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from mnemonic import Mnemonic

# The order is fixed: it decides which list wins when two could spell the same words.
NAMES = MappingProxyType(
    {
        "en": "english",
        "fr": "french",
        "it": "italian",
        "es": "spanish",
        "pt": "portuguese",
        "cs": "czech",
        "ru": "russian",
    }
)
FALLBACK = "en"
WORD_BITS = 11
PREFIX_LETTERS = 4
PASSPHRASE_WORDS = 7

_SHORT_I, _BREVE = "\N{CYRILLIC SMALL LETTER I}", "\N{COMBINING BREVE}"
# Release 0.21 of `mnemonic` ships one Russian word with two letters lost; its place tells which.
_LOST, _MENDED = "\N{REPLACEMENT CHARACTER}", "снова"


def fold(text: str) -> str:
    """Return the spelling by which words are compared."""
    letters: list[str] = []
    for letter in unicodedata.normalize("NFKD", text).casefold():
        if not unicodedata.combining(letter):
            letters.append(letter)
        elif letter == _BREVE and letters and letters[-1] == _SHORT_I:
            letters[-1] = "й"
    return "".join(letters)


@dataclass(frozen=True, slots=True)
class WordList:
    """One language's 2,048 words, and where a typed word stands among them."""

    language: str
    words: tuple[str, ...]
    _whole: dict[str, int]
    _prefixes: dict[str, int]

    @classmethod
    def from_words(cls, language: str, words: tuple[str, ...]) -> Self:
        """Index a list of words."""
        whole = {fold(word): place for place, word in enumerate(words)}
        prefixes = {folded[:PREFIX_LETTERS]: place for folded, place in whole.items()}
        return cls(language, words, whole, prefixes)

    def find(self, folded: str) -> int | None:
        """Return the place of a whole word, given folded."""
        return self._whole.get(folded)

    def find_shortened(self, folded: str) -> int | None:
        """Return the place of a word of which at least the first four letters are given, folded.

        Letters after the fourth must be right as well: ignoring them would hide typing errors.
        """
        if (place := self.find(folded)) is not None:
            return place
        place = self._prefixes.get(folded[:PREFIX_LETTERS])
        if place is None or not fold(self.words[place]).startswith(folded):
            return None
        return place


@functools.cache
def word_list(language: str) -> WordList:
    """Return a language's list, read once; the English one for a language without."""
    if language not in NAMES:
        return word_list(FALLBACK)
    words = (
        _MENDED if _LOST in word else unicodedata.normalize("NFC", word)
        for word in Mnemonic(NAMES[language]).wordlist
    )
    return WordList.from_words(language, tuple(words))


def draw_passphrase(language: str = FALLBACK) -> str:
    """Draw words for a passphrase: 77 bits, and every guess costs a second of scrypt."""
    words = word_list(language).words
    return " ".join(secrets.choice(words) for _ in range(PASSPHRASE_WORDS))
