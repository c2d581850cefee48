"""The only clock that the intake reads, and it knows no hours."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

Today = Callable[[], date]


def utc_today() -> date:
    """Draw the day."""
    return datetime.now(UTC).date()


def stamp(file: Path | int, day: date) -> None:
    """Give a file the day at 00:00 UTC as its time, which is what backups carry on.

    The file system keeps finer times that nobody can set (ctime, birth); the batch sees to those.
    """
    midnight = datetime.combine(day, time(), UTC)
    nanoseconds = int(midnight.timestamp()) * 1_000_000_000
    os.utime(file, ns=(nanoseconds, nanoseconds))
