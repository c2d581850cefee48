"""The payloads, in a directory of segments.

A blob is one envelope's payload under a random name. Its segment `i` is the file
`<name: 32 hex>.<i: 5 digits>` with payload bytes [i * 8 MiB, (i + 1) * 8 MiB) (protocol section
8). A segment is written as `….part`, given the day as its time, fsynced and renamed; it exists for
the service once a committed row names its blob, and not before.
"""

import os
import re
import secrets
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NewType

from intake.bounds import (
    DECOY_RESERVE_SHARE,
    MAX_DECOY_RESERVE_BYTES,
    MAX_RESERVE_BYTES,
    RESERVE_SHARE,
)
from intake.days import stamp
from intake.errors import StorageFullError

BlobName = NewType("BlobName", str)

_SEGMENT = re.compile(r"([0-9a-f]{32})\.([0-9]{5})(\.part)?")


class BlobDirectory:
    """A directory of segments; all methods may be called from any thread and process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the directory, for its owner only."""
        self.path.mkdir(mode=0o700, exist_ok=True)
        self.path.chmod(0o700)

    def segment(self, name: BlobName, number: int) -> Path:
        """Say where a segment rests."""
        return self.path / f"{name}.{number:05}"

    def part(self, name: BlobName, number: int) -> Path:
        """Say where a segment is being written."""
        return self.path / f"{name}.{number:05}.part"

    def remove(self, name: BlobName, segments: int) -> None:
        """Remove what there is of a blob, whole or half-made."""
        for number in range(segments):
            self.segment(name, number).unlink(missing_ok=True)
            self.part(name, number).unlink(missing_ok=True)

    def settle(self, day: date) -> None:
        """Make every rename so far survive a power cut; the directory's own time is a day, too."""
        stamp(self.path, day)
        sync_directory(self.path)

    def files(self) -> Iterator[tuple[BlobName, int, Path]]:
        """Find every segment and half-made one; anything else here is not ours to judge."""
        with os.scandir(self.path) as entries:
            for entry in entries:
                if match := _SEGMENT.fullmatch(entry.name):
                    number = -1 if match[3] else int(match[2])
                    yield BlobName(match[1]), number, Path(entry.path)

    def free_bytes(self) -> int:
        """Say how much room the service has on the volume."""
        volume = os.statvfs(self.path)
        return volume.f_bavail * volume.f_frsize

    def require_room(self, wanted_bytes: int = 0) -> None:
        """Refuse to begin another segment on a volume that is nearly full, or would be.

        Raises:
            StorageFullError: only the reserve is left, which belongs to those who make room.
        """
        volume = os.statvfs(self.path)
        reserve = min(MAX_RESERVE_BYTES, volume.f_blocks * volume.f_frsize // RESERVE_SHARE)
        if volume.f_bavail * volume.f_frsize < reserve + wanted_bytes:
            raise StorageFullError("there is no room left")

    def has_room_for_decoys(self) -> bool:
        """Tell whether more is left than what decoys leave to sources."""
        volume = os.statvfs(self.path)
        whole = volume.f_blocks * volume.f_frsize
        reserve = min(MAX_DECOY_RESERVE_BYTES, whole // DECOY_RESERVE_SHARE)
        return volume.f_bavail * volume.f_frsize >= reserve


def new_name() -> BlobName:
    """Draw a name that says nothing."""
    return BlobName(secrets.token_hex(16))


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a power cut."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
