"""A mailbox as a source uses it: words typed, pages read."""

import re

from crypto.codename import Codename
from crypto.source_keys import SourceKeys, derive_source_keys
from tests.app.conftest import Web
from tests.app.test_pages import Markup

TYPING_ERROR = "There is a typing error in the words."
CODENAME = Codename.from_random(bytes(range(10)))


def words_on(text: str) -> str:
    shown = text.split('class="words"')[1].split("</ol>", maxsplit=1)[0]
    return " ".join(re.findall("<li>(.*?)</li>", shown))


def open_with(web: Web, words: str, code: str = "en"):
    return web.client.post(f"/{code}/mailbox/open", data={"words": words}, follow_redirects=False)


def opened(web: Web, words: str = " ".join(CODENAME.words)) -> str:
    assert open_with(web, words).status_code == 303
    return web.client.get("/en/mailbox").text


def keys_of(web: Web, codename: Codename = CODENAME) -> SourceKeys:
    return derive_source_keys(codename, web.service.roster.service_id)


def chosen_readers(text: str) -> list[str | None]:
    boxes = [found for found in Markup(text).all("input") if found.get("name") == "reader"]
    return [found["value"] for found in boxes if "checked" in found]
