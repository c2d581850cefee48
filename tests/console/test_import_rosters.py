"""Rosters that bundles bring: the newest decides, and what is no roster is refused."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from console.errors import (
    ForeignBundleError,
)
from crypto.errors import (
    ExpiredRosterError,
    ForkedRosterError,
    RolledBackRosterError,
)
from crypto.log_watch import Cause
from crypto.roster import Courier
from tests.console.desk import Desk, log_of, refused
from tests.support.carried import (
    BOAT,
    COURIERS,
    OTHER_CHANNEL,
    TODAY,
    VAN,
    Carrier,
    Log,
    make_roster,
    signed,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def log() -> Log:
    return log_of(2, 0, 3, 1)


def test_a_courier_may_fetch_the_channels_of_the_newest_roster_only(desk: Desk, log: Log) -> None:
    van = Courier(VAN, (OTHER_CHANNEL,), COURIERS[VAN].verify_key)
    boat = make_roster().couriers[1]
    desk.take(Carrier(BOAT).pull(log, log.days[:2], make_roster(serial=2, couriers=(van, boat))))
    refused(desk, Carrier().pull(log, log.days), ForeignBundleError, "may fetch")


def test_an_expired_roster_keeps_nobody_from_reading_what_came_before(desk: Desk, log: Log) -> None:
    expires = TODAY - timedelta(days=2)
    imported = desk.take(Carrier().pull(log, log.days, make_roster(expires=expires)))
    assert imported.roster_expired == expires
    assert desk.inbox() == set(log.envelopes.values())


def test_days_after_the_last_day_of_the_roster_are_refused(desk: Desk, log: Log) -> None:
    expires = log.days[-1].day - timedelta(days=1)
    bundle = Carrier().pull(log, log.days, make_roster(expires=expires))
    refused(desk, bundle, ExpiredRosterError, "must sign a new one")


def test_a_courier_who_brings_an_older_roster_than_before_is_refused(desk: Desk, log: Log) -> None:
    van = Carrier()
    desk.take(van.pull(log, log.days[:1], make_roster(serial=2)))
    second = van.pull(log, log.days[1:], make_roster())
    refused(desk, second, RolledBackRosterError, "brought 2 before")


def test_a_courier_who_fetched_earlier_than_another_may_bring_an_older_roster(
    desk: Desk, log: Log
) -> None:
    desk.take(Carrier(BOAT).pull(log, log.days, make_roster(serial=2)))
    desk.take(Carrier().pull(log, log.days[:2], make_roster()))
    assert desk.state.newest_roster == 2


def test_two_rosters_of_one_serial_are_refused_and_an_alarm_that_stays(
    desk: Desk, log: Log
) -> None:
    desk.take(Carrier().pull(log, log.days[:1]))
    other = make_roster(expires=TODAY + timedelta(days=1))
    bundle, before = Carrier(BOAT).pull(log, log.days, other), desk.state
    for _ in range(2):
        with pytest.raises(ForkedRosterError, match="the root key signed both"):
            desk.take(bundle)
        assert [cause for cause, _ in desk.alarms] == [Cause.ROSTER_FORKED]
    assert replace(desk.state, alarms=before.alarms) == before
    document, signature = sorted((desk.path / "disputed").iterdir())
    assert document.read_bytes() == signed(other).document
    assert signature.read_bytes() == signed(other).signature
