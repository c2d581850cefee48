"""The SQLite database: one hook for every connection, and two kinds of transaction.

Writers begin IMMEDIATE: a transaction that reads first and then finds that another process wrote
meanwhile could not be mended by waiting. In one process writers queue at a lock, which is fair;
between processes SQLite's busy handler polls.
"""

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from intake.bounds import BUSY_TIMEOUT
from intake.days import Today, stamp
from intake.errors import RemnantsLeftError, StorageError, StorageFullError

NAME = "candor.sqlite3"
_BEGIN = "candor_begin"
_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


class Database:
    """The rows of one data directory, for all threads of a process.

    Open it after a fork, never before: a SQLite connection does not survive one.
    """

    def __init__(self, directory: Path, today: Today) -> None:
        self.path = directory / NAME
        self._today = today
        # VACUUM builds its copy in a temporary file: keep it on the volume that is encrypted,
        # never in /var/tmp. SQLite reads this when it needs such a file.
        os.environ["SQLITE_TMPDIR"] = str(directory)
        self.engine = create_engine(f"sqlite:///{self.path}", hide_parameters=True)
        event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "begin", _begin)
        self.writer = self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._bare = self.engine.execution_options(**{_BEGIN: None})
        self._turn = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read one consistent state. Keep it short: an open reader keeps the log from shrinking."""
        with storage_errors(), Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Make one transaction that is on the disk when this returns, or never was.

        Raises:
            StorageFullError, StorageError: it never was.
        """
        with storage_errors(), self._turn, Session(self.writer) as session, session.begin():
            yield session
        self._stamp()

    def vacuum(self) -> None:
        """Write every page anew, in key order, without free pages and what they still hold.

        Raises:
            StorageFullError: it needs room for two more copies of the database.
        """
        with storage_errors(), self._turn, self._bare.connect() as connection:
            connection.exec_driver_sql("VACUUM")
        self._stamp()

    def empty_log(self, patience: float = BUSY_TIMEOUT.total_seconds()) -> None:
        """Move the write-ahead log into the database, cut it to nothing, and check that it is.

        Args:
            patience: seconds to wait for other processes' readers and writers.

        Raises:
            RemnantsLeftError: somebody was still reading from the log.
        """
        deadline = time.monotonic() + patience
        while not self._try_to_empty_log():
            if time.monotonic() >= deadline:
                raise RemnantsLeftError("the write-ahead log is in use and could not be emptied")
            time.sleep(0.02)
        self._stamp()

    def _try_to_empty_log(self) -> bool:
        with storage_errors(), self._turn, self._bare.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            try:
                busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
            finally:
                connection.exec_driver_sql(_busy_timeout())
        return not busy and self._log_bytes() == 0

    def _log_bytes(self) -> int:
        try:
            return self.path.with_name(f"{NAME}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def close(self) -> None:
        """Close every connection; the last one out empties the log."""
        self.engine.dispose()
        self._stamp()

    def _stamp(self) -> None:
        """Keep the hour of the last commit out of what a backup of these files carries on."""
        names = (NAME, f"{NAME}-wal", f"{NAME}-shm", ".")
        for name in names:
            with suppress(FileNotFoundError):
                stamp(self.path.parent / name, self._today())


def make_private(path: Path) -> None:
    """Make an empty database file that only its owner may read; log and index inherit its mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn what the system and SQLite raise into the two answers that a caller needs."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL_DISK:
            raise StorageFullError("there is no room left") from error
        raise StorageError("the disk failed") from error
    except DBAPIError as error:
        _raise_for(error)


def _raise_for(error: DBAPIError) -> NoReturn:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL:
        raise StorageFullError("there is no room left") from error
    raise StorageError("the database failed") from error


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """Set what SQLite forgets between connections; the only place that does."""
    connection.isolation_level = None  # transactions begin in `_begin`, not in the driver
    for pragma in (
        _busy_timeout(),
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",  # a commit is on the disk before a source is told so
        "PRAGMA secure_delete = ON",  # zero what is deleted
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
    ):
        connection.execute(pragma).close()


def _busy_timeout() -> str:
    return f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT.total_seconds() * 1000)}"


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if begin is not None:  # VACUUM and checkpoints run outside any transaction
        connection.exec_driver_sql(begin)
