"""The secret words, the mailbox that they open, and what a source can do there."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.factory import create_app
from app.replies import Mail
from app.routes.mailbox import _with_readers_of
from app.session import MailboxSession
from crypto.bag_info import MAX_READERS, StatusCode
from crypto.codename import Codename
from crypto.keys import Identity
from crypto.source_keys import reviewer_signing_key
from intake.service import Intake
from tests.app.conftest import ORIGIN, Web
from tests.app.forms import report
from tests.app.mailbox import (
    CODENAME,
    TYPING_ERROR,
    chosen_readers,
    keys_of,
    open_with,
    opened,
    words_on,
)
from tests.app.test_pages import Markup
from tests.support.replies import deliver, reply_info, sealed_reply
from tests.support.service import make_house, write_roster


def test_the_page_after_a_report_says_what_arrived_and_for_whom(web: Web, sent: str) -> None:
    assert "File 1: 2\N{NO-BREAK SPACE}kB" in sent or "File 1: 2 kB" in sent
    assert "Who can open it: Press<" in sent
    assert len(words_on(sent).split()) == 8


def test_words_are_shown_in_the_language_of_the_page(web: Web) -> None:
    web.post_form(report(), "/ru/report/general")
    text = web.client.get("/ru/sent").text
    assert '<ol class="words" lang="ru">' in text
    assert set(words_on(text)) <= set("абвгдежзийклмнопрстуфхцчшщъыьэюяё ")


def test_typing_the_words_once_says_whether_they_are_right(web: Web, sent: str) -> None:
    words = words_on(sent)
    right = web.client.post("/en/sent/check", data={"words": words.upper().replace(" ", ", ")})
    assert right.status_code == 200
    assert "The words you typed are right." in right.text
    for wrong in ("", "one two", " ".join(CODENAME.words)):
        response = web.client.post("/en/sent/check", data={"words": wrong})
        assert response.status_code == 422
        assert "These are not the words above." in response.text
        assert words_on(response.text) == words


def test_after_the_words_the_session_is_the_mailboxs_and_shows_them_no_more(
    web: Web, sent: str
) -> None:
    response = web.client.post("/en/sent/done", follow_redirects=False)
    assert response.headers["location"] == "/en/mailbox"
    assert words_on(sent).split()[0] not in web.client.get("/en/mailbox").text.split()
    assert web.client.get("/en/sent").status_code == 403


def test_before_the_words_are_taken_note_of_the_mailbox_leads_back_to_them(
    web: Web, sent: str
) -> None:
    response = web.client.get("/en/mailbox", follow_redirects=False)
    assert response.headers["location"] == "/en/sent"


@pytest.mark.parametrize("path", ["sent", "mailbox/general"])
def test_without_a_session_private_pages_say_that_they_have_ended(web: Web, path: str) -> None:
    web.client.cookies.set("session", "forged")
    response = web.client.get(f"/en/{path}")
    assert response.status_code == 403
    assert "This page has ended" in response.text
    assert "Come back with your secret words" in web.client.get("/en/mailbox").text


def test_a_typing_error_is_told_and_nothing_is_looked_up(web: Web) -> None:
    wrong = [*CODENAME.words[:7], "zoo" if CODENAME.words[7] != "zoo" else "zone"]
    response = open_with(web, " ".join(wrong))
    assert response.status_code == 422
    assert TYPING_ERROR in response.text
    assert "set-cookie" not in response.headers
    assert " ".join(wrong) in response.text  # to be put right, not typed anew


def test_words_are_read_however_they_are_typed(web: Web) -> None:
    typed = "\n".join(f"{number}. {word[:4].upper()}" for number, word in enumerate(CODENAME.words))
    assert open_with(web, typed, "ru").status_code == 303


def test_an_unused_codename_looks_exactly_like_an_empty_mailbox(web: Web) -> None:
    deliver(web.house, reply_info(keys_of(web)), "hello")
    assert "hello" in opened(web)
    web.client.post("/en/mailbox/erase", data={"all": "yes"})
    emptied = web.client.get("/en/mailbox")
    web.client.cookies.clear()
    unused = opened(web, " ".join(Codename.generate().words))
    web.client.cookies.clear()
    assert unused == opened(web)
    assert unused == emptied.text


def test_a_reply_is_shown_under_the_name_that_its_signature_proves(web: Web) -> None:
    day = date(2026, 11, 20)
    info = replace(reply_info(keys_of(web), number=3, day=day), readers=("lawyers",))
    deliver(
        web.house,
        info,
        "<b>Thank</b> you",
        status=StatusCode.QUESTION,
        next_day=date(2026, 12, 1),
    )
    text = opened(web)
    assert ">Press</h2>" in text
    assert "reads reports" in text
    assert "Message 3, 20 November 2026" in text
    assert "There is a question for you" in text
    assert "You will hear again by 1 December 2026" in text
    assert "&lt;b&gt;Thank&lt;/b&gt; you" in text
    assert "1 answer is waiting." in text


def test_gaps_among_the_numbers_are_shown(web: Web) -> None:
    for number in (1, 3, 7):
        deliver(web.house, reply_info(keys_of(web), number=number), "x")
    deliver(web.house, reply_info(keys_of(web), number=1_000_000_000), "x", by="lawyers")
    text = opened(web)
    assert "Message 2 from Press is not here" in text
    assert "Messages 4\N{EN DASH}6 from Press are not here" in text
    assert "from Lawyers" not in text


def test_a_number_that_was_given_twice_is_told_of_once(web: Web) -> None:
    for text in ("one", "another", "a third"):
        deliver(web.house, reply_info(keys_of(web), number=2), text)
    deliver(web.house, reply_info(keys_of(web), number=2), "x", by="lawyers")
    text = opened(web)
    assert text.count("Several messages from Press have the number 2.") == 1
    assert "from Lawyers have" not in text
    assert "is not here" not in text


def test_a_reply_by_nobody_of_the_roster_is_not_shown_and_can_be_erased(web: Web) -> None:
    info = reply_info(keys_of(web))
    with Intake(web.house.settings.data) as intake:
        intake.deliver(info.mailbox, sealed_reply(info, "I am the press", Identity.generate()))
        other = reply_info(keys_of(web, Codename.generate()))
        misled = sealed_reply(replace(info, mailbox=other.mailbox), "x", web.house.readers["press"])
        intake.deliver(info.mailbox, misled)
    text = opened(web)
    assert "I am the press" not in text
    assert text.count("It is not shown.") == 2
    hashes = [found["value"] for found in Markup(text).all("input") if found["name"] == "reply"]
    web.client.post("/en/mailbox/erase", data={"reply": hashes[0]})
    assert web.client.get("/en/mailbox").text.count("It is not shown.") == 1


def test_a_reply_that_the_disk_lost_does_not_hide_the_others(web: Web) -> None:
    deliver(web.house, reply_info(keys_of(web), number=1), "the first")
    (lost,) = web.house.stored()
    deliver(web.house, reply_info(keys_of(web), number=2), "the second")
    lost.unlink()
    text = opened(web)
    assert "the second" in text
    assert text.count("It is not shown.") == 1
    web.client.post("/en/mailbox/erase", data={"all": "yes"})
    assert "Nothing is waiting for you." in web.client.get("/en/mailbox").text


def test_one_reply_or_all_can_be_erased(web: Web) -> None:
    for number in (1, 2, 3):
        deliver(web.house, reply_info(keys_of(web), number=number), f"text {number}")
    found = Markup(opened(web)).all("input")
    first = next(box["value"] for box in found if box["name"] == "reply")
    web.client.post("/en/mailbox/erase", data={"reply": first})
    text = web.client.get("/en/mailbox").text
    assert "text 1" not in text
    assert "text 2" in text
    web.client.post("/en/mailbox/erase", data={"all": "yes"})
    assert "Nothing is waiting for you." in web.client.get("/en/mailbox").text


def test_the_mailbox_opens_although_more_reviewers_answered_than_a_channel_has(
    tmp_path: Path,
) -> None:
    """The roster may have more than fit the cookie, and any of them may write to anybody."""
    house = make_house(tmp_path / "house", origin=ORIGIN)
    press, roster = house.roster.reviewers[0], house.roster
    house.readers.update({f"{n:02}".rjust(32, "r"): Identity.generate() for n in range(62)})
    reviewers = tuple(
        replace(
            press,
            id=name,
            recipient=identity.recipient,
            key=reviewer_signing_key(identity).verify_key,
        )
        for name, identity in house.readers.items()
    )
    write_roster(house, roster, reviewers=reviewers)
    with house.open() as service:
        web = Web(house, service, TestClient(create_app(service), ORIGIN))
        info = reply_info(keys_of(web))
        for identity in house.readers.values():
            service.intake.deliver(info.mailbox, sealed_reply(info, "x", identity))
        assert "64 answers are waiting." in opened(web)
        assert chosen_readers(web.client.get("/en/mailbox/general").text) == ["press", "lawyers"]


@pytest.mark.parametrize("channel", [None, "of-an-older-roster"])
def test_without_a_channel_no_more_readers_are_remembered_than_fit(
    web: Web, channel: str | None
) -> None:
    names = tuple(f"r{number:02}" for number in range(MAX_READERS + 1))
    session = MailboxSession(keys_of(web), channel, names)
    kept = _with_readers_of(Mail((), ()), session, web.service.roster)
    assert kept.readers == names[:MAX_READERS]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"words=" + b"a" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"words=%ff", "application/x-www-form-urlencoded", 400),
        (b"words=\xd1\x8f", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 300, "application/x-www-form-urlencoded", 400),
        (b"words=a&words=b", "application/x-www-form-urlencoded", 422),
        (b"words=a", "text/plain", 415),
        (b"", "application/x-www-form-urlencoded", 422),
    ],
)
def test_a_small_form_that_no_browser_sends_is_refused(
    web: Web, body: bytes, content_type: str, status: int
) -> None:
    response = web.client.post(
        "/en/mailbox/open", content=body, headers={"Content-Type": content_type}
    )
    assert response.status_code == status


def test_a_reply_is_named_by_its_hash_or_not_at_all(web: Web) -> None:
    opened(web)
    for wrong in ("", "zz", "ab" * 31):
        response = web.client.post(
            "/en/mailbox/erase", data={"reply": wrong}, follow_redirects=False
        )
        assert response.status_code in {303, 404}
