"""axe-core finds nothing on any page, in light and dark. It needs scripts; the pages do not."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.every_page import every_page
from tests.browser.source import Source
from tests.support.service import Running

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("code", "scheme"), [("en", "light"), ("ru", "dark")])
def test_axe_finds_nothing_on_any_page(
    browser: Browser, running: Running, code: str, scheme: str
) -> None:
    source = Source.arrive(browser, running, code, java_script_enabled=True, color_scheme=scheme)
    for name in every_page(source):
        results = Axe().run(source.page)
        found = [
            (one["id"], [node["html"] for node in one["nodes"]])
            for one in results.response["violations"]
        ]
        assert found == [], name
