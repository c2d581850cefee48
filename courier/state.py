"""A courier's directory, for its owner only.

Whatever is killed at whatever moment, each file is the old or the new one, whole:

    settings.json         written last: without it there is no courier here
    key                   of the courier (mode 0600), as `crypto.log_key_file` writes one
    roster.json           {"document": "…", "signature": "…"}: the newest roster seen
    alarms.json           {"alarms": […]}: those that nobody has acknowledged
    lock                  one run at a time
    forms/<id>-<version>.toml
    channels/<channel>/   see `courier.channel`
    bundles/<name>.zip    those written of late

Only envelopes, sealed, the log, which is public, and this courier's own key are in it.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from courier.channel import ChannelDirectory
from courier.errors import BusyError, SetupError
from courier.files import damaged, read_json, write_json
from courier.settings import Settings
from crypto.bag_info import require_id
from crypto.errors import KeyFormatError, LogError
from crypto.inbound import RosterDocument
from crypto.log_day import LogDay
from crypto.log_key_file import parse_log_key, serialize_log_key
from crypto.log_watch import Alarm, alarm_object, read_alarm_object
from crypto.minisign import SigningKey
from disk.files import new_file, private_directory, private_subdirectory, remove_unfinished

_SETTINGS, _KEY, _LOCK = "settings.json", "key", "lock"
_ROSTER, _ALARMS = "roster.json", "alarms.json"
_CHANNELS, _BUNDLES, _FORMS = "channels", "bundles", "forms"
_OPEN_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class CourierDirectory:
    """An opened directory: who this courier is, and what it remembers."""

    path: Path
    settings: Settings
    key: SigningKey = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> "CourierDirectory":
        """Open a directory that `create_directory` made.

        Raises:
            SetupError: there is no courier, or its settings or key are damaged.
        """
        try:
            settings = Settings.parse((path / _SETTINGS).read_bytes())
            key = parse_log_key((path / _KEY).read_text("ascii"))
        except (FileNotFoundError, NotADirectoryError):
            raise SetupError(
                f"{path} is no courier's directory: make one with `candor courier init`"
            ) from None
        except (KeyFormatError, UnicodeDecodeError):
            raise SetupError(f"{path / _KEY} is not this courier's key: make a new one") from None
        return cls(path, settings, key)

    @property
    def bundles(self) -> Path:
        """Where bundles are made and kept for a while."""
        return self.path / _BUNDLES

    @property
    def forms(self) -> Path:
        """Where forms are kept."""
        return self.path / _FORMS

    def remove_unfinished(self) -> None:
        """Remove what a killed run left of writing a file."""
        for place in (self.path, self.bundles, self.forms, self.path / _CHANNELS):
            with private_directory(place) as directory:
                remove_unfinished(directory)
        for channel in self.channels():
            self.channel(channel).remove_unfinished()

    def channel(self, channel_id: str) -> ChannelDirectory:
        """Return what is kept of a channel; made if it is missing."""
        return ChannelDirectory.make(self.path / _CHANNELS, channel_id)

    def channels(self) -> list[str]:
        """Return the ids of the channels of which something is kept."""
        return sorted(path.name for path in (self.path / _CHANNELS).iterdir())

    def roster(self) -> RosterDocument | None:
        """Return the newest roster seen; None before the first."""
        match read_json(self.path / _ROSTER):
            case None:
                return None
            case {"document": str(document), "signature": str(signature)}:
                return RosterDocument(document.encode(), signature.encode())
            case _:
                raise damaged(self.path / _ROSTER)

    def keep_roster(self, roster: RosterDocument) -> None:
        """Keep a verified roster in the place of the one before."""
        content = {
            "document": roster.document.decode(),
            "signature": roster.signature.decode(),
        }
        write_json(self.path / _ROSTER, content)

    def alarms(self) -> tuple[Alarm, ...]:
        """Return the alarms that nobody has acknowledged, the oldest first."""
        try:
            match read_json(self.path / _ALARMS):
                case None:
                    return ()
                case {"alarms": list(alarms)}:
                    return tuple(map(read_alarm_object, alarms))
        except LogError:
            pass
        raise damaged(self.path / _ALARMS)

    def keep_alarms(self, raised: Iterable[Alarm]) -> None:
        """Keep alarms until they are acknowledged; the same one is kept once."""
        before = self.alarms()
        alarms = tuple(dict.fromkeys([*before, *raised]))
        if alarms != before:
            self._write_alarms(alarms)

    def acknowledge(self) -> None:
        """Forget the alarms: somebody has dealt with them."""
        self._write_alarms(())

    def _write_alarms(self, alarms: Iterable[Alarm]) -> None:
        write_json(self.path / _ALARMS, {"alarms": [alarm_object(alarm) for alarm in alarms]})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other run out, until the block or this process ends.

        Raises:
            BusyError: another one is at work.
        """
        descriptor = os.open(self.path / _LOCK, _OPEN_LOCK, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(f"another run is at work in {self.path}: wait for it") from None
            yield
        finally:
            os.close(descriptor)


def create_directory(path: Path, settings: Settings, heads: Iterable[LogDay]) -> CourierDirectory:
    """Make a courier's directory with a new key; what a killed run left of one is gone on with.

    Args:
        path: made with mode 0700 if it is missing.
        settings: which service, by which way.
        heads: a day of each log that is to be followed from its end, not from the beginning.

    Raises:
        SetupError: there is a courier already, a head of no channel, or two of one.
        OutputError: a link, or others may write into it.
    """
    with private_directory(path) as directory:
        if (path / _SETTINGS).exists():
            raise SetupError(f"{path} is a courier's already, and a key is never overwritten")
        for name in (_CHANNELS, _BUNDLES, _FORMS):
            with private_subdirectory(directory, name):
                pass
        if not (path / _KEY).exists():
            with new_file(directory, _KEY) as file:
                file.write(serialize_log_key(SigningKey.generate()).encode())
        begun: set[str] = set()
        for head in heads:
            channel = _channel_of(head)
            if channel in begun:
                raise SetupError(f"there are two days for channel {channel}: give one")
            begun.add(channel)
            ChannelDirectory.make(path / _CHANNELS, channel).begin_at(head)
        with new_file(directory, _SETTINGS) as file:
            file.write(settings.serialize())
    return CourierDirectory.open(path)


def _channel_of(head: LogDay) -> str:
    """Return whose log a day is of; of which service, the first roster shows."""
    _, _, channel = head.head.origin.partition("/")
    try:
        require_id(channel)
    except ValueError:
        raise SetupError("a day to begin at is of no channel's log") from None
    return channel
