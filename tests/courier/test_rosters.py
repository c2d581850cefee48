"""Rosters: refused ones, second ones, and another than the one that sources are shown."""

import gzip
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from courier.client import AS_A_BROWSER
from courier.errors import StrangerError, TroubleError
from crypto.errors import ExpiredRosterError, UnsignedRosterError
from crypto.inbound import RosterDocument
from crypto.log_watch import Cause
from crypto.minisign import SigningKey
from tests.courier.listener import Listener
from tests.courier.support import Errand
from tests.support.carried import (
    CHANNEL,
    TODAY,
    make_roster,
    signed,
)

# The roster


def test_a_revoked_courier_is_told_so_and_gets_nothing(errand: Errand, listener: Listener) -> None:
    listener.couriers.discard("van")
    with pytest.raises(StrangerError, match="does not take this courier"):
        errand.pull()
    assert errand.bundles() == []
    assert {path for _, path in listener.requests} == {"/courier/roster.json"}


def test_a_courier_that_the_roster_no_longer_names_asks_for_nothing_more(
    errand: Errand, listener: Listener
) -> None:
    couriers = make_roster().couriers[1:]
    listener.roster = signed(make_roster(origins=(listener.origin,), couriers=couriers))
    with pytest.raises(StrangerError, match="names no courier"):
        errand.pull()
    assert listener.asked("/courier/log") == []


def test_a_roster_that_the_root_key_did_not_sign_is_refused(
    errand: Errand, listener: Listener
) -> None:
    other = SigningKey.generate()
    listener.roster = signed(make_roster(origins=(listener.origin,)), other)
    with pytest.raises(UnsignedRosterError):
        errand.pull()
    assert errand.courier.roster() is None


def test_an_expired_roster_is_refused(errand: Errand) -> None:
    errand.sleep(84)
    with pytest.raises(ExpiredRosterError):
        errand.pull()


def roster_of(listener: Listener, serial: int, **changes: object) -> RosterDocument:
    return signed(make_roster(serial=serial, origins=(listener.origin,), **changes))


@pytest.mark.parametrize(
    ("serial", "cause"), [(1, Cause.ROSTER_ROLLED_BACK), (2, Cause.ROSTER_FORKED)]
)
def test_an_older_roster_or_a_second_one_is_an_alarm(
    errand: Errand, listener: Listener, serial: int, cause: Cause
) -> None:
    listener.roster = roster_of(listener, 2)
    errand.pull()
    listener.roster = roster_of(listener, serial, expires=TODAY + timedelta(days=9))
    listener.logs[CHANNEL].close_day(witnesses=())
    errand.sleep()
    pulled = errand.pull()
    assert [alarm.cause for alarm in pulled.alarms] == [cause]
    assert pulled.bundles == []
    assert [alarm.cause for alarm in errand.courier.alarms()] == [cause]


def test_another_roster_for_sources_is_an_alarm(errand: Errand, listener: Listener) -> None:
    listener.public = signed(make_roster(serial=2, origins=(listener.origin,)))
    pulled = errand.pull()
    assert [alarm.cause for alarm in pulled.alarms] == [Cause.ROSTERS]
    assert len(pulled.bundles) == 2
    assert len(listener.asked("/roster.json")) == 4


def test_the_look_at_what_sources_are_shown_is_a_browsers(
    errand: Errand, listener: Listener
) -> None:
    errand.pull()
    for path in ("/roster.json", "/roster.json.minisig"):
        (host, *rest) = listener.headers[path]
        assert host == ("Host", listener.origin.removeprefix("http://"))
        assert tuple(rest) == AS_A_BROWSER


def test_a_look_that_is_answered_as_a_browser_may_be_is_read(
    errand: Errand, listener: Listener
) -> None:
    def packed(handler: BaseHTTPRequestHandler) -> None:
        content = gzip.compress(listener.roster.document)
        handler.send_response(200)
        handler.send_header("content-encoding", "gzip")
        handler.send_header("content-length", f"{len(content)}")
        handler.end_headers()
        handler.wfile.write(content)

    listener.answers["/roster.json"] = packed
    assert errand.pull().alarms == []
    assert errand.said == []


def test_the_roster_is_asked_for_as_a_source_does(errand: Errand, listener: Listener) -> None:
    listener.lies["/roster.json"] = 503
    errand.pull()
    assert "could not be compared" in errand.said[0]


def test_no_listener_for_couriers_at_the_address_is_told(
    errand: Errand, listener: Listener
) -> None:
    listener.lies["/courier/roster.json"] = 404
    with pytest.raises(StrangerError, match="no listener for couriers"):
        errand.pull()


def test_an_answer_without_end_is_not_read_without_end(errand: Errand, listener: Listener) -> None:
    listener.lies["/courier/roster.json"] = bytes(1 << 20)
    with pytest.raises(TroubleError, match="more than there can be"):
        errand.pull()


def test_another_form_than_the_roster_names_is_not_carried(
    errand: Errand, listener: Listener
) -> None:
    listener.lies["/courier/forms/default-1.toml"] = b"id = 'default'\n"
    pulled = errand.pull()
    assert "form" in pulled.failed[CHANNEL]
    assert pulled.bundles == []
