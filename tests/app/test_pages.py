"""What every page of the source's side promises, and what each one shows."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from starlette.requests import Request
from starlette.responses import Response

from app.errors import STATUS, Reason
from app.pages import problem_page
from crypto.keys import Identity, Recipient
from tests.app.conftest import ORIGIN, Web
from tests.app.forms import file, report
from tests.support.service import write_roster

PAGES = ("", "report/general", "mailbox", "log", "left", "nowhere")
VOID = {"meta", "link", "input", "br"}
NEUTRAL_TITLES = {"Page", "Form", "Messages", "Страница", "Форма", "Сообщения"}


class Markup(HTMLParser):
    """Every element of a page; unbalanced ones fail."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [found[attribute] or "" for _, found in self.elements if attribute in found]


def page(web: Web, path: str) -> Markup:
    return Markup(web.client.get(path).text)


def send(web: Web, *parts: bytes, path: str = "/en/report/general") -> Response:
    response = web.post_form(report(*parts), path)
    assert response.status_code == 303
    return response


@pytest.fixture
def everything(web: Web) -> list[str]:
    """Every page there is, in both languages, refused forms and the sent page among them."""
    texts = [web.client.get(f"/{code}/{path}").text for code in ("en", "ru") for path in PAGES]
    texts.append(web.post_form(report(fields=[("reader", "press")])).text)
    send(web, file("a.txt", b"x"))
    texts += [web.client.get(f"/{code}/sent").text for code in ("en", "ru")]
    texts.append(web.client.post("/en/sent/check", data={"words": "wrong"}).text)
    web.client.post("/en/sent/done")
    texts += [web.client.get(f"/ru/{path}").text for path in ("mailbox", "mailbox/general")]
    return texts


def test_every_page_is_whole_and_asks_nobody_else_for_anything(everything: list[str]) -> None:
    for text in everything:
        markup = Markup(text)
        assert not {"script", "style", "img", "iframe", "object"} & {
            tag for tag, _ in markup.elements
        }
        assert not markup.values("style")
        assert not [name for _, found in markup.elements for name in found if name.startswith("on")]
        for place in markup.values("href") + markup.values("src") + markup.values("action"):
            assert re.match(r"/(?!/)|#", place), place


def test_every_page_has_one_main_heading_a_language_and_a_neutral_title(
    everything: list[str],
) -> None:
    for text in everything:
        markup = Markup(text)
        assert len(markup.all("h1")) == len(markup.all("main")) == 1
        assert markup.all("html")[0]["lang"] in {"en", "ru"}
        assert re.findall("<title>(.*)</title>", text)[0] in NEUTRAL_TITLES


def test_every_id_is_there_once_and_every_reference_finds_one(everything: list[str]) -> None:
    for text in everything:
        markup = Markup(text)
        ids = markup.values("id")
        assert len(set(ids)) == len(ids)
        references = [target for names in ("aria-labelledby", "aria-describedby", "for")
                      for value in markup.values(names) for target in value.split()]  # fmt: skip
        links = [place[1:] for place in markup.values("href") if place.startswith("#")]
        assert set(references + links) <= set(ids)


def test_no_field_is_completed_checked_for_spelling_or_focused_by_the_browser(
    everything: list[str],
) -> None:
    for text in everything:
        markup = Markup(text)
        fields = [found for found in markup.all("input") if found["type"] != "hidden"]
        assert all(found["autocomplete"] == "off" for found in fields + markup.all("textarea"))
        assert all(found["spellcheck"] == "false" for found in markup.all("textarea"))
        assert not markup.values("autofocus")


def test_every_page_but_the_neutral_one_has_leave_now_and_the_fingerprint(
    web: Web, everything: list[str]
) -> None:
    for text in everything:
        neutral = "This page is empty" in text or "Эта страница пуста" in text
        assert (web.house.root.verify_key.serialize() in text) is not neutral
        leaves = [place for place in Markup(text).values("href") if place.endswith("/leave")]
        assert bool(leaves) is not neutral


def test_the_flow_is_light(web: Web) -> None:
    style = len(web.client.get("/static/candor.css", headers={"Accept-Encoding": ""}).content)
    assert len(web.client.get("/en/").content) + style < 50_000
    send(web)
    flow = [f"/ru/{path}" for path in ("", "report/general", "sent", "mailbox")]
    assert sum(len(web.client.get(path).content) + style for path in flow) < 150_000


def test_the_stylesheet_is_the_same_compressed_and_nothing_is_cached(web: Web) -> None:
    plain = web.client.get("/static/candor.css", headers={"Accept-Encoding": "identity"})
    packed = web.client.get("/static/candor.css", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert plain.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("wanted", "place"), [("ru-RU,ru", "/ru/"), ("fr", "/en/"), ("", "/en/")])
def test_the_bare_address_leads_to_the_browsers_language(web: Web, wanted: str, place: str) -> None:
    response = web.client.get("/", headers={"Accept-Language": wanted}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, place)
    assert web.client.get("/ru", follow_redirects=False).headers["location"] == "/ru/"


@pytest.mark.parametrize("path", ["", "report/general", "mailbox", "log", "left"])
def test_another_language_keeps_the_page(web: Web, path: str) -> None:
    assert f"/ru/{path}" in page(web, f"/en/{path}").values("href") or path == "left"
    assert web.client.get(f"/ru/{path}").headers["content-language"] == "ru"


def test_the_first_page_names_who_reads(web: Web) -> None:
    text = web.client.get("/en/").text
    for reviewer in web.house.roster.reviewers:
        assert reviewer.name in text
        assert reviewer.role in text
        assert reviewer.independence in text
    assert "Tor Browser" in text


def test_the_form_has_every_question_in_order_with_files_last(web: Web) -> None:
    markup = page(web, "/en/report/general")
    controls = [found for tag, found in markup.elements if tag in {"input", "textarea"}]
    names = list(dict.fromkeys(found["name"] for found in controls))
    assert names == [field.id for field in web.service.forms["general"].fields]
    assert names[0] == "reader"
    assert names[-1] == "file"


def test_every_reader_is_chosen_and_sections_start_closed(web: Web) -> None:
    markup = page(web, "/en/report/general")
    readers = [found for found in markup.all("input") if found.get("name") == "reader"]
    assert len(readers) == 2
    assert all("checked" in found for found in readers)
    assert markup.all("details")
    assert not [found for found in markup.all("details") if "open" in found]


def test_a_refused_form_comes_back_with_what_was_typed_escaped(web: Web) -> None:
    typed = '\n"quoted" <script>alert(1)</script> & </textarea>'
    fields = [("report", typed), ("danger", "self"), ("money_how", "by <b>wire</b>")]
    response = web.post_form(report(fields=fields))
    assert response.status_code == 422
    text = response.text
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;/textarea&gt;</textarea>" in text
    assert ">\n\n&#34;quoted&#34;" in text  # a browser drops the first of the two line ends
    assert "by &lt;b&gt;wire&lt;/b&gt;" in text
    markup = Markup(text)
    chosen = [found for found in markup.all("input") if "checked" in found]
    assert "self" in {found["value"] for found in chosen if found["name"] == "danger"}
    assert "reader" not in {found["name"] for found in chosen}
    # what was answered or refused stands open
    assert len([found for found in markup.all("details") if "open" in found]) == 2
    assert "#field-reader" in markup.values("href")
    assert markup.all("section")[0]["class"] == "errors"


def test_a_refused_form_speaks_the_sources_language(web: Web) -> None:
    text = web.post_form(report(fields=[("reader", "press")]), "/ru/report/general").text
    assert "Напишите хотя бы несколько слов или выберите файл." in text
    assert "Файлы нужно выбрать заново." in text


def test_limits_are_stated_before_anything_is_sent(web: Web) -> None:
    text = web.client.get("/en/report/general").text
    assert "Up to 50 files, together at most 3" in text


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_page_in_every_language(web: Web, reason: Reason) -> None:
    for code in ("en", "ru"):
        scope = {"type": "http", "path": f"/{code}/x", "headers": [], "app": web.client.app}
        response = problem_page(Request(scope), reason)
        assert response.status_code == STATUS[reason]
        text = bytes(response.body).decode()
        assert f'lang="{code}"' in text
        assert "%(" not in text
        Markup(text)


def test_an_unknown_page_answers_in_the_browsers_language(web: Web) -> None:
    response = web.client.get("/xx/nowhere", headers={"Accept-Language": "ru"})
    assert response.status_code == 404
    assert "Здесь ничего нет" in response.text


def test_several_channels_are_offered_by_name_and_one_is_not_asked_about(web: Web) -> None:
    only = web.client.get("/en/report", follow_redirects=False)
    assert only.headers["location"] == "/en/report/general"
    second = replace(web.house.roster.channels[0], id="prisons", names={"en": "Prisons"})
    roster = replace(web.house.roster, channels=(*web.house.roster.channels, second))
    write_roster(web.house, roster)
    with web.house.open() as service:
        web.client.app.state.service = service
        text = web.client.get("/ru/report", follow_redirects=False).text
    assert "Общий" in text
    assert "Prisons" in text
    assert "/ru/report/prisons" in Markup(text).values("href")


def test_a_channel_that_needs_several_readers_offers_no_choice_and_says_so(web: Web) -> None:
    channel = replace(web.house.roster.channels[0], threshold=2, recipient=Recipient.throw_away())
    write_roster(web.house, replace(web.house.roster, channels=(channel,)))
    with web.house.open() as service:
        web.client.app.state.service = service
        text = web.client.get("/en/report/general").text
        first = web.client.get("/en/").text
        russian = [web.client.get(f"/ru/{page}").text for page in ("report/general", "")]
    assert "reader" not in Markup(text).values("name")
    for shown in (text, first):
        assert "only when 2 of these people do it together: Press and Lawyers." in shown
        assert "You cannot choose among them: one key opens it" in shown
    for shown in russian:
        assert "только если вместе это сделают 2 из этих людей: Press и Lawyers." in shown
        assert "Выбрать кого-то из них нельзя" in shown
    assert "you choose who among them" not in first


def test_a_report_to_a_shared_key_says_together_who_opens_it_and_names_no_readers(web: Web) -> None:
    shared = Identity.generate()
    channel = replace(web.house.roster.channels[0], threshold=2, recipient=shared.recipient)
    write_roster(web.house, replace(web.house.roster, channels=(channel,)))
    with web.house.open() as service:
        web.client.app.state.service = service
        assert web.post_form(report(fields=[("report", "what I saw")])).status_code == 303
        sent = web.client.get("/en/sent").text
        refused = web.post_form(report(fields=[("reader", "press"), ("report", "x")]))
    assert "only when 2 of these people do it together: Press and Lawyers." in sent
    assert "Who can open it" not in sent
    assert refused.status_code == 422
    (bag,) = replace(web.house, readers={"press": shared}).bags()
    assert bag.answers["readers"] == []


def test_without_a_custodian_nobody_is_asked_for_a_name(web: Web) -> None:
    assert "The custodian is" in web.client.get("/en/report/general").text
    write_roster(web.house, replace(web.house.roster, custodian=None))
    with web.house.open() as service:
        web.client.app.state.service = service
        markup = page(web, "/en/report/general")
    assert not [name for name in markup.values("name") if name.startswith("identity_")]


def test_leaving_ends_the_session_and_leads_to_a_page_that_says_nothing(web: Web) -> None:
    send(web)
    response = web.client.get("/en/leave", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/en/left")
    assert response.headers["clear-site-data"] == '"cookies", "storage"'
    assert "max-age=0" in response.headers["set-cookie"].lower()
    assert not web.client.cookies
    assert web.client.get("/en/sent").status_code == 403
    assert ORIGIN not in web.client.get("/en/left").text
