"""`push`: hand in the reviewers' outbound bundles."""

from datetime import date
from pathlib import Path

from courier.client import Client
from courier.errors import RefusedError
from courier.rosters import AlarmingRosterError, fetch_roster
from courier.service import Delivered, Service
from courier.state import CourierDirectory
from crypto.bundle_sender import open_outbound
from crypto.errors import BundleError
from crypto.roster import Roster


class Push:
    """A connection to hand bundles in; twice does no harm."""

    def __init__(self, courier: CourierDirectory, client: Client, today: date) -> None:
        """Fetch the roster, by which bundles are judged.

        Raises:
            RosterError: it cannot be taken.
            AlarmingRosterError: it must not be; the alarm is kept.
        """
        self._service, self._today = Service(client), today
        try:
            self._roster = fetch_roster(courier, self._service, today)
        except AlarmingRosterError as error:
            courier.keep_alarms([error.alarm])
            raise

    def deliver(self, bundle: Path) -> Delivered:
        """Hand a bundle in.

        Raises:
            BundleError: not an outbound bundle of somebody who may send one; it stays here.
            RefusedError: the service does not take it.
        """
        _require_outbound(bundle, self._roster, self._today)
        try:
            return self._service.deliver(bundle)
        except RefusedError:
            raise RefusedError(
                "the service does not take it, though it looks sound from here: ask the operator"
            ) from None


def _require_outbound(bundle: Path, roster: Roster, today: date) -> None:
    """Let nothing leave but what a reviewer signed to leave: a stick holds other files, too."""
    with bundle.open("rb", buffering=0) as file:
        try:
            open_outbound(file, roster, today)
        except BundleError as error:
            raise BundleError(f"it stays here: {error}") from None
