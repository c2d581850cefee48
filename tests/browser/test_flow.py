"""A source's whole way through the service, without scripts, in each language."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from crypto.bag_info import BagKind, SourceInfo
from tests.browser.source import FILES, LANGUAGES, REPORT, Source
from tests.support.service import Running

pytestmark = pytest.mark.browser

CODES = list(LANGUAGES.codes)


@pytest.fixture(params=CODES)
def source(request: pytest.FixtureRequest, browser: Browser, running: Running) -> Iterator[Source]:
    source = Source.arrive(browser, running, request.param)
    asked: list[str] = []
    refused: list[str] = []
    source.page.on("request", lambda sent: asked.append(sent.url))
    source.page.on("console", lambda said: refused.append(said.text))
    yield source
    assert all(url.startswith(running.origin) for url in asked)
    assert not [text for text in refused if "Content Security Policy" in text]
    source.page.context.close()


def test_a_source_reports_comes_back_reads_answers_and_erases(source: Source) -> None:
    report(source)
    words = take_words(source)
    add_a_message(source)
    leave(source)
    source.is_answered("Thank you. <b>Where</b> was it?")
    come_back(source, words)
    read_and_answer(source)
    erase(source)


def report(source: Source) -> None:
    source.heading("Tell what you know")
    source.follow("Send a report")
    expect(source.page.get_by_role("checkbox", name="Lawyers")).to_be_checked()
    source.page.get_by_role("checkbox", name="Lawyers").uncheck()
    source.field("Your report").fill(REPORT)
    source.unfold("Your situation")
    source.field("Yes, I am").check()
    source.page.locator("input[type=file]").set_input_files(FILES)
    source.press("Send the report")
    source.heading("Your report has arrived")
    source.reads("Who can open it: %(names)s", names="Press")
    source.reads("File %(number)s: %(size)s", number=2, size=source.language.size(400))
    (bag,) = source.running.house.bags("press")
    assert bag.text == REPORT
    assert bag.answers["language"] == source.language.code
    assert bag.answers["answers"]["danger"] == "self"
    assert bag.answers["readers"] == ["press"]
    assert [found.original_name for found in bag.attachments] == [file["name"] for file in FILES]


def take_words(source: Source) -> list[str]:
    words = source.words()
    assert len(words) == 8
    source.unfold("Check the words you wrote")
    box = source.field("Type the words from your paper, not from this page")
    box.fill("one two three")
    source.press("Check the words")
    source.page.locator(".errors a").click()
    expect(box).to_be_visible()
    box.fill(", ".join(words).upper())
    source.press("Check the words")
    source.reads("The words you typed are right.")
    source.press("I have written the words down")
    source.heading("Your mailbox")
    return words


def add_a_message(source: Source) -> None:
    source.follow("Write to the readers")
    expect(source.page.get_by_role("checkbox", name="Press")).to_be_checked()
    expect(source.page.get_by_role("checkbox", name="Lawyers")).not_to_be_checked()
    source.field("Your message").fill("One thing more.")
    source.page.locator("input[type=file]").set_input_files(FILES[1])
    source.press("Send the message")
    source.reads("Your message has arrived")
    source.reads("File %(number)s: %(size)s", number=1, size=source.language.size(400))
    bags = {bag.kind: bag for bag in source.running.house.bags("press")}
    first, later = bags[BagKind.REPORT], bags[BagKind.MESSAGE]
    assert later.text == "One thing more."
    assert isinstance(first.info, SourceInfo)
    assert later.info == first.info


def leave(source: Source) -> None:
    source.follow("Leave now")
    source.heading("This page is empty")
    assert source.page.context.cookies() == []
    source.page.go_back()
    source.heading("Come back with your secret words")


def come_back(source: Source, words: list[str]) -> None:
    source.go("")
    source.follow("I have reported before")
    source.field("Your secret words").fill(" ".join([*words[:7], "x"]))
    source.press("Open the mailbox")
    source.reads(
        "There is a typing error in the words. Please compare them with your paper, one by one."
    )
    source.field("Your secret words").fill("\n".join(words))
    source.press("Open the mailbox")
    source.heading("Your mailbox")


def read_and_answer(source: Source) -> None:
    letter = source.page.get_by_role("article")
    expect(letter).to_contain_text("Press")
    expect(letter).to_contain_text("Thank you. <b>Where</b> was it?")
    source.follow("Write to the readers")
    expect(source.page.get_by_role("checkbox", name="Press")).to_be_checked()
    expect(source.page.get_by_role("checkbox", name="Lawyers")).not_to_be_checked()
    source.field("Your message").fill("Behind the school.")
    source.press("Send the message")
    source.reads("Your message has arrived")


def erase(source: Source) -> None:
    source.is_answered("A second question", number=3)
    source.go("mailbox")
    expect(source.page.get_by_role("article")).to_have_count(2)
    source.goes_on(source.button("I have read this: erase it from the server").first)
    expect(source.page.get_by_role("article")).to_have_count(1)
    source.unfold("Erase all that waits")
    source.press("Erase all that waits")
    expect(source.page.get_by_role("article")).to_have_count(0)


def test_a_refused_form_keeps_what_was_typed_and_leads_to_the_field(source: Source) -> None:
    source.follow("Send a report")
    source.unfold("Money")
    source.field("How did it work?").fill("  ")
    for name in ("Press", "Lawyers"):
        source.page.get_by_role("checkbox", name=name).uncheck()
    source.field("Your report").fill(REPORT)
    source.press("Send the report")
    source.reads("Choose at least one person who may read this.")
    source.page.locator(".errors a").click()
    assert source.page.url.endswith("#field-reader")
    expect(source.field("Your report")).to_have_value(REPORT)
    source.page.get_by_role("checkbox", name="Press").check()
    source.press("Send the report")
    source.heading("Your report has arrived")


def test_another_language_is_one_link_away_and_keeps_the_page(source: Source) -> None:
    source.follow("Send a report")
    for language in LANGUAGES:
        source.goes_on(source.page.get_by_role("link", name=language.name, exact=True))
        assert source.page.url.endswith(f"/{language.code}/report/general")
        expect(source.page.locator("html")).to_have_attribute("lang", language.code)
    source.go("")


def test_who_will_not_return_leaves_without_the_words(source: Source) -> None:
    source.send_report()
    source.follow("I will not return: leave without the words")
    source.heading("This page is empty")
    assert source.page.context.cookies() == []


def test_the_words_print_on_one_sheet_with_nothing_that_tells_what_they_are(source: Source) -> None:
    source.send_report()
    source.page.emulate_media(media="print")
    shown = source.page.locator("body").inner_text().split()
    assert [text for text in shown if not text.isdigit()] == source.words()
    pdf = source.page.pdf(format="A5")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
