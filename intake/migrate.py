"""Bring a database to the newest tables, from inside the package: no ini file, no command."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from intake.database import Database, storage_errors

HEAD = "0001"
"""The newest step. Named here so that an ordinary start need not load the machinery; a test holds
it equal to the last file in migrations/versions."""

SCRIPTS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Run the steps that this database lacks, all in one transaction.

    Raises:
        StorageError: it is not a database, or of a newer version than this program.
    """
    with storage_errors():
        _migrate(database)


def _migrate(database: Database) -> None:
    if _revision(database.engine) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
