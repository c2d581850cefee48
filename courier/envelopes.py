"""Fetching envelopes: a few at a time, resumed where they broke off, each held to its hash."""

import hashlib
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
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


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of the envelopes that were asked for.

    Attributes:
        gone: the service says that it has no such envelope.
        troubled: nothing of them came now; it may come the next time.
        unfinished: something of them came, and more may come the next time.
    """

    gone: frozenset[bytes]
    troubled: frozenset[bytes]
    unfinished: frozenset[bytes]


class _StoppedError(Exception):
    """Another envelope's failure ended the run."""


def fetch_envelopes(
    client: Client,
    kept: ChannelDirectory,
    leaves: Iterable[bytes],
    *,
    at_once: int,
    meter: Callable[[int], None],
) -> Fetched:
    """Fetch envelopes that are not there yet.

    In random order, so that no few of them can keep the others back.

    Raises:
        UnreachableError, StrangerError: nothing more can be had now; what has come is kept.
    """
    wanted = sorted(leaves)
    random.SystemRandom().shuffle(wanted)
    gone: set[bytes] = set()
    troubled: set[bytes] = set()
    unfinished: set[bytes] = set()
    with kept.envelopes() as directory, _pool(at_once) as (pool, stop):
        errand = _Errand(client, kept.id, directory, stop)
        running = {pool.submit(errand.fetch, leaf): leaf for leaf in wanted}
        for future in as_completed(running):
            try:
                future.result()
            except NotThereError:
                gone.add(running[future])
            except TroubleError as error:
                (unfinished if error.gained else troubled).add(running[future])
            meter(1)
    return Fetched(frozenset(gone), frozenset(troubled), frozenset(unfinished))


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
        self.client.patiently(lambda: self._attempt(leaf))

    def _attempt(self, leaf: bytes) -> None:
        grown = part_name(leaf)
        try:
            with growing_file(self.directory, grown) as file:
                self._go_on(file, leaf)
                publish_grown(self.directory, file, grown, whole_name(leaf))
        except (AlteredError, NotThereError):
            remove_file(self.directory, grown)
            raise

    def _go_on(self, file: BinaryIO, leaf: bytes) -> None:
        """Append what is missing; what was there already counts in the hash like the rest."""
        state = hashlib.sha256()
        while block := file.read(_BLOCK_BYTES):
            state.update(block)
        offset = file.tell()
        if state.digest() == leaf:
            return
        with self.client.answer("GET", envelope_path(self.channel, leaf), offset=offset) as answer:
            if offset and answer.status_code == HTTPStatus.OK:  # it begins at the beginning
                file.seek(0)
                file.truncate()
                state, offset = hashlib.sha256(), 0
            _require_range(answer, offset)
            for block in self._blocks(answer, MAX_ENVELOPE_BYTES - offset):
                file.write(block)
                state.update(block)
        if state.digest() != leaf:
            raise AlteredError("an envelope came that is not the one that was asked for")

    def _blocks(self, answer: httpx2.Response, most: int) -> Iterator[bytes]:
        """Read what comes, and say of a failure whether something had come."""
        got = 0
        try:
            for block in self.client.blocks(answer, max_bytes=most):
                if self.stop.is_set():
                    raise _StoppedError
                got += len(block)
                yield block
        except TroubleError as error:
            raise TroubleError(f"{error}", gained=got >= _GAINED_BYTES) from None


def _require_range(answer: httpx2.Response, offset: int) -> None:
    """Hold an answer to begin where it was asked to."""
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        begins = answer.headers.get("content-range", "").startswith(f"bytes {offset}-")
        if not (offset and begins):
            raise AlteredError("an answer begins elsewhere than it was asked to")
