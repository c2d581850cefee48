"""Read envelopes one after the other: show each, count what cannot be shown."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from console.errors import ConsoleError, ForgedThreadError
from console.examine import Choice, Examined, examine
from console.threads import ThreadBook
from crypto.bag_info import SourceInfo
from crypto.bag_reader import BagReader
from crypto.bag_salvage import UnverifiedBag, read_damaged
from crypto.envelope import open_seekable
from crypto.errors import DamagedBagError, EnvelopeError, MalformedEnvelopeError, NotAddressedError
from crypto.keys import Identity
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
        threads: known ones; those that are met are added.
        opened, not_addressed, repeated, failed: how many came out how.
    """

    identities: Sequence[Identity]
    choice: Choice
    presenter: Presenter
    complain: Callable[[str], None]
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
                try:
                    bag = BagReader(payload)
                except DamagedBagError:
                    self.presenter.show_unverified(path, read_damaged(payload))
                    raise
                self._read_bag(path, bag)
        except NotAddressedError:
            self.not_addressed += 1
        except MalformedEnvelopeError as error:
            self._fail(f"{path}: not an envelope: {error}")
        except (EnvelopeError, DamagedBagError) as error:
            self._fail(f"{path}: damaged or forged: {error}")
        except (ConsoleError, OutputError) as error:
            self._fail(f"{path}: {error}")

    def _read_bag(self, path: Path, bag: BagReader) -> None:
        if bag.hash in self._seen:
            self.repeated += 1
            return
        forged = tuple(self._join_thread(bag))
        examined = examine(bag, self.identities, self.choice, forged)
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
