"""The roster: fetched, held against the newest one seen, and against what sources are shown."""

from dataclasses import dataclass, replace
from datetime import date

from courier import paths
from courier.client import Client
from courier.errors import CourierError, NotThereError, StrangerError
from courier.service import MAX_SIGNATURE_BYTES, Service
from courier.settings import NO_PROXY, Settings, is_loopback
from courier.state import CourierDirectory
from crypto.errors import ForkedRosterError, RolledBackRosterError, UnsignedRosterError
from crypto.inbound import RosterDocument
from crypto.log_watch import Alarm, Cause
from crypto.roster import Roster
from crypto.roster_entries import Courier
from crypto.roster_memory import SeenRoster, accept_roster
from crypto.signed_roster import MAX_ROSTER_BYTES, parse_roster


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of asking for the roster as a source does.

    Attributes:
        differs: at one place at least it is another one.
        reached: how many of the roster's origins answered.
    """

    differs: bool
    reached: int


class AlarmingRosterError(CourierError):
    """The service shows a roster that must not be; it is not taken.

    Attributes:
        alarm: what to keep until somebody has dealt with it.
    """

    def __init__(self, alarm: Alarm) -> None:
        super().__init__(alarm.sentence)
        self.alarm = alarm


def fetch_roster(courier: CourierDirectory, service: Service, today: date) -> Roster:
    """Fetch the roster, verify it, and remember it if it is newer.

    Raises:
        RosterError: not the root key's, expired or malformed.
        AlarmingRosterError: older than one seen, or a second one with its number.
        StrangerError: the service does not take this courier.
    """
    try:
        found, roster = _fetch_verified(courier, service, today)
    except NotThereError:
        raise StrangerError(
            "there is no listener for couriers at this address: was it the one for sources?"
        ) from None
    known = courier.roster()
    seen = None if known is None else SeenRoster.of(_read_known(courier.settings, known))
    try:
        accept_roster(seen, roster)
    except ForkedRosterError:
        raise AlarmingRosterError(Alarm(Cause.ROSTER_FORKED)) from None
    except RolledBackRosterError:
        raise AlarmingRosterError(Alarm(Cause.ROSTER_ROLLED_BACK)) from None
    if found != known:
        courier.keep_roster(found)
    return roster


def known_roster(courier: CourierDirectory) -> Roster | None:
    """Return the newest roster seen, expired or not; None before the first."""
    known = courier.roster()
    return None if known is None else _read_known(courier.settings, known)


def own_entry(courier: CourierDirectory, roster: Roster) -> Courier:
    """Find this courier in a roster.

    Raises:
        StrangerError: it is not there, or with another key.
    """
    for entry in roster.couriers:
        if entry.id == courier.settings.id and entry.key == courier.key.verify_key:
            return entry
    raise StrangerError(
        f"roster {roster.serial} names no courier of this id and key: it was removed, or is still"
        " to be added"
    )


def compare_with_public(courier: CourierDirectory, roster: Roster) -> Compared:
    """Hold the roster that was taken against what each of its origins shows to sources."""
    known = courier.roster()
    settings = courier.settings
    # a place that does not answer, or not soon, is no news
    settings = replace(settings, tries=1, request_seconds=settings.wait_seconds)
    differs, reached = False, 0
    for origin in roster.origins:
        if settings.proxy == NO_PROXY and not is_loopback(origin):
            continue
        try:
            with Client(origin, settings, sign=None) as client:
                public = _fetch_public(client)
        except CourierError:
            continue
        reached += 1
        differs = differs or public != known
    return Compared(differs, reached)


def _fetch_verified(
    courier: CourierDirectory, service: Service, today: date
) -> tuple[RosterDocument, Roster]:
    """Fetch and verify; once more if it was replaced between its two files."""
    try:
        return _verified(courier, service, today)
    except UnsignedRosterError:
        return _verified(courier, service, today)


def _verified(
    courier: CourierDirectory, service: Service, today: date
) -> tuple[RosterDocument, Roster]:
    found = service.roster()
    root = courier.settings.root_key
    # a courier's listener is no origin of the roster: sources are not to know of it
    roster = parse_roster(found.document, found.signature, root, today=today, origin=None)
    return found, roster


def _read_known(settings: Settings, known: RosterDocument) -> Roster:
    return parse_roster(
        known.document, known.signature, settings.root_key, today=date.min, origin=None
    )


def _fetch_public(client: Client) -> RosterDocument:
    document = client.get(paths.PUBLIC_ROSTER, max_bytes=MAX_ROSTER_BYTES)
    signature = client.get(paths.PUBLIC_ROSTER_SIGNATURE, max_bytes=MAX_SIGNATURE_BYTES)
    return RosterDocument(document, signature)
