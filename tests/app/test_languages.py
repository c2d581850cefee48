"""Which language a browser gets, and how each writes days and sizes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.languages import Languages

LANGUAGES = Languages.load()


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-GB", "en"),
        ("de, ru;q=0.5, en;q=0.4", "ru"),
        ("en;q=0.1, ru;q=0.9", "ru"),
        ("ru;q=0, en;q=0.1", "en"),
        ("de", "en"),
        ("*", "en"),
        ("", "en"),
        ("ru;q=nan", "en"),
        ("x" * 600 + ",ru", "en"),
    ],
)
def test_a_browser_gets_the_language_it_wants_most(header: str, code: str) -> None:
    assert LANGUAGES.best(header).code == code


@given(st.text())
def test_any_header_gets_some_language(header: str) -> None:
    assert LANGUAGES.best(header).code in LANGUAGES.codes


def test_languages_are_named_in_themselves() -> None:
    assert [language.name for language in LANGUAGES] == ["English", "Русский"]


@pytest.mark.parametrize(
    ("code", "size_bytes", "text"),
    [
        ("en", 0, "0 bytes"),
        ("en", 1, "1 byte"),
        ("en", 1023, "1,023 bytes"),
        ("en", 1024, "1 kB"),
        ("en", 1536 * 1024, "1.5 MB"),
        ("en", 4 << 30, "4 GB"),
        ("ru", 1, "1 байт"),
        ("ru", 2, "2 байта"),
        ("ru", 5, "5 байт"),
        ("ru", 1536 * 1024, "1,5 МБ"),
    ],
)
def test_sizes_are_written_as_people_say_them(code: str, size_bytes: int, text: str) -> None:
    # Typographers' spaces keep a number and its unit on one line.
    assert LANGUAGES[code].size(size_bytes).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(("code", "text"), [("en", "3 May 2027"), ("ru", "3 мая 2027")])
def test_days_are_written_out_without_a_trailing_stop(code: str, text: str) -> None:
    assert LANGUAGES[code].day(date(2027, 5, 3)) == text


def test_a_text_without_this_language_is_shown_in_english_else_in_any() -> None:
    russian = LANGUAGES["ru"]
    assert russian.text_of({"ru": "да", "en": "yes"}) == "да"
    assert russian.text_of({"en": "yes", "fr": "oui"}) == "yes"
    assert russian.text_of({"fr": "oui"}) == "oui"
    assert russian.text_of({}) == ""
