"""Fetching envelopes: a few at a time, resumed where they broke off, each held to its hash."""

import hashlib
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO

import httpx2

from courier.channel import ChannelDirectory, part_name, whole_name
from courier.client import Client
from courier.errors import AlteredError, NotThereError, TroubleError
from courier.paths import envelope_path
from disk.growing import growing_file, publish_grown, remove_file

MAX_ENVELOPE_BYTES = 16 << 30
"""More than a service takes: what does not end is not followed for ever."""
_GAINED_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 20


class _StoppedError(Exception):
    """Another envelope's failure ended the run."""


def fetch_envelopes(
    client: Client,
    kept: ChannelDirectory,
    leaves: Iterable[bytes],
    *,
    at_once: int,
    meter: Callable[[int], None],
) -> set[bytes]:
    """Fetch envelopes that are not there yet, until the client's time is over.

    In random order, so that no few of them can keep the others back.

    Returns:
        Those of which the service says that it has none.

    Raises:
        UnreachableError, StrangerError: nothing more can be had now; what has come is kept.
    """
    wanted = sorted(leaves)
    random.SystemRandom().shuffle(wanted)
    gone: set[bytes] = set()
    with kept.envelopes() as directory, _pool(at_once) as (pool, stop):
        errand = _Errand(client, kept.id, directory, stop)
        running = {pool.submit(errand.fetch, leaf): leaf for leaf in wanted}
        for future in as_completed(running):
            with suppress(TroubleError):
                try:
                    future.result()
                except NotThereError:
                    gone.add(running[future])
            meter(1)
    return gone


@contextmanager
def _pool(at_once: int) -> Iterator[tuple[ThreadPoolExecutor, threading.Event]]:
    """Hold some threads, and let them end early when the block fails."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="fetch")
    try:
        yield pool, stop
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Errand:
    """What every thread needs to fetch an envelope."""

    client: Client
    channel: str
    directory: int
    stop: threading.Event

    def fetch(self, leaf: bytes) -> None:
        """Fetch one envelope, in as many tries as it is worth."""
        if not self.client.is_overdue:
            growth = _Growth()
            self.client.patiently(lambda: self._attempt(leaf, growth))

    def _attempt(self, leaf: bytes, growth: "_Growth") -> None:
        grown = part_name(leaf)
        try:
            with growing_file(self.directory, grown) as file:
                self._go_on(file, leaf, growth)
                publish_grown(self.directory, file, grown, whole_name(leaf))
        except (AlteredError, NotThereError):
            remove_file(self.directory, grown)
            raise

    def _go_on(self, file: BinaryIO, leaf: bytes, growth: "_Growth") -> None:
        """Append what is missing; what was there already counts in the hash like the rest."""
        state = hashlib.sha256()
        while block := file.read(_BLOCK_BYTES):
            state.update(block)
        offset = file.tell()
        if state.digest() == leaf:
            return
        growth.begin(offset)
        try:
            with self.client.answer(
                "GET", envelope_path(self.channel, leaf), offset=offset
            ) as answer:
                if offset and answer.status_code == HTTPStatus.OK:  # it begins at the beginning
                    file.seek(0)
                    file.truncate()
                    state, offset = hashlib.sha256(), 0
                _require_range(answer, offset)
                for block in self._blocks(answer, MAX_ENVELOPE_BYTES - offset):
                    file.write(block)
                    state.update(block)
        except TroubleError as error:
            if isinstance(error, AlteredError):
                raise
            raise TroubleError(f"{error}", gained=growth.has_gained(file.tell())) from None
        if state.digest() != leaf:
            raise AlteredError("an envelope came that is not the one that was asked for")

    def _blocks(self, answer: httpx2.Response, most: int) -> Iterator[bytes]:
        for block in self.client.blocks(answer, max_bytes=most):
            if self.stop.is_set():
                raise _StoppedError
            yield block


class _Growth:
    """How far an envelope ever came in this run: only what lies beyond is a gain.

    What came before may have been noise, and may come again and again.
    """

    def __init__(self) -> None:
        self._furthest = 0

    def begin(self, offset: int) -> None:
        """Count what is there already."""
        self._furthest = max(self._furthest, offset)

    def has_gained(self, offset: int) -> bool:
        """Tell whether a try came enough further to be worth another."""
        gained = offset - self._furthest >= _GAINED_BYTES
        self._furthest = max(self._furthest, offset)
        return gained


def _require_range(answer: httpx2.Response, offset: int) -> None:
    """Hold an answer to begin where it was asked to."""
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        begins = answer.headers.get("content-range", "").startswith(f"bytes {offset}-")
        if not (offset and begins):
            raise AlteredError("an answer begins elsewhere than it was asked to")
