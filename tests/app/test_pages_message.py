"""Messages: whom they are for, and what becomes of what was written."""

import re
from collections.abc import Iterator

import pytest

from crypto.bag_info import BagKind, SourceInfo
from crypto.bag_reader import BagReader
from crypto.codename import Codename
from crypto.envelope import open_seekable
from crypto.errors import NotAddressedError
from tests.app.conftest import Web
from tests.app.forms import field, file, form, report
from tests.app.mailbox import (
    CODENAME,
    TYPING_ERROR,
    chosen_readers,
    keys_of,
    open_with,
    opened,
)
from tests.support.replies import deliver, reply_info


def test_nobody_is_chosen_to_read_a_message_but_whose_replies_were_opened(web: Web) -> None:
    opened(web)
    assert chosen_readers(web.client.get("/en/mailbox/general").text) == []
    deliver(web.house, reply_info(keys_of(web)), "x", by="lawyers")
    opened(web)
    assert chosen_readers(web.client.get("/en/mailbox/general").text) == ["lawyers"]
    # erasing what was read does not forget who wrote it
    web.client.post("/en/mailbox/erase", data={"all": "yes"})
    web.client.get("/en/mailbox")
    assert chosen_readers(web.client.get("/en/mailbox/general").text) == ["lawyers"]


def test_straight_after_a_report_its_readers_are_chosen(web: Web, sent: str) -> None:
    web.client.post("/en/sent/done")
    assert chosen_readers(web.client.get("/en/mailbox/general").text) == ["press"]


def test_a_message_is_sealed_to_whom_it_is_for_and_said_to_have_arrived_once(
    web: Web, sent: str
) -> None:
    web.client.post("/en/sent/done")
    body = form(field("reader", "lawyers"), field("report", "more"), file("b", b"y" * 3072))
    response = web.post_form(body, "/en/mailbox/general")
    assert response.headers["location"] == "/en/mailbox"
    first, second = (web.client.get("/en/mailbox").text for _ in range(2))
    assert "Your message has arrived" in first
    assert "File 1: 3" in first
    assert "Your message has arrived" not in second
    bags = {bag.kind: bag for reader in ("press", "lawyers") for bag in _readable(web, reader)}
    assert bags[BagKind.MESSAGE].text == "more"
    assert bags[BagKind.MESSAGE].info == bags[BagKind.REPORT].info


def test_a_message_is_never_sent_from_another_mailbox_than_its_form_s(web: Web) -> None:
    """Two mailboxes in two tabs, and the session knows only the second."""
    opened(web)
    page = web.client.get("/en/mailbox/general").text
    mark = re.findall('name="mailbox" value="([0-9a-f]{16})"', page)[0]
    other = Codename.from_random(bytes(10))
    open_with(web, " ".join(other.words))
    fields = field("mailbox", mark) + field("reader", "press") + field("report", "from the first")
    refused = web.post_form(form(fields), "/en/mailbox/general")
    assert refused.status_code == 403
    assert "from the first</textarea>" in refused.text
    assert f'name="mailbox" value="{mark}"' in refused.text
    assert 'name="words"' in refused.text
    assert web.house.stored() == []
    again = web.post_form(form(field("words", ""), fields), "/en/mailbox/general")
    assert again.status_code == 403

    words = field("words", " ".join(CODENAME.words))
    accepted = web.post_form(form(words, fields), "/en/mailbox/general")
    assert accepted.headers["location"] == "/en/mailbox"
    (bag,) = _readable(web, "press")
    assert isinstance(bag.info, SourceInfo)
    assert bag.info.mailbox == keys_of(web).address


@pytest.mark.parametrize("cookie", [None, "forged", "sent"])
def test_a_message_written_longer_than_the_session_lives_comes_back_and_asks_for_the_words(
    web: Web, cookie: str | None
) -> None:
    if cookie == "sent":  # another tab has sent a report meanwhile
        web.post_form(report())
    elif cookie:
        web.client.cookies.set("session", cookie)
    before = len(web.house.stored())
    fields = field("reader", "press") + field("report", "all that I wrote in an hour")
    refused = web.post_form(form(fields, file("a.txt", b"x")), "/en/mailbox/general")
    assert refused.status_code == 403
    assert "nothing was sent yet" in refused.text
    assert "all that I wrote in an hour</textarea>" in refused.text
    assert chosen_readers(refused.text) == ["press"]
    assert 'name="words"' in refused.text
    assert len(web.house.stored()) == before

    typo = web.post_form(form(field("words", "boat boat"), fields), "/en/mailbox/general")
    assert typo.status_code == 422
    assert TYPING_ERROR in typo.text
    assert "boat boat</textarea>" in typo.text
    assert "all that I wrote in an hour</textarea>" in typo.text

    words = " ".join(CODENAME.words)
    accepted = web.post_form(form(field("words", words), fields), "/en/mailbox/general")
    assert accepted.headers["location"] == "/en/mailbox"
    assert "Your message has arrived" in web.client.get("/en/mailbox").text
    (bag,) = [bag for bag in _readable(web, "press") if bag.kind is BagKind.MESSAGE]
    assert bag.text == "all that I wrote in an hour"
    assert bag.info.mailbox == keys_of(web).address
    assert words not in str(bag.answers)


def test_typed_words_go_before_a_mailbox_that_another_tab_has_opened(web: Web) -> None:
    opened(web, " ".join(Codename.generate().words))
    words = field("words", " ".join(CODENAME.words))
    body = form(words, field("reader", "press"), field("report", "for the first"))
    assert web.post_form(body, "/en/mailbox/general").status_code == 303
    (bag,) = _readable(web, "press")
    assert bag.info.mailbox == keys_of(web).address


def test_a_text_comes_back_also_when_the_length_alone_says_that_the_files_are_too_large(
    web: Web,
) -> None:
    refused = web.post_form(report(file("a.txt", bytes(5 << 20))))
    assert refused.status_code == 413
    assert "what I saw</textarea>" in refused.text
    assert chosen_readers(refused.text) == ["press", "lawyers"]
    assert "What you wrote is still here." in refused.text


def test_a_form_that_ended_in_its_middle_does_not_claim_that_all_of_it_is_here(web: Web) -> None:
    refused = web.post_form(form(field("reader", "press"), field("report", "x" * (1 << 21))))
    assert refused.status_code == 413
    assert "Not everything arrived." in refused.text
    assert "What you wrote is still here." not in refused.text


def _readable(web: Web, reader: str) -> Iterator[BagReader]:
    for stored in web.service.intake.envelopes("general", open_day=True):
        opened_file = web.service.intake.open_envelope(stored.hash)
        try:
            yield BagReader(open_seekable(opened_file, [web.house.readers[reader]]))
        except NotAddressedError:
            continue
