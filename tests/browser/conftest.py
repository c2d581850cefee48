"""A real Chromium, and a real server for it to talk to."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.service import Running, running_service

# Debian's own; a machine without it fails these tests, and `make test` says what to install.
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--disable-lcd-text",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one for each module: while Playwright runs, no other test can run an event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def running(tmp_path) -> Iterator[Running]:
    with running_service(tmp_path / "house") as service:
        yield service
