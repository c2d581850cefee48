"""What a courier keeps of one channel.

    position.json            how far it has come; see `Position`
    log/<day>.json           days of the log that were followed, with this courier's cosignature
    envelopes/<hash>.age     whole ones, until they are in a bundle
    envelopes/<hash>.part    what has come of one
    troubles.json            {"<hash>": day}: since when an envelope does not come

A day is followed when its file is there: no other record of it can disagree.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from courier.files import damaged, read_json, write_file, write_json
from crypto.bag_info import require_id
from crypto.errors import MalformedLogError
from crypto.log_day import LogDay, parse_day, serialize_day
from crypto.merkle import HASH_BYTES
from disk.files import private_directory, private_subdirectory, remove_unfinished

_POSITION, _LOG, _ENVELOPES, _TROUBLES = "position.json", "log", "envelopes", "troubles.json"
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})\.json")
_WHOLE = ".age"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a courier has come with a channel.

    Attributes:
        serial: of the last bundle; 0 before the first.
        hash: of the last bundle; zeros before the first.
        day: the last that is in a bundle, or at whose end the courier began; None before the first.
        handed_out: whether the last bundle was written to where it was wanted.
        cosigned: the last day whose cosignature the service has.
    """

    serial: int = 0
    hash: bytes = bytes(HASH_BYTES)
    day: date | None = None
    handed_out: bool = True
    cosigned: date | None = None


@dataclass(frozen=True, slots=True)
class ChannelDirectory:
    """The files of one channel."""

    id: str
    path: Path

    @classmethod
    def make(cls, parent: Path, channel_id: str) -> "ChannelDirectory":
        """Open the directory of a channel; made if it is missing."""
        require_id(channel_id)
        with (
            private_directory(parent) as directory,
            private_subdirectory(directory, channel_id) as own,
        ):
            for name in (_LOG, _ENVELOPES):
                with private_subdirectory(own, name):
                    pass
        return cls(channel_id, parent / channel_id)

    def remove_unfinished(self) -> None:
        """Remove what a killed run left of writing a file."""
        for place in (self.path, self.path / _LOG):
            with private_directory(place) as directory:
                remove_unfinished(directory)

    # The log

    def begin_at(self, day: LogDay) -> None:
        """Begin at the end of a day."""
        write_file(self._day_path(day.day), serialize_day(day))
        self.keep_position(Position(day=day.day, cosigned=day.day))

    def days(self) -> list[date]:
        """Return the days that were followed, in order."""
        names = (_DAY.fullmatch(path.name) for path in (self.path / _LOG).iterdir())
        return sorted(date.fromisoformat(name[1]) for name in names if name)

    def day(self, day: date) -> LogDay:
        """Read a day that was followed."""
        path = self._day_path(day)
        try:
            return parse_day(path.read_bytes())
        except MalformedLogError:
            raise damaged(path) from None

    def last_day(self) -> LogDay | None:
        """Read the last day that was followed; None before the first."""
        days = self.days()
        return self.day(days[-1]) if days else None

    def new_days(self) -> list[LogDay]:
        """Read the days that were followed and are in no bundle yet."""
        last = self.position().day
        return [self.day(day) for day in self.days() if last is None or day > last]

    def keep_day(self, day: LogDay) -> None:
        """Follow the log to the end of a day, durably."""
        write_file(self._day_path(day.day), serialize_day(day))

    # The position

    def position(self) -> Position:
        """Read how far this courier has come."""
        path = self.path / _POSITION
        content = read_json(path)
        if content is None:
            return Position()
        try:
            return Position(
                serial=int(content["serial"]),
                hash=bytes.fromhex(content["hash"]),
                day=_day_or_none(content["day"]),
                handed_out=content["handed_out"] is True,
                cosigned=_day_or_none(content["cosigned"]),
            )
        except (KeyError, TypeError, ValueError):
            raise damaged(path) from None

    def keep_position(self, position: Position) -> None:
        """Record how far this courier has come, durably."""
        write_json(
            self.path / _POSITION,
            {
                "serial": position.serial,
                "hash": position.hash.hex(),
                "day": position.day.isoformat() if position.day else None,
                "handed_out": position.handed_out,
                "cosigned": position.cosigned.isoformat() if position.cosigned else None,
            },
        )

    def note_cosigned(self, day: date) -> None:
        """Record that the service has the cosignature of a day and of those before."""
        self.keep_position(replace(self.position(), cosigned=day))

    # Envelopes

    @contextmanager
    def envelopes(self) -> Iterator[int]:
        """Hold the directory of envelopes open."""
        with (
            private_directory(self.path) as own,
            private_subdirectory(own, _ENVELOPES) as directory,
        ):
            yield directory

    def envelope(self, digest: bytes) -> Path:
        """Return where a whole envelope lies, or is to lie."""
        return self.path / _ENVELOPES / whole_name(digest)

    def there(self) -> set[bytes]:
        """Return the hashes of the envelopes that are there, whole."""
        names = (path.name for path in (self.path / _ENVELOPES).iterdir())
        return {bytes.fromhex(name.removesuffix(_WHOLE)) for name in names if name.endswith(_WHOLE)}

    def forget_envelopes(self) -> None:
        """Remove the envelopes, and parts of some, that are in a bundle."""
        wanted = {leaf.hex() for day in self.new_days() for leaf in day.leaves}
        for path in (self.path / _ENVELOPES).iterdir():
            if path.stem not in wanted:
                path.unlink()

    def troubles(self) -> dict[bytes, date]:
        """Read since when which envelopes do not come."""
        path = self.path / _TROUBLES
        try:
            content = read_json(path) or {}
            return {bytes.fromhex(key): date.fromisoformat(day) for key, day in content.items()}
        except (TypeError, ValueError):
            raise damaged(path) from None

    def keep_troubles(self, troubles: Mapping[bytes, date]) -> None:
        """Record since when which envelopes do not come."""
        content = {key.hex(): day.isoformat() for key, day in troubles.items()}
        write_json(self.path / _TROUBLES, content)

    def _day_path(self, day: date) -> Path:
        return self.path / _LOG / f"{day}.json"


def whole_name(digest: bytes) -> str:
    """Name an envelope that is whole."""
    return f"{digest.hex()}{_WHOLE}"


def part_name(digest: bytes) -> str:
    """Name what has come of an envelope."""
    return f"{digest.hex()}.part"


def _day_or_none(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
