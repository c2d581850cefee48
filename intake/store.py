"""What every part of the intake works on: rows, segments and the day."""

from dataclasses import dataclass
from pathlib import Path

from sqlmodel import select

from intake.blobs import BlobDirectory, BlobName
from intake.database import Database, storage_errors
from intake.day_files import DayFiles
from intake.days import Today
from intake.errors import StorageFullError
from intake.tables import DiscardedRow


@dataclass(frozen=True, slots=True)
class Store:
    """One data directory.

    Files are removed by way of the table `discarded`: the transaction that makes them needless
    names them there, so that whoever keeps house next removes what a crash has left.
    """

    directory: Path
    database: Database
    blobs: BlobDirectory
    days: DayFiles
    today: Today

    def remove_discarded(self) -> None:
        """Remove every discarded file.

        Only for who keeps house: a batch notes its new files here before it makes them.
        """
        with self.database.reading() as session:
            rows = session.exec(select(DiscardedRow)).all()
        self.remove([(BlobName(row.blob), row.segments) for row in rows])

    def remove(self, discarded: list[tuple[BlobName, int]]) -> None:
        """Remove these discarded blobs, and then forget their names."""
        if not discarded:
            return
        with storage_errors():
            for blob, segments in discarded:
                self.blobs.remove(blob, segments)
            self.blobs.settle(self.today())
        with self.database.writing() as session:
            for blob, _ in discarded:
                if row := session.get(DiscardedRow, blob):
                    session.delete(row)

    def compact(self) -> None:
        """Leave nothing of removed rows in the database's files, and no order among the others.

        Raises:
            StorageFullError: even without the discarded files there is not enough room.
            RemnantsLeftError: somebody was still reading from the log.
        """
        try:
            self.database.vacuum()
        except StorageFullError:
            self.remove_discarded()
            self.database.vacuum()
        self.database.empty_log()
