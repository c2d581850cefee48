"""One envelope on its way in: the one door, whatever way led here."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self

from crypto.errors import DamagedEnvelopeError
from crypto.padding import is_padded
from crypto.payload import plaintext_bytes
from crypto.sinks import Buffer
from intake.blobs import BlobName
from intake.database import storage_errors
from intake.errors import TooLargeError, WrongLengthError
from intake.gate import HeaderGate
from intake.segments import SegmentWriter
from intake.store import Store
from intake.values import Door, EnvelopeHash


@dataclass(frozen=True, slots=True)
class Arrived:
    """A whole envelope whose segments are on the disk and which no row names yet."""

    hash: EnvelopeHash
    header: bytes
    length: int
    segments: int
    blob: BlobName


class Arrival:
    """Take one envelope in any slicing; it is stored when `commit` returns, and never before.

    A sink and a context manager: leaving without `commit` removes every trace, and so does every
    refusal or failure, at once.

    Args:
        store: where to.
        door: what is taken.
        keep: makes the row in one transaction; False when the same envelope rests here already.
    """

    __slots__ = ("_door", "_gate", "_hash", "_keep", "_length", "_segments")

    def __init__(self, store: Store, door: Door, keep: Callable[[Arrived], bool]) -> None:
        self._door = door
        self._keep = keep
        self._gate = HeaderGate(door.slots)
        self._hash = hashlib.sha256()
        self._length = 0
        self._segments: SegmentWriter | None = SegmentWriter(store.blobs, store.today)

    def write(self, data: Buffer) -> None:
        """Take the next bytes, through to the disk.

        Raises:
            RefusedEnvelopeError: they show that this is not an envelope for this door.
            StorageFullError, StorageError: they could not be stored.
        """
        with self._undone_by_errors() as segments, memoryview(data).cast("B") as view:
            self._length += len(view)
            if self._length > self._door.max_bytes:
                raise TooLargeError("the envelope is longer than this door takes")
            self._hash.update(view)
            payload = view[self._gate.feed(view) :]
            segments.write(payload)

    def commit(self) -> EnvelopeHash:
        """Make the envelope exist. Only when this returns may the source be told "arrived".

        The same bytes twice are one envelope, and the answer does not tell.

        Raises:
            WrongLengthError: cut short, or not a padded length.
            StorageFullError, StorageError: it could not be stored.
        """
        with self._undone_by_errors() as segments:
            self._require_length()
            segments.finish()
            arrived = self._arrived(segments)
        # From here an interruption leaves files without a row, which a sweep removes; never a row
        # without files.
        self._segments = None
        try:
            new = self._keep(arrived)
        except Exception:
            _discard(segments)
            raise
        if not new:
            _discard(segments)
        return arrived.hash

    def _require_length(self) -> None:
        if not self._gate.complete:
            raise WrongLengthError("the envelope is cut short")
        try:
            plaintext = plaintext_bytes(self._length - len(self._gate.header))
        except DamagedEnvelopeError as error:
            raise WrongLengthError("the envelope is cut short") from error
        if not is_padded(plaintext):
            raise WrongLengthError("the envelope has a length that padding does not produce")

    def _arrived(self, segments: SegmentWriter) -> Arrived:
        return Arrived(
            EnvelopeHash(self._hash.digest()),
            bytes(self._gate.header),
            self._length,
            segments.segments,
            segments.name,
        )

    @contextmanager
    def _undone_by_errors(self) -> Iterator[SegmentWriter]:
        if self._segments is None:
            raise ValueError("the arrival has ended")
        try:
            with storage_errors():
                yield self._segments
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        if self._segments is not None:
            _discard(self._segments)
            self._segments = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()


def _discard(segments: SegmentWriter) -> None:
    """Remove what was written; what a failing disk keeps, the next sweep removes."""
    with suppress(OSError):
        segments.discard()
