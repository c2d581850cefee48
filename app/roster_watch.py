"""Follow the roster of a running service: a newer one is taken when it lies in its place.

The operator carries roster.json and its signature to the server, and nothing needs to be started
again. What cannot be taken changes nothing: the last good roster stays in force until its last day.
"""

import logging
from collections.abc import Callable

from app.log import Event, log
from app.opening import StartError, read_roster, under_roster
from app.state import Service


class RosterWatch:
    """The service as it stands now; every request keeps the one that it began with.

    Args:
        service: as it was opened.
        use: is given the service whenever it goes on under another roster.

    Attributes:
        service: the newest one.
    """

    def __init__(self, service: Service, use: Callable[[Service], None]) -> None:
        self.service = service
        self._use = use
        self._complaint = ""

    def look(self) -> None:
        """Take the roster that lies there now, if it is another one and a good one."""
        try:
            file = read_roster(self.service.settings, self.service.today())
            if file.document == self.service.signed_roster.document:
                return
            service = under_roster(self.service, file)
        except StartError as error:
            self._complain(f"{error}")
            return
        self._complaint = ""
        self.service = service
        self._use(service)
        log(Event.ROSTER_TAKEN, serial=service.roster.serial)

    def _complain(self, complaint: str) -> None:
        """Log it once: the reason, which an operator needs, stands in `candor roster verify`."""
        if complaint != self._complaint:
            self._complaint = complaint
            log(Event.ROSTER_REFUSED, level=logging.ERROR)
