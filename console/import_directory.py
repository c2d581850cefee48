"""An import directory: where what couriers bring is kept, for its owner only.

    state.json                        see `console.import_state`; written last, after each bundle
    inbox/<channel>/<64 hex>.age      envelopes, named by their hashes
    log/<channel>/<day>.json          the days of the log that were followed
    disputed/<channel>/<day>-<16 hex>.json     days that say something else: the evidence
    disputed/roster-<serial>-<16 hex>.json, .json.minisig     second rosters of a serial
    rosters/<serial>.json, .json.minisig
    forms/<id>-<version>-<16 hex>.toml         the digits are the first of its SHA-256
    lock                              one import at a time

Everything but the state can be written again from the same bundle, and is, after a crash.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO

from console.errors import ImportDirectoryError
from console.import_state import ImportState, parse_state, serialize_state
from crypto.errors import MalformedLogError
from crypto.inbound import RosterDocument
from crypto.log_day import LogDay, parse_day, serialize_day
from crypto.roster import FormReference
from disk.files import (
    is_there,
    private_directory,
    private_subdirectory,
    remove_unfinished,
    replaced_file_at,
    settle,
    unsettled_file,
)

STATE = "state.json"
INBOX, _LOG, _DISPUTED, _ROSTERS, _FORMS, _LOCK = (
    "inbox", "log", "disputed", "rosters", "forms", "lock",
)  # fmt: skip
_NAME_HEX = 16
_OPEN_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class ImportDirectory:
    """An opened directory; nobody else imports into it meanwhile.

    Attributes:
        state: what is remembered; None before the first import.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._written: set[Path] = set()
        self.state = read_state(path)

    def inbox(self, channel: str) -> Path:
        """Return where the envelopes of a channel lie."""
        return self.path / INBOX / channel

    def save(self, state: ImportState) -> None:
        """Remember; everything that was written before is on the disk by then."""
        settle(self._written)
        self._written.clear()
        with replaced_file_at(self.path / STATE) as file:
            file.write(serialize_state(state))
        self.state = state

    def has_envelope(self, channel: str, envelope_hash: bytes, size: int) -> bool:
        """Tell whether an envelope is here, whole."""
        name = _envelope_name(envelope_hash)
        with self._inside(INBOX, channel) as place:
            found = is_there(place, name, size, envelope_hash)
        if found:  # a killed import may have left it where a power cut still reaches it
            self._note(INBOX, channel, name)
        return found

    def lists_envelope(self, channel: str, envelope_hash: bytes) -> bool:
        """Tell whether an envelope was taken, by its name alone."""
        return (self.inbox(channel) / _envelope_name(envelope_hash)).exists()

    @contextmanager
    def new_envelope(self, channel: str, envelope_hash: bytes) -> Iterator[BinaryIO]:
        """Write an envelope; when the block raises, nothing remains."""
        with self._file(INBOX, channel, _envelope_name(envelope_hash)) as file:
            yield file

    def write_day(self, channel: str, day: LogDay) -> None:
        """Keep a day that was followed."""
        self._write(serialize_day(day), _LOG, channel, f"{day.day}.json")

    def write_disputed(self, channel: str, day: LogDay) -> None:
        """Keep a day that does not go with what was followed."""
        data = serialize_day(day)
        name = f"{day.day}-{hashlib.sha256(data).hexdigest()[:_NAME_HEX]}.json"
        self._write(data, _DISPUTED, channel, name)

    def day(self, channel: str, day: date) -> LogDay | None:
        """Return a day that was followed; None where the log was not followed yet.

        Raises:
            ImportDirectoryError: it was damaged since.
        """
        path = self.path / _LOG / channel / f"{day}.json"
        try:
            return parse_day(path.read_bytes())
        except FileNotFoundError:
            return None
        except MalformedLogError:
            raise ImportDirectoryError(f"{path} is damaged: put a copy in its place") from None

    def write_roster(self, serial: int, roster: RosterDocument) -> None:
        """Keep a verified roster."""
        self._write_roster(roster, _ROSTERS, f"{serial}.json")

    def write_second_roster(self, serial: int, roster: RosterDocument) -> None:
        """Keep a verified roster of a serial that another one has: the evidence."""
        digits = hashlib.sha256(roster.document).hexdigest()[:_NAME_HEX]
        self._write_roster(roster, _DISPUTED, f"roster-{serial}-{digits}.json")

    def roster(self, serial: int) -> RosterDocument:
        """Return a roster that was kept.

        Raises:
            ImportDirectoryError: it is gone.
        """
        path = roster_path(self.path, serial)
        try:
            signature = path.with_name(f"{path.name}.minisig").read_bytes()
            return RosterDocument(path.read_bytes(), signature)
        except FileNotFoundError:
            raise ImportDirectoryError(f"{path} is gone: put a copy in its place") from None

    def write_form(self, form: FormReference, data: bytes) -> None:
        """Keep a form that a roster names."""
        self._write(data, _FORMS, form_file(form))

    def _write_roster(self, roster: RosterDocument, folder: str, name: str) -> None:
        self._write(roster.document, folder, name)
        self._write(roster.signature, folder, f"{name}.minisig")

    def _write(self, data: bytes, *names: str) -> None:
        with self._file(*names) as file:
            file.write(data)

    @contextmanager
    def _file(self, *names: str) -> Iterator[BinaryIO]:
        *folders, name = names
        with self._inside(*folders) as place, unsettled_file(place, name) as file:
            yield file
        self._note(*names)

    def _note(self, *names: str) -> None:
        """Note a file, and the directories around it, as what is to be settled."""
        self._written.update(self.path.joinpath(*names[:end]) for end in range(1, len(names) + 1))

    @contextmanager
    def _inside(self, *names: str) -> Iterator[int]:
        with ExitStack() as opened:
            place = self._descriptor
            for name in names:
                place = opened.enter_context(private_subdirectory(place, name))
            yield place


@contextmanager
def open_imports(path: Path) -> Iterator[ImportDirectory]:
    """Open a directory for importing; it is made if it is not there.

    Raises:
        ImportDirectoryError: another import is at work, or what is there is damaged.
        OutputError: others may write into it.
    """
    with private_directory(path) as descriptor, _alone(path, descriptor):
        _sweep(path)
        yield ImportDirectory(path, descriptor)


def read_state(path: Path) -> ImportState | None:
    """Read what a directory remembers; None before the first import.

    Raises:
        ImportDirectoryError: it is damaged.
    """
    try:
        return parse_state((path / STATE).read_bytes())
    except FileNotFoundError:
        return None
    except ImportDirectoryError as error:
        raise ImportDirectoryError(f"{path / STATE}: {error}") from None


def form_path(path: Path, form: FormReference) -> Path:
    """Return where a directory keeps a form."""
    return path / _FORMS / form_file(form)


def roster_path(path: Path, serial: int) -> Path:
    """Return where a directory keeps a roster; its signature lies beside it."""
    return path / _ROSTERS / f"{serial}.json"


def imports_around(envelope: Path) -> Path | None:
    """Tell from where an envelope lies which import directory it is in, if any."""
    place = envelope.absolute().parent.parent
    return place.parent if place.name == INBOX else None


def form_file(form: FormReference) -> str:
    """Name a form's file; rosters may have named two with one id and version."""
    return f"{form.id}-{form.version}-{form.sha256.hex()[:_NAME_HEX]}.toml"


def _envelope_name(envelope_hash: bytes) -> str:
    return f"{envelope_hash.hex()}.age"


@contextmanager
def _alone(path: Path, descriptor: int) -> Iterator[None]:
    lock = os.open(_LOCK, _OPEN_LOCK, 0o600, dir_fd=descriptor)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImportDirectoryError(
                f"another import into {path} is at work: wait for it"
            ) from None
        yield
    finally:
        os.close(lock)


def _sweep(path: Path) -> None:
    """Remove what a killed import left unfinished."""
    for place, _, _ in os.walk(path):
        with private_directory(Path(place)) as descriptor:
            remove_unfinished(descriptor)
