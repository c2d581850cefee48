"""Bring a database to the newest tables, from inside the package: no ini file, no command."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from intake.database import Database, storage_errors
from intake.errors import NewerDirectoryError
from intake.locks import housekeeping

HEAD = "0003"
"""The newest step. Named here so that an ordinary start need not load the machinery; a test holds
it equal to the last file in migrations/versions."""

SCRIPTS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Run the steps that this database lacks, all in one transaction.

    Raises:
        StorageError: it is not a database, or the disk failed.
        NewerDirectoryError: a newer version of this program has used it.
    """
    with storage_errors():
        if _revision(database.engine) == HEAD:
            return
        with housekeeping(database.path.parent):
            _run_steps(database)


def _run_steps(database: Database) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, HEAD)
        except CommandError as error:
            raise NewerDirectoryError(
                "a newer version of this program has used the data directory"
            ) from error


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
