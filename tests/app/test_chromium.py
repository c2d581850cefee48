"""A refused upload in a real browser: the page arrives, though most of the file was not read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.support.service import running_service

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
FILE_BYTES = 200_000_000


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser.new_context(java_script_enabled=False).new_page()
        finally:
            browser.close()


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        pytest.param(8 << 20, 413, id="by its length"),
        pytest.param(1 << 30, 422, id="as it is read"),
    ],
)
def test_the_page_of_a_refused_upload_arrives(
    page: Page, tmp_path: Path, limit: int, status: int
) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(FILE_BYTES)
    with running_service(tmp_path / "house", report_limit=limit) as running:
        page.goto(f"{running.origin}/en/report/general")
        page.fill("textarea[name=report]", "what I saw")
        for box in page.locator("input[name=reader]").all():
            box.uncheck()  # nobody to read it: known before the file's first byte
        page.set_input_files("input[name=file]", large)
        with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
            page.locator("main form button").last.click()
        assert answer.value.status == status
        page.wait_for_load_state()
        assert page.locator("textarea[name=report]").is_visible()
        assert running.house.stored() == []
