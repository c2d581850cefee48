"""The number of a report: shown to a source who asks, and by it the report stands in the log."""

import re

from tests.app.conftest import Web


def test_the_number_is_not_on_the_page_after_a_report(web: Web, sent: str) -> None:
    assert number_of(web).hex() not in sent


def test_a_source_who_asks_is_shown_by_which_number_the_report_is_logged(
    web: Web, sent: str
) -> None:
    answer = web.client.post("/en/sent/receipt")
    assert answer.status_code == 200
    shown = re.sub(r"<[^>]+>|\s", "", answer.text)
    assert number_of(web).hex() in shown
    assert f"/log/general/{web.service.today()}.json" in shown


def test_without_a_report_there_is_no_number(web: Web) -> None:
    assert web.client.post("/en/sent/receipt").status_code == 403


def number_of(web: Web) -> bytes:
    (stored,) = web.service.intake.envelopes("general", open_day=True)
    return stored.hash
