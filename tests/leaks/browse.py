"""A source at a browser without scripts, in a process of its own.

`python -m tests.leaks.browse ORIGIN LATIN CYRILLIC FILE` sends a report and a message, and prints
the secret words. TMPDIR keeps what the browser writes apart from what the service may write.
"""

import sys

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM


def fill_everything(page: Page, text: str) -> None:
    """Unfold every section, and answer every question in it."""
    folded = page.locator("form[enctype] details:not([open]) > summary")
    while folded.count():
        folded.first.click()
    form = page.locator("form[enctype]")
    for box in form.locator("textarea, input[type=text]").all():
        box.fill(f"{text} in {box.get_attribute('name')}")
    for choice in form.locator("input[type=checkbox], input[type=radio]").all():
        choice.check()


def main(origin: str, latin: str, cyrillic: str, file: str) -> list[str]:
    """Go all the way: report, words, check, mailbox, message with a file, leave."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(
            java_script_enabled=False,
            user_agent=f"{latin}/1.0 (agent)",
            extra_http_headers={"X-Forwarded-For": latin, f"X-{latin}": latin},
        )
        cookie = {"name": latin, "value": latin, "url": origin}
        context.add_cookies([cookie])
        page = context.new_page()
        page.goto(f"{origin}/en/report/general", referer=f"http://{latin}.example/")
        fill_everything(page, f"{latin} {cyrillic}")
        page.set_input_files("input[type=file]", file)
        page.locator("form[enctype] button").click(timeout=120_000)
        page.wait_for_url(f"{origin}/en/sent", timeout=120_000)
        words = page.locator(".words li").all_inner_texts()
        page.locator("details:has([name=words]) > summary").click()
        page.locator("[name=words]").fill(" ".join(words))
        page.locator("form[action$=check] button").click()
        page.locator("details:has(form[action$=receipt]) > summary").click()
        page.locator("form[action$=receipt] button").click()
        page.goto(f"{origin}/en/sent")
        page.locator("form[action$=done] button").click()
        page.wait_for_url(f"{origin}/en/mailbox")
        page.goto(f"{origin}/en/mailbox/general")
        fill_everything(page, f"{latin} {cyrillic}")
        page.locator("form[enctype] button").click()
        page.wait_for_url(f"{origin}/en/mailbox")
        page.goto(f"{origin}/en/leave")
        browser.close()
    return words


if __name__ == "__main__":
    sys.stdout.write(" ".join(main(*sys.argv[1:])))
