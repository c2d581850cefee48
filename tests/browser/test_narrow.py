"""Every page on the narrowest phone, with the longer words of Russian."""

import pytest
from playwright.sync_api import Browser

from crypto.wordlist import word_list
from tests.browser.every_page import every_page
from tests.browser.source import Source
from tests.support.service import Running

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 640}
FINGER = 44
# links inside a sentence are exempt (WCAG 2.2, 2.5.8); these stand alone
TARGETS = ".button, button, summary, .option, .languages a, .text-link, textarea, input[type=text]"


def test_nothing_is_wider_than_a_phone_and_every_target_fits_a_finger(
    browser: Browser, running: Running
) -> None:
    source = Source.arrive(browser, running, "ru", viewport=PHONE)
    for name in every_page(source):
        page = source.page
        assert page.locator("html").evaluate("page => page.scrollWidth") == PHONE["width"], name
        for target in page.locator(TARGETS).all():
            if target.is_visible() and (box := target.bounding_box()):
                assert box["height"] >= FINGER, (name, target.inner_text())
                assert box["x"] + box["width"] <= PHONE["width"], (name, target.inner_text())


TOO_WIDE = """(frame, words) => words.filter(word => {
  for (const item of frame.children) item.textContent = word;
  return frame.scrollWidth > frame.clientWidth;
})"""


def test_the_longest_words_of_the_lists_stay_in_their_frame(
    browser: Browser, running: Running
) -> None:
    source = Source.arrive(browser, running, "ru")
    source.send_report()
    words = [word for code in ("ru", "en") for word in word_list(code).words if len(word) > 6]
    for width in (320, 358, 359, 360, 384, 385, 412, 480, 481, 800):
        source.page.set_viewport_size({"width": width, "height": 640})
        assert source.page.locator(".words").evaluate(TOO_WIDE, words) == [], width


def test_text_twice_as_large_still_fits(browser: Browser, running: Running) -> None:
    # 400 % on a screen of 1280 pixels is a page of 320 (WCAG 2.2, 1.4.10)
    source = Source.arrive(browser, running, "ru", viewport={"width": 320, "height": 256})
    for path in ("", "report/general", "mailbox"):
        source.go(path)
        assert source.page.locator("html").evaluate("page => page.scrollWidth") <= 320, path
