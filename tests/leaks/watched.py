"""A real service, watched from its first call to its last, and then searched."""

import contextlib
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crypto.codename import Codename
from crypto.source_keys import derive_source_keys
from tests.leaks.needles import Needles
from tests.leaks.places import TEMPORARY, files_below, search
from tests.leaks.source import Curl, Mark
from tests.leaks.watch import Record, read_record, wait_for_end, watching
from tests.support.service import House, Running, free_port, make_house, serving

# all that a service may open for writing, below its directory
_OWN = re.compile(
    r"/log|/data/candor\.sqlite3(-wal|-shm|-journal)?|/data/(arrivals|housekeeping|log)\.lock"
    r"|/data/blobs/[0-9a-f]{32}\.[0-9]{5}\.part"
    r"|/data/log/[a-z-]+/\.\d{4}-\d\d-\d\d\.json\.[0-9a-f]{16}\.part"  # public: hashes of the day
)
_INDEX = "/data/candor.sqlite3-shm"


@dataclass(frozen=True)
class Watched:
    """A service and one source.

    Attributes:
        outside: a directory of the source and of the watcher, which no search enters.
        since: when the service was not there yet.
    """

    running: Running
    mark: Mark
    outside: Path
    since: float

    @property
    def house(self) -> House:
        return self.running.house

    @property
    def origin(self) -> str:
        """Where the service is asked: by a name, since its roster may not hold a source's address.

        A browser does not choose its address: it is the one that the service listens at.
        """
        return self.house.roster.origins[0]

    @property
    def curl(self) -> Curl:
        return Curl(self.mark, self.origin, self.outside)

    def record(self, needles: Needles) -> Record:
        wait_for_end(self.outside / "record", self.running.pid)
        return read_record(self.outside / "record", needles)

    def require_silence(self, *more: Needles, at_least: int = 0) -> None:
        """Hold that nothing of the source was written anywhere; the service has ended.

        Args:
            more: what else must not be found.
            at_least: how many bytes must have been written, or the watch has missed something.
        """
        needles = Needles.union([Needles.of(*self.mark.texts), *more])
        record = self.record(needles)
        directory = str(self.house.directory)
        strange = {name for name in record.opened if not _is_expected(name, directory)}
        found = {
            "written": record.finds,
            "opened": strange,
            "mapped": record.mapped - {directory + _INDEX, ""},
            "out of sight": record.unseen,
            "left": search(self._places(), needles),
        }
        assert not any(found.values()), {what: of for what, of in found.items() if of}
        assert record.written_bytes >= at_least

    def _places(self) -> list[Path]:
        """List what the service left, and whatever is new where anybody may write."""
        # rooms of other tests, and of this one's source
        rooms = tuple(path for base in TEMPORARY for path in base.glob("pytest-of-*"))
        temporary = [
            path
            for base in TEMPORARY
            for path in files_below(base, since=self.since, but=(*rooms, self.outside))
        ]
        return files_below(self.house.directory) + temporary


def _is_expected(name: str, directory: str) -> bool:
    own = name.removeprefix(directory)
    return (own != name and bool(_OWN.fullmatch(own))) or name == "/dev/null" or _is_code(name)


def _is_code(name: str) -> bool:
    """Tell Python's own cache of compiled modules, which a first start may write."""
    return "/__pycache__/" in name


@contextlib.contextmanager
def watched_service(directory: Path, **settings: str | int) -> Iterator[Watched]:
    """Serve under a watch, until the block ends."""
    since = time.time()
    port = free_port()
    house = make_house(
        directory / "house", origin=f"http://localhost:{port}", port=port, **settings
    )
    # a browser's sockets need a short path; and the record of a visit is 200 MB
    with tempfile.TemporaryDirectory(prefix="source-") as outside:
        under = watching(Path(outside) / "record")
        with serving(house, under=under) as running:
            yield Watched(running, Mark(), Path(outside), since)


def secrets_of(words: list[str], house: House, language: str = "en") -> Needles:
    """Give everything that follows from a codename, its words included."""
    codename = Codename.parse(" ".join(words), language)
    keys = derive_source_keys(codename, house.roster.service_id)
    secrets = {
        "secret": codename.secret,
        "token": keys.token,
        "identity": keys.identity.seed,
        "signing": keys.signing.seed,
        "address": keys.address,
    }
    return Needles.union(
        [Needles.of_words(words)] + [Needles.of_secret(*pair) for pair in secrets.items()]
    )
