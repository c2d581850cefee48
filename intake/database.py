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
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from intake.bounds import BUSY_TIMEOUT
from intake.days import Today, stamp
from intake.errors import RemnantsLeftError, StorageError, StorageFullError

NAME = "candor.sqlite3"
_BEGIN = "candor_begin"
_TEMPORARY_IN_MEMORY = "PRAGMA temp_store = MEMORY"
_EMPTIED = (0, 0, 0)  # not busy; no frame in the log; none left to move
_PAUSE_SECONDS = 0.01
_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


class Database:
    """The rows of one data directory, for all threads of a process.

    Open it after a fork, never before: a SQLite connection does not survive one.
    """

    def __init__(self, directory: Path, today: Today) -> None:
        self.path = directory / NAME
        self._today = today
        url = URL.create("sqlite", database=str(self.path))
        self.engine = create_engine(url, hide_parameters=True, max_overflow=-1)
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
            connection.exec_driver_sql(f"PRAGMA temp_store = {self._place_for_copy(connection)}")
            try:
                connection.exec_driver_sql("VACUUM")
            finally:
                connection.exec_driver_sql(_TEMPORARY_IN_MEMORY)
        self._stamp()

    def _place_for_copy(self, connection: Connection) -> str:
        """Keep VACUUM's temporary copy on the encrypted volume, else in memory: never in /var/tmp.

        The environment would be too late: SQLite reads it once, when it is first used. The pragma
        is deprecated, and a build without it is silent, so ask whether it took.
        """
        pragma, directory = "PRAGMA temp_store_directory", str(self.path.parent.absolute())
        quoted = directory.replace("'", "''")
        connection.exec_driver_sql(f"{pragma} = '{quoted}'")
        taken = connection.exec_driver_sql(pragma).scalar_one_or_none() == directory
        return "FILE" if taken else "MEMORY"

    def empty_log(self, patience: timedelta = BUSY_TIMEOUT) -> None:
        """Move the write-ahead log into the database, cut it to nothing, and check that it is.

        Args:
            patience: how long to wait for other processes' readers and writers.

        Raises:
            RemnantsLeftError: somebody was still reading from the log.
        """
        deadline = time.monotonic() + patience.total_seconds()
        with storage_errors(), self._turn, self._bare.connect() as connection:
            connection.exec_driver_sql(_busy_timeout(patience))
            try:
                while not _checkpoint(connection):
                    if time.monotonic() >= deadline:
                        raise RemnantsLeftError("the log is in use and could not be emptied")
                    time.sleep(_PAUSE_SECONDS)
            finally:
                connection.exec_driver_sql(_busy_timeout(BUSY_TIMEOUT))
        self._stamp()

    def close(self) -> None:
        """Close every connection; the last one out empties the log."""
        self.engine.dispose()
        self._stamp()

    def _stamp(self) -> None:
        """Keep the hour of the last commit out of what a backup of these files carries on.

        What cannot be stamped is left: the commit has happened, and must not look as if it had not.
        """
        for name in (NAME, f"{NAME}-wal", f"{NAME}-shm", "."):
            with suppress(OSError):
                stamp(self.path.parent / name, self._today())


def make_private(path: Path) -> None:
    """Make an empty database file that only its owner may read; log and index inherit its mode.

    One that is there is not even opened: closing it would drop the locks that SQLite holds on it
    elsewhere in this process (POSIX locks; sqlite.org, "How To Corrupt An SQLite Database File").
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


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


def _checkpoint(connection: Connection) -> bool:
    """Try to empty the log; SQLite waits for readers and writers, not for another's checkpoint."""
    return tuple(connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()) == _EMPTIED


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """Set what SQLite forgets between connections; the only place that does."""
    connection.isolation_level = None  # transactions begin in `_begin`, not in the driver
    for pragma in (
        _busy_timeout(BUSY_TIMEOUT),
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",  # a commit is on the disk before a source is told so
        "PRAGMA secure_delete = ON",  # zero what is deleted
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
        _TEMPORARY_IN_MEMORY,
    ):
        connection.execute(pragma).close()


def _busy_timeout(patience: timedelta) -> str:
    return f"PRAGMA busy_timeout = {patience // timedelta(milliseconds=1)}"


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if begin is not None:  # VACUUM and checkpoints run outside any transaction
        connection.exec_driver_sql(begin)
