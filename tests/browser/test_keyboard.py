"""The same way with a keyboard only: every stop in order, and every stop visible."""

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.source import REPORT, Source
from tests.support.service import Running

pytestmark = pytest.mark.browser

MOST_STOPS = 80


def is_focused(target: Locator) -> bool:
    return bool(target.evaluate("element => element === document.activeElement"))


def tab_to(source: Source, target: Locator) -> None:
    """Press Tab until the target has the focus, and see each stop on the way."""
    for _ in range(MOST_STOPS):
        source.page.keyboard.press("Tab")
        here = source.page.locator(":focus")
        if here.count():
            style = here.evaluate("e => [getComputedStyle(e).outlineStyle, e.tagName]")
            assert style[0] == "solid", f"the focus on {style[1]} cannot be seen"
            expect(here).to_be_in_viewport()
        if is_focused(target):
            return
    raise AssertionError("the keyboard does not get there")


def use(source: Source, target: Locator, key: str = "Enter") -> None:
    tab_to(source, target)
    source.page.keyboard.press(key)


def link(source: Source, name: str) -> Locator:
    return source.page.get_by_role("link", name=name, exact=True)


def test_a_report_and_its_mailbox_by_keyboard_only(browser: Browser, running: Running) -> None:
    source = Source.arrive(browser, running)
    keys = source.page.keyboard

    use(source, link(source, "Skip to the main text"))
    assert source.page.url.endswith("#main")
    use(source, link(source, "Send a report"))
    source.page.wait_for_url("**/report/general")
    use(source, source.page.get_by_role("checkbox", name="Lawyers"), "Space")
    use(source, source.page.locator("summary").filter(has_text="Your situation"))
    tab_to(source, source.page.locator("input[name=danger]:checked"))
    keys.press("ArrowUp")
    expect(source.field("I cannot tell")).to_be_checked()
    tab_to(source, source.field("Your report"))
    keys.type(REPORT)
    use(source, source.button("Send the report"))
    source.heading("Your report has arrived")

    words = source.words()
    use(source, source.button("I have written the words down"))
    source.heading("Your mailbox")
    use(source, link(source, "Finish and leave"))
    source.heading("This page is empty")

    source.go("mailbox")
    tab_to(source, source.field("Your secret words"))
    keys.type(" ".join(words))
    use(source, source.button("Open the mailbox"))
    source.heading("Your mailbox")
    (bag,) = running.house.bags("press")
    assert bag.text == REPORT
    assert bag.answers["readers"] == ["press"]
    assert bag.answers["answers"]["danger"] == "unknown"


def test_leave_now_is_at_hand_wherever_the_page_is_scrolled(
    browser: Browser, running: Running
) -> None:
    source = Source.arrive(browser, running, viewport={"width": 360, "height": 640})
    source.go("report/general")
    source.page.keyboard.press("End")
    expect(link(source, "Leave now")).to_be_in_viewport()
    link(source, "Leave now").click()
    source.heading("This page is empty")
