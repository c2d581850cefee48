"""The daily batch: log and close the days that are over, and take their order from the disk.

Until then inode numbers, birth times, places in the directory and SQLite's overflow pages tell in
which order envelopes came. The batch copies every payload of the closed days to a new file, in
random order; when all copies exist the days are logged (`intake.log`), then the rows are moved to
the copies, and only then are the old files removed. Removing one before the next is copied would
hand each copy the inode and the blocks of an old file whose place in the order of copying is known,
and so give the old order away. It needs as much free room as the closed days take.

A copy is a plain read and write: `copy_file_range` may share the old blocks.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from intake import log, nonces
from intake.blobs import BlobName, new_name
from intake.bounds import COPY_BYTES, ROWS_A_COMMIT
from intake.database import storage_errors
from intake.locks import housekeeping
from intake.log_dates import ONE_DAY, Overdue, date_envelopes
from intake.log_signer import LogSigner
from intake.segments import SegmentWriter
from intake.store import Store
from intake.tables import DiscardedRow, EnvelopeRow, ReplyRow
from intake.values import Batched

Progress = Callable[[int, int], None]
"""Told how many segments are done, and of how many."""


@dataclass(frozen=True, slots=True)
class _Move:
    """One payload on its way from an old name to a new one."""

    table: type[EnvelopeRow | ReplyRow]
    hash: bytes
    day: date
    segments: int
    old: BlobName
    new: BlobName


def run_batch(store: Store, signer: LogSigner, progress: Progress | None = None) -> Batched:
    """Log and close every day before today; what an interrupted batch left is put right first.

    Raises:
        UnrestoredLogError, LogError: the log cannot be gone on with; the days stay open.
        StorageFullError: no room for the copies or the new database; nothing is lost or half done.
        RemnantsLeftError: the days are closed, but the log could not be emptied: run it again.
    """
    with housekeeping(store.directory):
        store.remove_discarded()
        today = store.today()
        overdue = date_envelopes(store, signer, today)
        moves = _plan(store, today, overdue)
        random.SystemRandom().shuffle(moves)
        try:
            _copy_all(store, moves, progress or _silent)
            log.write_days(store, signer, overdue)
            closed = _move_rows(store, moves)
        finally:
            store.remove_discarded()
        nonces.forget(store)
        store.compact()
    return closed


def _plan(store: Store, today: date, overdue: Mapping[str, Overdue]) -> list[_Move]:
    """Find what is to be moved, and note the new names as discarded until rows name them."""
    with store.database.writing() as session:
        moves = [
            move
            for channel, days in overdue.items()
            for move in _moves(session, EnvelopeRow, min(days.end, today - ONE_DAY), channel)
        ]
        moves += _moves(session, ReplyRow, today - ONE_DAY)
        session.add_all(DiscardedRow(blob=move.new, segments=move.segments) for move in moves)
    return moves


def _moves(
    session: Session, table: type[EnvelopeRow | ReplyRow], last: date, channel: str | None = None
) -> Iterator[_Move]:
    """Give each open row up to a day a new name for its payload."""
    query = select(col(table.hash), col(table.day), col(table.segments), col(table.blob)).where(
        col(table.closed).is_(False), table.day <= last
    )
    if channel is not None:
        query = query.where(EnvelopeRow.channel == channel)
    for digest, day, segments, old in session.exec(query):
        yield _Move(table, digest, day, segments, BlobName(old), new_name())


def _copy_all(store: Store, moves: list[_Move], progress: Progress) -> None:
    total = sum(move.segments for move in moves)
    done = 0
    buffer = memoryview(bytearray(COPY_BYTES))
    with storage_errors():
        for move in moves:
            # A reply may have been erased meanwhile: there is nothing to move, then.
            with suppress(FileNotFoundError):
                _copy(store, move, buffer)
            done += move.segments
            progress(done, total)


def _copy(store: Store, move: _Move, buffer: memoryview) -> None:
    writer = SegmentWriter(store.blobs, lambda: move.day, move.new)
    try:
        for number in range(move.segments):
            with store.blobs.segment(move.old, number).open("rb", buffering=0) as segment:
                while size := segment.readinto(buffer):
                    writer.write(buffer[:size])
        writer.finish()
    except BaseException:
        writer.discard()
        raise


def _move_rows(store: Store, moves: list[_Move]) -> Batched:
    """Point the rows at their new files; what no row took stays discarded."""
    counts = Counter[type[EnvelopeRow | ReplyRow]]()
    for start in range(0, len(moves), ROWS_A_COMMIT):
        with store.database.writing() as session:
            for move in moves[start : start + ROWS_A_COMMIT]:
                counts[move.table] += _move_row(session, move)
    return Batched(envelopes=counts[EnvelopeRow], replies=counts[ReplyRow])


def _move_row(session: Session, move: _Move) -> bool:
    table = move.table
    moved = session.exec(
        update(table)
        .where(col(table.hash) == move.hash, col(table.blob) == move.old)
        .values(blob=move.new, closed=True)
    )
    if not moved.rowcount:
        return False
    session.exec(delete(DiscardedRow).where(col(DiscardedRow.blob) == move.new))
    session.add(DiscardedRow(blob=move.old, segments=move.segments))
    return True


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""
