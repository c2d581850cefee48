"""Bundles: made in the courier's directory, recorded, and only then handed out.

    1. the bundle is written, whole, to bundles/
    2. its serial and hash are recorded
    3. it is copied to where it is wanted, whole
    4. that is recorded

Killed before 2, the bundle was seen by nobody: it is removed and made anew. Killed after it, the
same bundle is copied. So there are never two of one serial.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from courier.channel import ChannelDirectory
from courier.errors import SetupError, TroubleError
from crypto.inbound import MAX_ENVELOPES, InboundInfo, RosterDocument, write_inbound
from crypto.log_day import LogDay
from crypto.minisign import SigningKey
from crypto.sinks import Readable
from disk.files import (
    is_there,
    new_file,
    new_file_at,
    private_directory,
    remove_unfinished,
)

MOST_BYTES = 3 << 30
"""Of envelopes in a bundle of several days: a stick's FAT takes no file of 4 GiB."""
MOST_LEAVES = 1 << 19
_LEAVES_A_DAY = 32  # what a day without leaves takes in log.json, counted in leaves
_BLOCK_BYTES = 1 << 20
_DAY_SECONDS = 24 * 3600
Counting = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Opens a meter, by its label and how much there is to do; it is told how much more is done."""


@dataclass(frozen=True, slots=True)
class Papers:
    """What a bundle carries beside the envelopes and the log, and whose it is."""

    courier: str
    form: tuple[str, bytes]
    roster: RosterDocument
    key: SigningKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Days that go into one bundle, and the envelopes of them that are there."""

    days: tuple[LogDay, ...]
    envelopes: tuple[bytes, ...]


def bundle_name(courier: str, channel: str, serial: int) -> str:
    """Name a bundle's file."""
    return f"{courier}-{channel}-{serial}.zip"


def batches(kept: ChannelDirectory, days: Sequence[LogDay]) -> Iterator[Batch]:
    """Part days into as few bundles as hold them.

    Raises:
        TroubleError: one day alone has more envelopes than a bundle holds.
    """
    there, taken = kept.there(), 0
    while taken < len(days):
        count, size, leaves = 0, 0, 0
        envelopes: list[bytes] = []
        for day in days[taken:]:
            new = [leaf for leaf in day.leaves if leaf in there]
            size += sum(kept.envelope(leaf).stat().st_size for leaf in new)
            leaves += len(day.leaves) + _LEAVES_A_DAY
            full = size > MOST_BYTES or leaves > MOST_LEAVES
            if count and (full or len(envelopes) + len(new) > MAX_ENVELOPES):
                break
            envelopes += new
            count += 1
        if len(envelopes) > MAX_ENVELOPES:
            raise TroubleError(f"{days[taken].day} has more envelopes than a bundle holds")
        yield Batch(tuple(days[taken : taken + count]), tuple(sorted(envelopes)))
        taken += count


def make_bundle(kept: ChannelDirectory, place: Path, batch: Batch, papers: Papers) -> None:
    """Write the next bundle, and record it."""
    position = kept.position()
    serial = position.serial + 1
    name = bundle_name(papers.courier, kept.id, serial)
    with suppress(FileNotFoundError):
        (place / name).unlink()  # made, and never recorded: nobody has seen it
    info = InboundInfo(papers.courier, kept.id, serial, position.hash)
    with new_file_at(place / name) as file:
        made = write_inbound(
            file,
            info,
            _opened(kept, batch.envelopes),
            days=batch.days,
            forms=dict([papers.form]),
            roster=papers.roster,
            signing=papers.key,
        )
    last = batch.days[-1].day
    kept.keep_position(replace(position, serial=serial, hash=made, day=last, handed_out=False))


def hand_out(
    kept: ChannelDirectory, place: Path, out: Path, courier: str, copying: Counting
) -> Path | None:
    """Copy the last bundle to where it is wanted, if it has not been.

    Raises:
        OutputError: another file has its name there.
        SetupError: it is no longer here.
    """
    position = kept.position()
    if position.handed_out:
        return None
    name = bundle_name(courier, kept.id, position.serial)
    if not (place / name).is_file():
        raise SetupError(f"{place / name} is gone: put it back, or make another courier")
    _copy(place / name, out, copying)
    kept.keep_position(replace(position, handed_out=True))
    return out / name


def remove_old_bundles(place: Path, keep_days: int, waiting: set[str]) -> None:
    """Remove bundles that were made longer ago, unless they still wait to be handed out."""
    before = time.time() - keep_days * _DAY_SECONDS
    for path in place.iterdir():
        if path.name not in waiting and path.stat().st_mtime < before:
            path.unlink()


def _opened(kept: ChannelDirectory, envelopes: Sequence[bytes]) -> Iterator[tuple[bytes, Readable]]:
    """Open one envelope at a time."""
    for leaf in envelopes:
        with kept.envelope(leaf).open("rb") as file:
            yield leaf, file


def _copy(bundle: Path, out: Path, copying: Counting) -> None:
    """Copy a bundle, unless the same is there already."""
    with ExitStack() as held:
        directory = held.enter_context(private_directory(out))
        remove_unfinished(directory, bundle.name)
        source = held.enter_context(bundle.open("rb"))
        sha256 = hashlib.file_digest(source, "sha256").digest()
        size = source.tell()
        if is_there(directory, bundle.name, size, sha256):
            return
        source.seek(0)
        meter = held.enter_context(copying(f"Writing {bundle.name}", size))
        with new_file(directory, bundle.name) as file:
            while block := source.read(_BLOCK_BYTES):
                file.write(block)
                meter(len(block))
