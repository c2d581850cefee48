"""The languages the service speaks, and how each writes its words, days and sizes.

The texts in the code and the templates are English and are themselves the message ids. A catalogue
is read as the translator wrote it (`.po`) when the service starts: nothing has to be built first.
"""

import gettext
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from babel import Locale, dates, lists, negotiate_locale, numbers, units
from babel.messages import mofile, pofile

from resources import resource

DOMAIN = "candor"
SOURCE_LANGUAGE = "en"
# English days are written with the day first, as most of the world does.
_TERRITORIES = {"en": "en_GB"}
# The long form of a Russian day ends in an abbreviation whose full stop breaks the sentence's end.
_DAY_PATTERNS = {"ru": "d MMMM y"}
# A browser's own header is far shorter; a longer one is not worth reading.
_MAX_ACCEPT_LANGUAGE = 512
_SIZE_STEP = 1024
_SIZE_UNITS = ("digital-byte", "digital-kilobyte", "digital-megabyte", "digital-gigabyte")


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code in addresses, its own name, its words and its habits.

    Attributes:
        code: the first part of every address, and the `lang` of every page.
        name: the language's name as its speakers write it.
    """

    code: str
    name: str
    locale: Locale
    catalogue: gettext.NullTranslations

    @property
    def direction(self) -> str:
        """Say which way the language is written: `ltr` or `rtl`."""
        return str(self.locale.text_direction)

    def gettext(self, message: str) -> str:
        """Translate one message."""
        return self.catalogue.gettext(message)

    def day(self, day: date) -> str:
        """Write a day out, such as "23 November 2026"."""
        return dates.format_date(day, _DAY_PATTERNS.get(self.code, "long"), self.locale)

    def size(self, size_bytes: int) -> str:
        """Write a number of bytes as a person would, such as "1.5 MB"."""
        value, unit = float(size_bytes), 0
        while value >= _SIZE_STEP and unit < len(_SIZE_UNITS) - 1:
            value, unit = value / _SIZE_STEP, unit + 1
        # Only bytes are written out: "12 bytes", but "1.5 MB".
        return units.format_unit(
            round(value, 1), _SIZE_UNITS[unit], "short" if unit else "long", locale=self.locale
        )

    def number(self, number: int) -> str:
        """Write a number, such as "12,345"."""
        return numbers.format_decimal(number, locale=self.locale)

    def listing(self, items: Iterable[str]) -> str:
        """Write several things as one phrase, such as "a, b and c"."""
        return lists.format_list(list(items), locale=self.locale)

    def text_of(self, texts: Mapping[str, str]) -> str:
        """Choose from texts by language, such as a channel's names in the roster.

        A text that lacks this language is shown in English, else in any language it has.
        """
        for code in (self.code, SOURCE_LANGUAGE):
            if code in texts:
                return texts[code]
        return next(iter(texts.values()), "")


class Languages:
    """Every language on offer, the source language first."""

    def __init__(self, languages: Sequence[Language]) -> None:
        self._by_code = {language.code: language for language in languages}

    @classmethod
    def load(cls, directory: Path | None = None) -> "Languages":
        """Read every catalogue under `directory`: `<code>/LC_MESSAGES/candor.po`."""
        found = (directory or resource("locales")).glob(f"*/LC_MESSAGES/{DOMAIN}.po")
        catalogues = {SOURCE_LANGUAGE: gettext.NullTranslations()}
        catalogues |= {path.parent.parent.name: _read_catalogue(path) for path in found}
        codes = sorted(catalogues, key=lambda code: (code != SOURCE_LANGUAGE, code))
        return cls([_language(code, catalogues[code]) for code in codes])

    def __iter__(self) -> Iterator[Language]:
        return iter(self._by_code.values())

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Language:
        """Find a language by its code.

        Raises:
            KeyError: the service does not speak it.
        """
        return self._by_code[code]

    @property
    def codes(self) -> tuple[str, ...]:
        """List the codes of all languages."""
        return tuple(self._by_code)

    def best(self, accept_language: str) -> Language:
        """Choose the language that a browser's `Accept-Language` asks for, else English.

        Source: RFC 9110, section 12.5.4.
        """
        wanted = _preferences(accept_language[:_MAX_ACCEPT_LANGUAGE])
        code = negotiate_locale(wanted, self.codes, sep="-")
        return self._by_code[code if code in self._by_code else SOURCE_LANGUAGE]


def _language(code: str, catalogue: gettext.NullTranslations) -> Language:
    locale = Locale.parse(_TERRITORIES.get(code, code))
    name = locale.language_name or code
    return Language(code, name[:1].upper() + name[1:], locale, catalogue)


def _read_catalogue(path: Path) -> gettext.GNUTranslations:
    with path.open("rb") as file:
        catalogue = pofile.read_po(file, abort_invalid=True)
    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _preferences(header: str) -> list[str]:
    """List the language tags of an `Accept-Language` header, the most wanted first."""
    weighted: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, parameter = part.partition(";")
        weight = _weight(parameter.strip())
        if tag.strip() and weight > 0:
            weighted.append((weight, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
