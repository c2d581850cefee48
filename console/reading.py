"""Read envelopes one after the other: show each, count what cannot be shown."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from console.errors import ConsoleError, ForgedThreadError, NoRosterError
from console.examine import Choice, Examined, Known, examine
from console.roster_shelf import RosterShelf
from console.threads import ThreadBook
from crypto.bag_info import BagKind, SourceInfo
from crypto.bag_reader import BagReader
from crypto.bag_salvage import UnverifiedBag, read_damaged
from crypto.custody import CUSTODY_KINDS, custody_signer, custody_signers
from crypto.envelope import open_seekable
from crypto.errors import (
    DamagedBagError,
    EnvelopeError,
    MalformedEnvelopeError,
    NotAddressedError,
    UnsignedBagError,
)
from crypto.keys import Identity
from crypto.roster import Reviewer, Roster
from crypto.zip_reader import SeekableFile
from disk.errors import OutputError


class Presenter(Protocol):
    """Shows what was read: as pages for people, or as JSON for programs."""

    def show(self, path: Path, examined: Examined) -> None:
        """Show a bag."""

    def show_unverified(self, path: Path, bag: UnverifiedBag) -> None:
        """Show what is left of a bag that is damaged or forged."""


@dataclass(slots=True)
class Reading:
    """One run over any number of envelopes.

    Attributes:
        complain: says on stderr what is wrong with an envelope.
        rosters: tell whose a request or disclosure is.
        threads: known ones; those that are met are added.
        opened, not_addressed, repeated, failed: how many came out how.
    """

    identities: Sequence[Identity]
    choice: Choice
    presenter: Presenter
    complain: Callable[[str], None]
    rosters: RosterShelf
    threads: ThreadBook = field(default_factory=ThreadBook)
    opened: int = 0
    not_addressed: int = 0
    repeated: int = 0
    failed: int = 0
    _seen: set[bytes] = field(default_factory=set)

    def read(self, path: Path) -> None:
        """Read one envelope; what is wrong with it does not stop the next."""
        try:
            with path.open("rb") as file, open_seekable(file, self.identities) as payload:
                roster = self.rosters.find(path)
                try:
                    bag, signer = self._open_bag(payload, roster)
                except DamagedBagError as error:
                    self._show_unverified(path, read_damaged(payload), roster, error)
                    raise
                self._read_bag(path, bag, signer)
        except NotAddressedError:
            self.not_addressed += 1
        except MalformedEnvelopeError as error:
            self._fail(f"{path}: not an envelope: {error}")
        except (EnvelopeError, DamagedBagError) as error:
            self._fail(f"{path}: damaged or forged: {error}")
        except (ConsoleError, OutputError) as error:
            self._fail(f"{path}: {error}")

    def _open_bag(
        self, payload: SeekableFile, roster: Roster | None
    ) -> tuple[BagReader, Reviewer | None]:
        """Open a bag, and say whose it is if it is not a source's."""
        if roster is None:
            return BagReader(payload), None
        bag = BagReader(payload, signers=custody_signers(roster, self.rosters.today))
        if bag.kind is BagKind.REPLY:
            raise DamagedBagError("a reply belongs in its source's mailbox, and is nothing to read")
        if bag.kind in CUSTODY_KINDS:
            return bag, custody_signer(bag, roster, self.rosters.today)
        return bag, None

    def _show_unverified(
        self, path: Path, left: UnverifiedBag, roster: Roster | None, error: DamagedBagError
    ) -> None:
        """Show what is left of a refused bag, unless it could not be judged at all.

        Raises:
            NoRosterError: without a roster nobody's signature but a source's can be checked.
        """
        unsigned = isinstance(error, UnsignedBagError)
        if roster is None and unsigned and left.claimed_kind in CUSTODY_KINDS:
            raise NoRosterError(
                f"whose this {left.claimed_kind} is, only the roster says: give --roster and --root"
            ) from None
        self.presenter.show_unverified(path, left)

    def _read_bag(self, path: Path, bag: BagReader, signer: Reviewer | None) -> None:
        if bag.hash in self._seen:
            self.repeated += 1
            return
        forged = tuple(self._join_thread(bag))
        examined = examine(bag, self.identities, self.choice, Known(forged, signer))
        self.presenter.show(path, examined)
        for problem in examined.problems:
            self.complain(f"{path}: damaged or forged: {problem}")
        if examined.problems:
            self.failed += 1
            return
        # Only now: the hash is that of what was signed, and a copy with a damaged attachment has
        # the same one. Whoever could make such a copy would otherwise hide the intact bag.
        self._seen.add(bag.hash)
        self.opened += 1

    def _join_thread(self, bag: BagReader) -> Iterator[str]:
        """Say what the thread says: a forged bag must not be shown as verified."""
        if not isinstance(bag.info, SourceInfo):
            return
        try:
            thread = self.threads.find(bag.info)
        except ForgedThreadError as error:
            yield str(error)
        else:
            self.threads.put(thread)

    def _fail(self, message: str) -> None:
        self.complain(message)
        self.failed += 1
