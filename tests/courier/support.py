"""A courier on its way, with a clock that a test turns."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from courier.pull import Pulled, Shown, pull
from courier.settings import Settings
from courier.state import CourierDirectory, create_directory
from crypto.inbound import InboundInfo, RosterDocument
from crypto.inbound_reader import InboundBundle
from crypto.log_day import LogDay
from crypto.log_key_file import serialize_log_key
from crypto.minisign import SigningKey, VerifyKey
from tests.support.carried import COURIERS, ROOT, TODAY, VAN

QUICK = {"wait_seconds": 15.0, "pause_seconds": 0.0, "look_seconds": 0.0, "tries": 2}


@dataclass
class Errand:
    """One courier, its stick, and the day."""

    directory: Path
    out: Path
    key: SigningKey
    today: date = TODAY
    said: list[str] = field(default_factory=list)

    @property
    def courier(self) -> CourierDirectory:
        return CourierDirectory.open(self.directory)

    def pull(self) -> Pulled:
        shown = Shown(_uncounted, _uncounted, self.said.append)
        return pull(self.courier, self.out, shown, today=lambda: self.today)

    def sleep(self, days: int = 1) -> None:
        self.today += timedelta(days=days)

    def bundles(self) -> list[Path]:
        return sorted(self.out.iterdir())

    def change(self, **settings: object) -> None:
        """Change settings by hand, as the document says that one may."""
        path = self.directory / "settings.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def make_errand(
    place: Path,
    service: str,
    *,
    heads: list[LogDay] | None = None,
    name: str = VAN,
    root: str = ROOT.verify_key.serialize(),
    key: SigningKey | None = None,
) -> Errand:
    """Make a courier that the roster of `tests.support.carried` names, or of another service."""
    settings = Settings(service, root, name, proxy="none")
    create_directory(place / "courier", settings, heads or [])
    key = key or COURIERS[name]
    (place / "courier" / "key").write_text(serialize_log_key(key))
    (place / "stick").mkdir()
    errand = Errand(place / "courier", place / "stick", key)
    errand.change(**QUICK)
    return errand


@contextlib.contextmanager
def opened(path: Path, key: VerifyKey) -> Iterator[InboundBundle]:
    """Open a bundle as its reader does, and hold it to be whole."""

    def judge(info: InboundInfo, roster: RosterDocument) -> VerifyKey:
        del info, roster
        return key

    with path.open("rb", buffering=0) as file:
        bundle = InboundBundle(file, judge)
        for envelope in bundle.envelopes:
            bundle.copy(envelope, _Nowhere())
        yield bundle


class _Nowhere:
    def write(self, data: object) -> None:
        """Take it."""


@contextlib.contextmanager
def _uncounted(label: str, total: int) -> Iterator[object]:
    del label, total
    yield lambda _count: None
