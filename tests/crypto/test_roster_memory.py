"""What a reader remembers of rosters, so that none is rolled back or forked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crypto.errors import ForkedRosterError, RolledBackRosterError
from crypto.roster_memory import SeenRoster, accept_roster
from tests.crypto.roster_example import ROSTER

SEEN = SeenRoster.of(ROSTER)


def test_a_reader_who_has_seen_none_takes_any() -> None:
    assert accept_roster(None, ROSTER) == SEEN


def test_the_same_roster_is_taken_again_and_again() -> None:
    assert accept_roster(SEEN, replace(ROSTER)) == SEEN


def test_a_newer_roster_is_remembered_in_place_of_the_older_one() -> None:
    newer = replace(ROSTER, serial=9)
    remembered = accept_roster(SEEN, newer)
    assert (remembered.serial, remembered) == (9, SeenRoster.of(newer))
    with pytest.raises(RolledBackRosterError):
        accept_roster(remembered, ROSTER)


def test_a_roster_older_than_the_one_seen_is_refused() -> None:
    with pytest.raises(RolledBackRosterError):
        accept_roster(SEEN, replace(ROSTER, serial=4))


def test_two_rosters_of_one_serial_are_a_fork() -> None:
    later = replace(ROSTER, expires=ROSTER.expires - timedelta(days=1))
    with pytest.raises(ForkedRosterError):
        accept_roster(SEEN, later)
