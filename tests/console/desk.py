"""A reviewer's import directory, and bundles on a stick."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from console.import_directory import open_imports, read_state
from console.import_state import ImportState
from console.imports import Imported, Occasion, import_bundle
from crypto.log_day import LogDay
from crypto.log_watch import Cause
from crypto.minisign import VerifyKey
from tests.support.carried import CHANNEL, ROOT, TODAY, Log


class Desk:
    """Where one takes what couriers bring."""

    def __init__(self, path: Path) -> None:
        self.path, self._stick = path / "imports", path / "stick"
        self._stick.mkdir(exist_ok=True)
        self._count = 0

    def take(
        self,
        bundle: bytes,
        *,
        root: VerifyKey | None = ROOT.verify_key,
        heads: Sequence[LogDay] = (),
        today: date = TODAY,
    ) -> Imported:
        self._count += 1
        path = self._stick / f"{self._count}.zip"
        path.write_bytes(bundle)
        with open_imports(self.path) as directory:
            occasion = Occasion(today, root, tuple(heads))
            return import_bundle(directory, path, occasion, lambda _count: None)

    def acknowledge(self, number: int) -> None:
        state = self.state
        with open_imports(self.path) as directory:
            directory.save(replace(state, alarms=state.alarms.acknowledge(number)))

    @property
    def state(self) -> ImportState:
        state = read_state(self.path)
        assert state is not None
        return state

    @property
    def alarms(self) -> list[tuple[Cause, str]]:
        return [(group.cause, group.sentence) for group in self.state.alarms.waiting]

    def inbox(self, channel: str = CHANNEL) -> set[bytes]:
        return {path.read_bytes() for path in (self.path / "inbox" / channel).glob("*.age")}


def refused(desk: Desk, bundle: bytes, kind: type[Exception], match: str, **options: Any) -> None:
    """Hold a bundle to be refused, and nothing to be changed by it."""
    before = read_state(desk.path), desk.inbox()
    with pytest.raises(kind, match=match):
        desk.take(bundle, **options)
    assert (read_state(desk.path), desk.inbox()) == before


def log_of(*counts: int) -> Log:
    """Log days with so many envelopes each."""
    made = Log()
    for count in counts:
        made.close_day(count)
    return made
