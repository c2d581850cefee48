"""Say on stderr how far long work has come; say nothing about short work."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from console.layout import human_bytes

if TYPE_CHECKING:
    from rich.progress import TaskID

_QUIET_SECONDS = 0.6  # a bar that only flashes up is noise
_LINE_SECONDS = 5.0
_REDRAW_SECONDS = 0.1


class Meter(Protocol):
    """What long work reports to: so many more bytes, or things, are done."""

    def __call__(self, count: int, /) -> None:
        """Count on."""


class _Bar:
    """A bar of rich, made when it is first needed."""

    def __init__(self, label: str, total: int | None, *, of_bytes: bool) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        amount = DownloadColumn(binary_units=True) if of_bytes else MofNCompleteColumn()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            amount,
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._task: TaskID = self._progress.add_task(label, total=total)
        self._progress.start()

    def show(self, done: int) -> None:
        self._progress.update(self._task, completed=done)

    def close(self) -> None:
        self._progress.stop()


class _Lines:
    """A plain line every few seconds, where stderr is a file or another program."""

    def __init__(self, label: str, total: int | None, *, of_bytes: bool, out: TextIO) -> None:
        self._label, self._total, self._of_bytes, self._out = label, total, of_bytes, out
        self._next = time.monotonic() + _LINE_SECONDS - _QUIET_SECONDS

    def show(self, done: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _LINE_SECONDS
        amount = human_bytes(done) if self._of_bytes else str(done)
        share = f" ({done * 100 // self._total} %)" if self._total else ""
        print(f"{self._label}: {amount}{share}", file=self._out, flush=True)

    def close(self) -> None:
        """Leave the lines where they are."""


class _Progress:
    """Count, and begin to show after a moment."""

    def __init__(self, label: str, total: int | None, *, of_bytes: bool) -> None:
        self._label, self._total, self._of_bytes = label, total, of_bytes
        self._done = 0
        self._display: _Bar | _Lines | None = None
        self._next = time.monotonic() + _QUIET_SECONDS

    def __call__(self, count: int, /) -> None:
        self._done += count
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _REDRAW_SECONDS
        if self._display is None:
            self._display = self._make()
        self._display.show(self._done)

    def _make(self) -> _Bar | _Lines:
        if sys.stderr.isatty():
            return _Bar(self._label, self._total, of_bytes=self._of_bytes)
        return _Lines(self._label, self._total, of_bytes=self._of_bytes, out=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._display is not None:
            self._display.close()


@contextmanager
def byte_meter(label: str, total: int | None = None) -> Iterator[Meter]:
    """Measure work in bytes."""
    with _Progress(label, total, of_bytes=True) as meter:
        yield meter


@contextmanager
def count_meter(label: str, total: int | None = None) -> Iterator[Meter]:
    """Measure work in things: envelopes, replies."""
    with _Progress(label, total, of_bytes=False) as meter:
        yield meter
