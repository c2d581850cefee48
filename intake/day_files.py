"""Where the days of the log lie: `log/<channel>/<YYYY-MM-DD>.json` in the data directory.

A file appears whole, or is replaced whole, and is on the disk when the method returns. It carries
its day as its time, and holds what anybody may read (`crypto.log_day`). Who writes holds the lock
of the log, and has made the place ready.
"""

import re
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import BinaryIO

from crypto.bag_info import require_id
from crypto.log_day import LogDay, parse_day, serialize_day
from disk.errors import OutputError
from disk.files import new_file_at, private_directory, remove_unfinished, replaced_file_at
from intake.blobs import sync_directory
from intake.database import storage_errors
from intake.days import Today, stamp
from intake.errors import StorageError, UnknownDayError

_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.json")
_RESTORING = "restoring"


class DayFiles:
    """The log of every channel, as files."""

    def __init__(self, path: Path, today: Today) -> None:
        self.path = path
        self._today = today

    def span(self, channel: str) -> tuple[date, date] | None:
        """Say from which day to which a channel has a log; None when it has none yet."""
        days = self._days(channel)
        return (min(days), max(days)) if days else None

    def open(self, channel: str, day: date) -> BinaryIO:
        """Open a day's file.

        Raises:
            UnknownDayError: the log has no such day.
        """
        try:
            with storage_errors():
                return self._place(channel, day).open("rb")
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise UnknownDayError("the log has no such day") from None
            raise

    def read(self, channel: str, day: date) -> LogDay:
        """Read a day.

        Raises:
            UnknownDayError: the log has no such day.
            MalformedLogError: its file was damaged.
        """
        with self.open(channel, day) as file, storage_errors():
            data = file.read()
        return parse_day(data)

    def leaves(self, channel: str, day: date) -> tuple[bytes, ...]:
        """List what a day logged; nothing if it has no file.

        Raises:
            MalformedLogError: its file was damaged.
        """
        try:
            return self.read(channel, day).leaves
        except UnknownDayError:
            return ()

    def make_ready(self, channel: str) -> None:
        """Make the place of a channel's days, and remove what a killed writer has left there.

        Raises:
            StorageFullError, StorageError: it cannot be made, or others may write there.
        """
        with storage_errors():
            try:
                with private_directory(self._directory(channel)) as directory:
                    remove_unfinished(directory)
            except OutputError:
                raise StorageError("others may write into the log") from None
            stamp(self.path, self._today())
            sync_directory(self.path)
            sync_directory(self.path.parent)

    def add(self, channel: str, day: LogDay) -> None:
        """Write a day that has no file yet.

        Raises:
            StorageFullError, StorageError: it has none still, or has had one.
        """
        with storage_errors():
            try:
                with new_file_at(self._place(channel, day.day)) as file:
                    _write(file, day)
            except OutputError:
                raise StorageError("the log has this day already") from None
            self._settle(channel)

    def replace(self, channel: str, day: LogDay) -> None:
        """Write a day in the place of the file that it has.

        Raises:
            StorageFullError, StorageError: it has the old one.
        """
        with storage_errors():
            with replaced_file_at(self._place(channel, day.day)) as file:
                _write(file, day)
            self._settle(channel)

    def remove_after(self, channel: str, day: date | None) -> int:
        """Remove the days after one, or all, the last one first, so that what is left has no gap.

        Returns:
            How many there were.
        """
        late = [each for each in self._days(channel) if day is None or each > day]
        with storage_errors():
            for each in sorted(late, reverse=True):
                self._place(channel, each).unlink()
                self._settle(channel)
        return len(late)

    def begin_restoring(self, channel: str) -> None:
        """Note that the log of a channel is not to be gone on with until it is restored."""
        with storage_errors():
            mark = self._directory(channel) / _RESTORING
            mark.touch(mode=0o600)
            stamp(mark, self._today())
            self._settle(channel)

    def end_restoring(self, channel: str) -> None:
        """Note that it may be gone on with again."""
        with storage_errors():
            (self._directory(channel) / _RESTORING).unlink(missing_ok=True)
            self._settle(channel)

    def is_restoring(self, channel: str) -> bool:
        """Tell whether the log of a channel was being restored, and not to the end."""
        with storage_errors():
            return (self._directory(channel) / _RESTORING).exists()

    def _days(self, channel: str) -> list[date]:
        with storage_errors(), suppress(FileNotFoundError, UnknownDayError):
            files = self._directory(channel).iterdir()
            return [day for file in files if (day := _day_of(file.name)) is not None]
        return []

    def _place(self, channel: str, day: date) -> Path:
        return self._directory(channel) / f"{day.isoformat()}.json"

    def _directory(self, channel: str) -> Path:
        """Say where a channel's days lie; whatever else asks for a path is refused.

        Raises:
            UnknownDayError: not the id of a channel.
        """
        try:
            require_id(channel)
        except ValueError:
            raise UnknownDayError("there is no such log") from None
        return self.path / channel

    def _settle(self, channel: str) -> None:
        """Make every name so far survive a power cut; the directory's own time is a day, too."""
        stamp(self._directory(channel), self._today())
        sync_directory(self._directory(channel))


def _day_of(name: str) -> date | None:
    if match := _NAME.fullmatch(name):
        with suppress(ValueError):
            return date.fromisoformat(match[1])
    return None


def _write(file: BinaryIO, day: LogDay) -> None:
    file.write(serialize_day(day))
    file.flush()
    stamp(file.fileno(), day.day)
