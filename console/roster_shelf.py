"""The roster by which to tell whose a request or disclosure is."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from console.errors import ImportDirectoryError, NoRosterError
from console.import_directory import imports_around, read_state, roster_path
from console.roster_book import SignedRoster
from crypto.errors import RosterError
from crypto.roster import Roster


@dataclass(slots=True)
class RosterShelf:
    """Finds the roster for an envelope: one that was given, or the newest that was imported.

    Attributes:
        today: on which former keys still count.
        given: verified under the root key.
    """

    today: date
    given: Roster | None = None
    _imported: dict[Path, Roster | None] = field(default_factory=dict)

    def find(self, envelope: Path) -> Roster | None:
        """Return the roster, if there is one at hand; one that has expired as well."""
        if self.given is not None:
            return self.given
        directory = imports_around(envelope)
        if directory is None:
            return None
        if directory not in self._imported:
            self._imported[directory] = newest_roster(directory)
        return self._imported[directory]

    def require(self, envelope: Path) -> Roster:
        """Return the roster that holds today, for whoever is to act on it.

        Raises:
            NoRosterError: there is none at hand, or it has expired.
        """
        roster = self.find(envelope)
        if roster is None:
            raise NoRosterError(
                "who may ask and tell, only the roster says: give --roster and --root, or import"
                " what the courier brought"
            )
        if self.today > roster.expires:
            raise NoRosterError(
                f"the roster was valid until {roster.expires}: get the next one, and check this"
                " machine's clock"
            )
        return roster


def newest_roster(directory: Path) -> Roster | None:
    """Read the newest roster of an import directory; what is damaged there is no roster."""
    try:
        state = read_state(directory)
        if state is None or not state.rosters:
            return None
        signed = SignedRoster.read(roster_path(directory, state.newest_roster), state.root)
    except (ImportDirectoryError, RosterError, OSError):
        return None
    same = hashlib.sha256(signed.document).digest() == state.rosters[state.newest_roster]
    return signed.roster if same else None
