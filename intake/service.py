"""The intake of one service: what the web face and the operator's commands may ask of it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self

from crypto.checkpoint import NoteSignature
from crypto.minisign import VerifyKey
from crypto.roster import Roster
from crypto.sinks import Buffer
from intake import batch, envelopes, log, mailbox, nonces, purge, restore, rosters, status, sweep
from intake.arrival import Arrival
from intake.blobs import BlobDirectory, sync_directory
from intake.course import Course
from intake.database import NAME, Database, make_private
from intake.day_files import DayFiles
from intake.days import Today, utc_today
from intake.errors import NotADataDirectoryError
from intake.locks import ArrivalsLock, housekeeping
from intake.log_signer import LogSigner
from intake.migrate import migrate
from intake.restore import Restored
from intake.restored_envelopes import Carried
from intake.spool import Spool
from intake.store import Store
from intake.values import (
    Batched,
    Delivery,
    Door,
    EnvelopeHash,
    Purged,
    Status,
    StoredEnvelope,
    Swept,
    WaitingReply,
)

BLOBS = "blobs"
LOG = "log"


class Intake:
    """One data directory, open for all threads of one process.

        candor.sqlite3     rows: headers, mailboxes
        blobs/             payloads, in segments
        log/               the days of each channel's log, which are public
        *.lock             who is at work here

    Several processes may have it open at once. Open it after a fork, never before.
    """

    def __init__(self, directory: Path, *, today: Today = utc_today) -> None:
        """Open a directory that `create` made, and bring its tables up to date.

        Raises:
            NotADataDirectoryError: nothing was created there.
            NewerDirectoryError: a newer version of this program has used it.
            StorageError: its database cannot be used.
        """
        if not (directory / NAME).is_file():
            raise NotADataDirectoryError("there is no data directory at this place")
        self._arrivals = ArrivalsLock(directory)
        database = Database(directory, today)
        self._store = Store(
            directory,
            database,
            BlobDirectory(directory / BLOBS),
            DayFiles(directory / LOG, today),
            today,
        )
        try:
            migrate(database)
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, directory: Path, *, today: Today = utc_today) -> Self:
        """Make whatever is missing of a data directory, for its owner only, and open it."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        BlobDirectory(directory / BLOBS).create()
        make_private(directory / NAME)
        sync_directory(directory)
        sync_directory(directory.parent)
        return cls(directory, today=today)

    def close(self) -> None:
        """Close the database and give up the directory."""
        self._store.database.close()
        self._arrivals.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # The door

    def begin(self, door: Door) -> Arrival:
        """Begin to take one envelope; see `Arrival`."""
        self._arrivals.share()
        return Arrival(
            self._store, door, partial(envelopes.keep_envelope, self._store, door.channel)
        )

    def receive(self, door: Door, blocks: Iterable[Buffer]) -> EnvelopeHash:
        """Take one whole envelope, in any slicing.

        Raises:
            RefusedEnvelopeError: not an envelope for this door; nothing of it is kept.
            StorageFullError, StorageError: it could not be stored; nothing of it is kept.
        """
        with self.begin(door) as arrival:
            for block in blocks:
                arrival.write(block)
            return arrival.commit()

    def has_room_for_decoys(self) -> bool:
        """Tell whether decoys may come; they stop long before a source would be kept out."""
        return self._store.blobs.has_room_for_decoys()

    # The mailbox

    def waiting(self, address: bytes) -> list[WaitingReply]:
        """List the replies that wait under an address; any address has a mailbox."""
        return mailbox.waiting(self._store, address)

    def open_reply(self, address: bytes, digest: EnvelopeHash) -> BinaryIO:
        """Open a waiting reply for reading anywhere.

        Raises:
            UnknownReplyError: none such waits there, or it was erased while it was read.
        """
        return mailbox.open_reply(self._store, address, digest)

    def erase(self, address: bytes, digests: Iterable[EnvelopeHash]) -> None:
        """Erase these of the waiting replies; others and unknown ones are no matter."""
        mailbox.erase(self._store, address, digests)

    def erase_all(self, address: bytes) -> None:
        """Erase everything that waits under an address."""
        mailbox.erase(self._store, address, None)

    def deliver(self, address: bytes, file: BinaryIO) -> Delivery:
        """Let a reply's envelope wait under an address, once.

        Raises:
            RefusedEnvelopeError: not a reply's envelope.
            StorageFullError, StorageError: it could not be stored; nothing of it is kept.
        """
        self._arrivals.share()
        return mailbox.deliver(self._store, address, file)

    # What rests

    def envelopes(self, channel: str, *, open_day: bool = False) -> Iterator[StoredEnvelope]:
        """List a channel's envelopes of closed days, in no order.

        With `open_day` also those that no batch has closed yet, whose order is still on the disk.
        """
        return envelopes.list_envelopes(self._store, channel, open_day=open_day)

    def rests_in(self, channel: str, digest: EnvelopeHash) -> bool:
        """Tell whether an envelope rests in a channel.

        Raises:
            RestsElsewhereError: it rests in another one.
        """
        return envelopes.rests_in(self._store, channel, digest)

    def open_envelope(self, digest: EnvelopeHash) -> BinaryIO:
        """Open a stored envelope for reading anywhere.

        Raises:
            UnknownEnvelopeError: there is none, or it was removed while it was read.
        """
        return envelopes.open_envelope(self._store, digest)

    def open_logged(self, channel: str, digest: EnvelopeHash) -> BinaryIO:
        """Open an envelope that stands in a channel's log, for reading anywhere.

        Raises:
            UnknownEnvelopeError: there is none, or it was removed while it was read.
        """
        return envelopes.open_logged(self._store, channel, digest)

    # The log

    def log_days(self, channel: str) -> tuple[date, date] | None:
        """Say which is the first and the last day of a channel's log; None when it has none yet."""
        return self._store.days.span(channel)

    def log_day(self, channel: str, day: date) -> bytes:
        """Read a day of a channel's log, as anybody may (`crypto.log_day`).

        Raises:
            UnknownDayError: there is no such day, or not yet.
        """
        with self.open_log_day(channel, day) as file:
            return file.read()

    def open_log_day(self, channel: str, day: date) -> BinaryIO:
        """Open a day of a channel's log; it stays as it is while it is read.

        Raises:
            UnknownDayError: there is no such day, or not yet.
        """
        return self._store.days.open(channel, day)

    def cosign(
        self, channel: str, day: date, signature: NoteSignature, *, name: str, key: VerifyKey
    ) -> None:
        """Take a witness's signature of a day's head.

        Args:
            channel: whose log.
            day: of the log.
            signature: the witness's.
            name: under which the witness signs (`crypto.checkpoint.witness_name`).
            key: of the witness.

        Raises:
            UnknownDayError: there is no such day, or not yet.
            UnsignedHeadError: it is not this witness's, or not of this head.
        """
        log.cosign(self._store, channel, day, signature, name=name, key=key)

    def restore_log(
        self,
        channel: str,
        course: Course,
        carried: Carried,
        *,
        witnesses: Mapping[str, VerifyKey],
        retention_days: int,
    ) -> Restored:
        """Put a channel's log back as couriers carried it away; see `intake.restore`.

        Raises:
            DirectoryInUseError: somebody takes envelopes in here: stop the service first.
        """
        with self._arrivals.alone():
            return restore.restore_log(
                self._store,
                channel,
                course,
                carried,
                witnesses=witnesses,
                retention_days=retention_days,
            )

    # The roster

    def adopt_roster(self, roster: Roster, document: bytes, signature: bytes) -> None:
        """Take a roster as the newest; no older one and no second one is taken after it.

        Raises:
            RolledBackRosterError: a newer one was in force here.
            ForkedRosterError: another one with this serial was.
        """
        rosters.adopt(self._store, roster, document, signature)

    def remembered_rosters(self) -> list[tuple[bytes, bytes]]:
        """List the rosters that were in force and have not expired, as document and signature."""
        return rosters.remembered(self._store)

    # Couriers

    def remember_request(self, courier: str, nonce: bytes) -> None:
        """Take note of a courier's request, so that nobody can send it again.

        Raises:
            ReplayedRequestError: it was taken note of before, here or in another process.
            StorageFullError, StorageError: it was not.
        """
        nonces.remember(self._store, courier, nonce)

    def spool(self, *, max_bytes: int, expected_bytes: int = 0) -> Spool:
        """Make a place for a bundle that must be there whole before it is looked at.

        Raises:
            TooLargeError, StorageFullError: it cannot take what was announced.
        """
        store = self._store
        return Spool(store.blobs, store.today, max_bytes=max_bytes, expected_bytes=expected_bytes)

    # Housekeeping

    def sweep(self) -> Swept:
        """Remove what a killed process has left; for the one parent, before its workers start.

        Raises:
            DirectoryInUseError: somebody else takes envelopes in here: another service, a worker
                that outlived its parent, an operator who is delivering replies.
        """
        with self._arrivals.alone(), housekeeping(self._store.directory):
            return sweep.sweep(self._store)

    def run_batch(self, signer: LogSigner, progress: batch.Progress | None = None) -> Batched:
        """Log and close every day before today; see `intake.batch`."""
        return batch.run_batch(self._store, signer, progress)

    def purge(self, retention: Mapping[str, int]) -> Purged:
        """Remove what is older than its time; see `intake.purge`."""
        return purge.purge(self._store, retention)

    def status(self) -> Status:
        """Count what rests here."""
        return status.status(self._store)
