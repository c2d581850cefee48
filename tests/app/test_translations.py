"""Every word of the pages goes through gettext, and every language has all of them."""

import html.parser
import re
import string

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment

from app.errors import Reason
from app.languages import Languages
from app.words import ADVICE, STATUSES
from crypto.bag_info import StatusCode
from resources import resource
from tests.support.service import ROOT

TEMPLATES = sorted((resource("templates") / "source").glob("*.html"))
CATALOGUES = sorted(resource("locales").glob("*/LC_MESSAGES/candor.po"))
# what a screen reader says, or a browser shows, of an element's attributes
SPOKEN = {"aria-label", "aria-description", "title", "alt", "placeholder", "value", "label"}
NOT_WORDS = {"yes"}  # values that only the server sees


def read(path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def texts_of(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def ids_of(message_id: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (message_id,) if isinstance(message_id, str) else tuple(message_id)


def words_of_the_program() -> set[tuple[str, ...]]:
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None}
    return {
        ids_of(message)
        for directory in ("app", "forms", "templates/source")
        for _, _, message, _, _ in extract_from_dir(ROOT / directory, methods, options, keywords)
    }


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_catalogue_has_exactly_the_words_of_the_program(path) -> None:
    assert {ids_of(message.id) for message in read(path) if message.id} == words_of_the_program()


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_message_is_missing_or_fuzzy(path) -> None:
    catalogue = read(path)
    for message in catalogue:
        if message.id:
            forms = catalogue.num_plurals if message.pluralizable else 1
            assert not message.fuzzy, message.id
            assert len(texts_of(message)) == forms, message.id
            assert all(text.strip() for text in texts_of(message)), message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_translation_has_the_placeholders_of_its_message(path) -> None:
    for message in read(path):
        wanted = placeholders(ids_of(message.id)[0]) if message.id else set()
        for text in texts_of(message) if message.id else ():
            assert placeholders(text) == wanted, message.id
            assert "%" not in re.sub(r"%\(\w+\)s", "", text), message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_translation_has_no_stray_spaces(path) -> None:
    for message in read(path):
        for text in texts_of(message) if message.id else ():
            assert text == text.strip()
            assert "  " not in text


class Words(html.parser.HTMLParser):
    """Collects what a reader would see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [value or "" for name, value in attrs if name in SPOKEN]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_words_of_its_own(path) -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    tokens = environment.lex(path.read_text("utf-8"))
    markup = "".join(text for _, kind, text in tokens if kind == "data")
    words = Words()
    # A macro may give attributes without the element that they go to.
    words.feed(re.sub(r'aria-(describedby|invalid)="[^"<>]*"', "", markup))
    words.close()
    bare = [text.strip() for text in words.found if set(text) & set(string.ascii_letters)]
    assert set(bare) <= NOT_WORDS


def test_every_reason_and_every_status_has_words() -> None:
    assert ADVICE.keys() == set(Reason)
    assert STATUSES.keys() == set(StatusCode)


def test_russian_counts_as_russians_do() -> None:
    russian = Languages.load()["ru"].catalogue
    one, many = "%(num)s answer is waiting.", "%(num)s answers are waiting."
    said = [russian.ngettext(one, many, count) % {"num": count} for count in (1, 2, 5, 11, 21)]
    assert said == [
        "Вас ждёт 1 ответ.",
        "Вас ждут 2 ответа.",
        "Вас ждут 5 ответов.",
        "Вас ждут 11 ответов.",
        "Вас ждёт 21 ответ.",
    ]
