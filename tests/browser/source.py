"""A source at a browser: what they read, press and type, in their own language."""

from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page, expect

from app.languages import Language, Languages
from crypto.bag_info import BagKind
from tests.support.replies import deliver, reply_info
from tests.support.service import Running

LANGUAGES = Languages.load()
FILES = [
    {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8" * 40_000},
    {"name": "списки.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" * 100},
]
REPORT = 'They paid "for the roof" <twice>.\nI saw the papers.'


@dataclass(frozen=True)
class Source:
    """Somebody at a page of the service; texts are given in English and read as translated."""

    page: Page
    running: Running
    language: Language

    @classmethod
    def arrive(
        cls, browser: Browser, running: Running, code: str = "en", **context: object
    ) -> "Source":
        """Open the first page in a fresh browser, without scripts unless said otherwise."""
        options = {"java_script_enabled": False, "viewport": {"width": 800, "height": 900}}
        page = browser.new_context(**(options | context)).new_page()
        page.set_default_timeout(15_000)
        source = cls(page, running, LANGUAGES[code])
        source.go("")
        return source

    def said(self, message: str, **values: object) -> str:
        text = self.language.gettext(message)
        assert text != message or self.language.code == "en", message
        return text % values if values else text

    def go(self, path: str) -> None:
        self.page.goto(f"{self.running.origin}/{self.language.code}/{path}")

    def follow(self, message: str) -> None:
        self.goes_on(self.page.get_by_role("link", name=self.said(message), exact=True))

    def button(self, message: str) -> Locator:
        return self.page.get_by_role("button", name=self.said(message), exact=True)

    def press(self, message: str) -> None:
        self.goes_on(self.button(message))

    def goes_on(self, control: Locator) -> None:
        """Click what leads to another page, and wait until that page stands with its style.

        A click returns as soon as the answer begins; without the style sheet axe takes the dark
        scheme's light links to stand on white.
        """
        with self.page.expect_event("load"):
            control.click()

    def unfold(self, message: str) -> None:
        self.page.locator("summary").filter(has_text=self.said(message)).click()

    def field(self, message: str) -> Locator:
        return self.page.get_by_label(self.said(message), exact=True)

    def reads(self, message: str, **values: object) -> None:
        expect(self.page.locator("main")).to_contain_text(self.said(message, **values))

    def heading(self, message: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.said(message))

    def words(self) -> list[str]:
        return self.page.locator(".words li").all_inner_texts()

    def send_report(self) -> None:
        """Go from the first page to the secret words."""
        self.follow("Send a report")
        self.field("Your report").fill(REPORT)
        self.press("Send the report")
        self.heading("Your report has arrived")

    def is_answered(self, text: str, number: int = 1) -> None:
        """Let a reviewer answer the report, as if days had passed."""
        house = self.running.house
        report = next(bag for bag in house.bags("press") if bag.kind is BagKind.REPORT)
        deliver(house, reply_info(report, number=number), text)
