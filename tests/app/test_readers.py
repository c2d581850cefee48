"""Whom a source's message starts with, and that it is the source who chooses."""

from dataclasses import replace

import pytest

from crypto.keys import Identity
from intake.service import Intake
from tests.app.conftest import Web
from tests.app.forms import field, form, report
from tests.app.mailbox import chosen_readers, keys_of, opened
from tests.app.test_pages import Markup
from tests.support.replies import deliver, reply_info, sealed_reply
from tests.support.service import write_roster

ADVICE = "Choose at least one person who may read this."


def test_a_reviewer_cannot_choose_further_readers_for_the_source(web: Web) -> None:
    info = replace(reply_info(keys_of(web)), readers=("press", "lawyers"))
    deliver(web.house, info, "let the lawyers read it, too", by="press")
    opened(web)
    assert chosen_readers(web.client.get("/en/mailbox/general").text) == ["press"]


def test_a_forged_reply_chooses_nobody(web: Web) -> None:
    info = reply_info(keys_of(web))
    with Intake(web.house.settings.data) as intake:
        intake.deliver(info.mailbox, sealed_reply(info, "I am the press", Identity.generate()))
    opened(web)
    assert chosen_readers(web.client.get("/en/mailbox/general").text) == []


def test_who_answered_and_does_not_read_this_channel_is_not_offered(web: Web) -> None:
    deliver(web.house, reply_info(keys_of(web)), "x", by="lawyers")
    channel = replace(web.house.roster.channels[0], reviewers=("press",))
    write_roster(web.house, replace(web.house.roster, channels=(channel,)))
    with web.house.open() as service:
        web.client.app.state.service = service
        opened(web)
        text = web.client.get("/en/mailbox/general").text
    assert chosen_readers(text) == []
    boxes = [box["value"] for box in Markup(text).all("input") if box.get("name") == "reader"]
    assert boxes == ["press"]


@pytest.mark.parametrize("path", ["/en/report/general", "/en/mailbox/general"])
def test_who_unticks_everyone_is_advised_and_nothing_is_lost_or_sent(web: Web, path: str) -> None:
    opened(web)
    page = web.client.get(path).text
    marks = [f for f in Markup(page).all("input") if f.get("name") == "mailbox"]
    fields = [field("mailbox", mark["value"]) for mark in marks]
    refused = web.post_form(form(*fields, field("report", "what I wrote")), path)
    assert refused.status_code == 422
    assert ADVICE in refused.text
    assert "what I wrote</textarea>" in refused.text
    assert chosen_readers(refused.text) == []
    assert web.house.stored() == []


def test_where_several_must_agree_a_message_is_sealed_to_their_key_and_offers_no_choice(
    web: Web,
) -> None:
    shared = Identity.generate()
    channel = replace(web.house.roster.channels[0], threshold=2, recipient=shared.recipient)
    write_roster(web.house, replace(web.house.roster, channels=(channel,)))
    with web.house.open() as service:
        web.client.app.state.service = service
        opened(web)
        page = web.client.get("/en/mailbox/general").text
        refused = web.post_form(
            form(field("reader", "press"), field("report", "x")), "/en/mailbox/general"
        )
        sent = web.post_form(form(field("report", "more")), "/en/mailbox/general")
    assert "reader" not in Markup(page).values("name")
    assert "only when 2 of these people do it together: Press and Lawyers." in page
    assert "You cannot choose among them" in page
    assert refused.status_code == 422
    assert sent.headers["location"] == "/en/mailbox"
    (bag,) = replace(web.house, readers={"press": shared}).bags()
    assert (bag.text, bag.answers["readers"]) == ("more", [])


def test_a_report_starts_with_everybody_and_is_sealed_to_those_who_are_left(web: Web) -> None:
    assert chosen_readers(web.client.get("/en/report/general").text) == ["press", "lawyers"]
    body = report(fields=[("reader", "lawyers"), ("report", "not to the press")])
    assert web.post_form(body).status_code == 303
    assert [bag.text for bag in web.house.bags("lawyers")] == ["not to the press"]
