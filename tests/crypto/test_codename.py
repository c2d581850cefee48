"""Secret words: drawn, spelled, and read back however they are typed."""

import hashlib
import json
import random
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.codename import Codename
from crypto.errors import CodenameTypoError
from crypto.wordlist import NAMES, WordList, fold, word_list

LISTS = {
    "en": "187db04a869dd9bc7be80d21a86497d692c0db6abd3aa8cb6be5d618ff757fae",
    "fr": "a987d13c85916835e44001998f43aa71e1be667bd16fa868823ed7adbaf630ef",
    "it": "ffefe450a4be8015d9c291d6ae305ab7e814e822113fa874268c3074af42b27e",
    "es": "9853830bbcfccfaa4f9185af63bbdfdff9c8f57aa61e14b60e19abd93cdb9166",
    "pt": "882265ece9ce1178b9fe47463d571dfa399c6fc7cb17895eb2767f1930c945eb",
    "cs": "63a3babb46c556473cd58ddf195dcd2a91aff3674a9656efa6e0ad8598875f3e",
    "ru": "2439333f64847a2c60c7d0cdcdcad20ca3cb546ac108f0fe8b0b8bcaa0947443",
}
RANDOM = bytes(range(10))
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "codename.json").read_bytes())

languages = st.sampled_from(sorted(NAMES))
randoms = st.binary(min_size=10, max_size=10)
separators = st.text(
    " \t\r\n,.;:-\N{EN DASH}\N{EM DASH}_/|\"'*•0123456789()\N{ZERO WIDTH SPACE}\N{NO-BREAK SPACE}",
    min_size=1,
    max_size=9,
)


def bare(word: str) -> str:
    """Take the accents off a Latin word, and leave a Cyrillic one."""
    plain = unicodedata.normalize("NFD", word)
    if any("а" <= letter <= "я" for letter in plain):
        return word
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@st.composite
def mangled(draw: st.DrawFn, words: tuple[str, ...]) -> str:
    """Type words as people do."""
    text = draw(st.sampled_from(["", " ", "1. "]))
    for word in words:
        typed = word
        if draw(st.booleans()):
            typed = bare(typed)
        if draw(st.booleans()):
            typed = typed[: draw(st.integers(4, 8))]
        change = draw(st.sampled_from([str, str.upper, str.title, str.swapcase]))
        form = draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
        text += unicodedata.normalize(form, change(typed)) + draw(separators)
    return text


@given(st.data(), randoms, languages, st.sampled_from([*sorted(NAMES), "de", "zh"]))
def test_every_codename_of_every_list_is_read_however_it_is_typed(
    data: st.DataObject, drawn: bytes, language: str, page_language: str
) -> None:
    codename = Codename.from_random(drawn, language)
    typed = data.draw(mangled(codename.words))
    found = Codename.parse(typed, page_language)
    # Another list may win by its place in the order, once in 256 times that it has all eight words.
    assert found == codename or found.language != language


@given(randoms, languages)
def test_words_as_shown_are_read_to_the_same_secret(drawn: bytes, language: str) -> None:
    codename = Codename.from_random(drawn, language)
    assert len(codename.words) == 8
    assert set(codename.words) <= set(word_list(language).words)
    assert Codename.parse(" ".join(codename.words), language) == codename


@given(randoms)
def test_the_secret_is_the_same_whatever_list_spells_it(drawn: bytes) -> None:
    secrets = {Codename.from_random(drawn, language).secret for language in NAMES}
    assert len(secrets) == 1
    (secret,) = secrets
    assert secret[:10] == drawn
    assert secret[10:] == hashlib.blake2b(b"candor codename" + drawn, digest_size=32).digest()[:1]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["random_hex"])
def test_the_words_of_pinned_secrets_stay_as_they_are(vector: dict[str, Any]) -> None:
    for language, words in vector["words"].items():
        codename = Codename.from_random(bytes.fromhex(vector["random_hex"]), language)
        assert " ".join(codename.words) == words
        assert codename.secret.hex() == vector["secret_hex"]
        assert Codename.parse(words, language) == codename


@pytest.mark.parametrize("language", NAMES)
def test_each_list_is_the_published_one(language: str) -> None:
    words = word_list(language).words
    assert hashlib.sha256("\n".join(words).encode()).hexdigest() == LISTS[language]
    assert len({fold(word) for word in words}) == 2048


@pytest.mark.parametrize("language", NAMES)
def test_shown_words_are_composed_lower_case_letters(language: str) -> None:
    for word in word_list(language).words:
        assert unicodedata.is_normalized("NFC", word)
        assert word.isalpha()
        assert word == word.lower()


@pytest.mark.parametrize("language", NAMES)
def test_the_first_four_letters_tell_a_word(language: str) -> None:
    words = word_list(language)
    for place, word in enumerate(words.words):
        assert words.find_shortened(fold(word)[:4]) == place
        assert words.find_shortened(fold(word)) == words.find(fold(word)) == place
    assert words.find_shortened(fold(words.words[0])[:3]) is None
    assert words.find_shortened(fold(words.words[0])[:4] + "§") is None


def test_a_language_without_a_list_uses_english_words() -> None:
    codename = Codename.from_random(RANDOM, "de")
    assert codename.language == "en"
    assert Codename.parse(" ".join(codename.words), "de") == codename


def test_the_dots_of_yo_are_optional_and_the_breve_of_short_i_is_not() -> None:
    words = word_list("ru")
    assert words.find(fold("белый")) == words.find(fold("бёлый")) is not None
    assert words.find(fold("белыи")) is None


def test_words_of_two_lists_are_not_mixed() -> None:
    english = Codename.from_random(RANDOM, "en").words
    russian = Codename.from_random(RANDOM, "ru").words
    for cut in range(1, 8):
        with pytest.raises(CodenameTypoError):
            Codename.parse(" ".join(english[:cut] + russian[cut:]))


def test_a_wrong_last_word_fits_exactly_seven_times_in_2047() -> None:
    """Three of the last word's bits are free and eight are the check, whatever was drawn."""
    words = Codename.from_random(RANDOM).words
    others = [word for word in word_list("en").words if word != words[-1]]
    assert sum(is_read([*words[:-1], other]) for other in others) == 7


def test_a_wrong_word_elsewhere_fits_about_once_in_256_times() -> None:
    words = Codename.from_random(RANDOM).words
    everything = word_list("en").words
    accepted = sum(
        is_read([*words[:place], other, *words[place + 1 :]])
        for place in range(7)
        for other in everything
        if other != words[place]
    )
    expected = 7 * 2047 / 256  # 56, with a standard deviation of 7.5; nothing here is random
    assert abs(accepted - expected) < 25


def is_read(words: list[str]) -> bool:
    """Read a codename by the arithmetic of the protocol, written a second time."""
    places = [word_list("en").words.index(word) for word in words]
    secret = int("".join(f"{place:011b}" for place in places), 2).to_bytes(11, "big")
    fits = (
        hashlib.blake2b(b"candor codename" + secret[:10], digest_size=32).digest()[0] == secret[10]
    )
    try:
        found = Codename.parse(" ".join(words))
    except CodenameTypoError:
        assert not fits
        return False
    assert fits
    assert found.secret == secret
    return True


@given(st.text(max_size=200))
def test_noise_is_a_typing_error_and_nothing_else_is_raised(noise: str) -> None:
    with pytest.raises(CodenameTypoError):
        Codename.parse(noise)


@pytest.mark.parametrize("count", [0, 1, 7, 9, 16])
def test_another_number_of_words_is_a_typing_error(count: int) -> None:
    words = (Codename.from_random(RANDOM).words * 2)[:count]
    with pytest.raises(CodenameTypoError):
        Codename.parse(" ".join(words))


def test_very_long_input_is_a_typing_error() -> None:
    words = Codename.from_random(RANDOM).words
    with pytest.raises(CodenameTypoError):
        Codename.parse((" " * 200).join(words))


def test_invisible_characters_inside_words_do_not_matter() -> None:
    codename = Codename.from_random(RANDOM)
    typed = "\N{BYTE ORDER MARK}" + " ".join(
        word[:2] + "\N{SOFT HYPHEN}" + word[2:] + "\N{LEFT-TO-RIGHT MARK}"
        for word in codename.words
    )
    assert Codename.parse(typed) == codename


def test_whole_words_of_another_list_go_before_shortened_ones_of_the_pages() -> None:
    """Otherwise words typed in full could open another mailbox on a page in another language."""
    english, french = word_list("en"), word_list("fr")
    both = [word for word in english.words if clashes(word, french)]
    generator = random.Random(34)  # finds some soon
    for _ in range(200_000):
        typed = generator.choices(both, k=8)
        whole = spelled(typed, english.find)
        shortened = spelled(typed, french.find_shortened)
        if whole and shortened:
            assert Codename.parse(" ".join(typed), "fr").language == "en"
            return
    pytest.fail("no such words were found")


def clashes(word: str, other: WordList) -> bool:
    return other.find(word) is None and other.find_shortened(word) is not None


def spelled(typed: list[str], find: object) -> bool:
    assert callable(find)
    bits = 0
    for word in typed:
        bits = bits << 11 | find(word)
    secret = bits.to_bytes(11, "big")
    return (
        hashlib.blake2b(b"candor codename" + secret[:10], digest_size=32).digest()[0] == secret[10]
    )


def test_two_codenames_are_never_drawn_alike() -> None:
    assert len({Codename.generate("ru").secret for _ in range(1000)}) == 1000


def test_a_codename_keeps_its_secret_out_of_messages() -> None:
    codename = Codename.from_random(RANDOM)
    assert repr(codename) == "Codename(language='en')"
    with pytest.raises(CodenameTypoError) as refusal:
        Codename.parse("abandon abandon abandon abandon abandon abandon abandon secretword")
    assert "secretword" not in str(refusal.value)


@pytest.mark.parametrize("secret", [b"", bytes(10), bytes(12), bytes(11)])
def test_a_secret_without_its_check_byte_is_refused(secret: bytes) -> None:
    with pytest.raises(CodenameTypoError):
        Codename(secret)
