import io
import logging
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from intake import migrate
from intake.errors import (
    DirectoryInUseError,
    NewerDirectoryError,
    NotADataDirectoryError,
    StorageError,
)
from intake.service import Intake
from intake.tables import Table
from intake.values import Swept, Tally
from tests.intake.support import (
    ADDRESS,
    DOOR,
    FIRST_DAY,
    SIGNER,
    blobs,
    make_envelope,
    make_reply,
    opened,
    read_all,
)

NOISE = "0123456789abcdef" * 2


def test_migrating_makes_exactly_the_tables_that_the_code_knows(intake):
    with intake._store.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
        query = text("SELECT name, sql FROM sqlite_master WHERE tbl_name != 'alembic_version'")
        migrated = {name: " ".join(sql.split()) for name, sql in connection.execute(query)}
    engine = create_engine("sqlite://")
    Table.metadata.create_all(engine)
    with engine.connect() as connection:
        query = text("SELECT name, sql FROM sqlite_master")
        made = {name: " ".join(sql.split()) for name, sql in connection.execute(query)}
    engine.dispose()
    assert migrated == made
    assert all(sql.endswith("WITHOUT ROWID") for sql in made.values())


def test_the_newest_step_is_the_one_that_the_code_names():
    assert ScriptDirectory(str(migrate.SCRIPTS)).get_heads() == [migrate.HEAD]


def test_every_connection_is_set_up_the_same(intake):
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "busy_timeout": 60_000,
        "temp_store": 2,
    }
    engine = intake._store.database.engine
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            for name, value in expected.items():
                assert connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() == value


def test_a_database_error_never_shows_what_was_stored(intake):
    with pytest.raises(StorageError) as caught, intake._store.database.writing() as session:
        session.connection().execute(text("SELECT :secret FROM nowhere"), {"secret": "hunter2"})
    error = caught.value
    while error is not None:
        assert "hunter2" not in str(error)
        error = error.__cause__


def test_opening_what_was_never_created_says_so(tmp_path):
    with pytest.raises(NotADataDirectoryError):
        Intake(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_creating_twice_keeps_what_is_there(directory):
    envelope = make_envelope()
    with opened(directory) as intake:
        digest = intake.receive(DOOR, [envelope])
    with opened(directory) as intake:
        assert read_all(intake, digest) == envelope


def test_a_directory_of_a_newer_version_is_refused(directory):
    with opened(directory) as intake, intake._store.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDirectoryError):
        Intake(directory)


def test_what_is_not_a_database_is_refused(directory):
    with opened(directory):
        pass
    (directory / "candor.sqlite3").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError):
        Intake(directory)


def test_opening_says_nothing_to_any_log(directory, caplog):
    with caplog.at_level(logging.WARNING), opened(directory):
        pass
    assert caplog.records == []


def test_a_sweep_removes_what_no_row_names_and_only_that(intake, directory):
    envelope = make_envelope()
    digest = intake.receive(DOOR, [envelope])
    (file,) = blobs(directory)
    place = file.parent
    for name in (
        f"{NOISE}.00000",
        f"{NOISE}.00001.part",
        f"{file.name[:32]}.00001",
        f"{file.name}.part",
    ):
        (place / name).write_bytes(b"left over")
    (place / "lost+found").mkdir()
    (place / "a note of the operator").write_text("keep")
    assert intake.sweep() == Swept(removed=4, missing=0)
    assert {path.name for path in blobs(directory)} == {
        file.name,
        "lost+found",
        "a note of the operator",
    }
    assert read_all(intake, digest) == envelope


def test_a_sweep_counts_segments_that_are_missing(intake, directory):
    digest = intake.receive(DOOR, [make_envelope()])
    blobs(directory)[0].unlink()
    assert intake.sweep() == Swept(removed=0, missing=1)
    with pytest.raises(StorageError):
        read_all(intake, digest)


def test_a_sweep_is_refused_while_another_takes_envelopes_in(directory):
    with opened(directory) as service, opened(directory) as second:
        service.sweep()
        with pytest.raises(DirectoryInUseError):
            second.sweep()
    with opened(directory) as third:
        assert third.sweep() == Swept(removed=0, missing=0)


def test_a_refused_sweep_leaves_the_first_service_its_share(directory):
    with opened(directory) as service, opened(directory) as second, opened(directory) as third:
        service.sweep()
        for intake in (second, third, second):
            with pytest.raises(DirectoryInUseError):
                intake.sweep()


def test_an_arrival_in_another_intake_keeps_the_sweep_away(directory):
    with opened(directory) as worker, opened(directory) as parent:
        with worker.begin(DOOR) as arrival:
            arrival.write(make_envelope()[:50_000])
            with pytest.raises(DirectoryInUseError):
                parent.sweep()
        assert blobs(directory) == []


def test_reading_and_housekeeping_do_not_keep_a_service_from_starting(directory):
    with opened(directory) as operator, opened(directory) as service:
        list(operator.envelopes("main"))
        operator.run_batch(SIGNER)
        operator.purge({})
        operator.status()
        assert service.sweep() == Swept(removed=0, missing=0)


def test_a_killed_service_leaves_no_lock(directory):
    with opened(directory):
        pass
    script = (
        "import os, sys; from pathlib import Path; from intake.service import Intake\n"
        "intake = Intake(Path(sys.argv[1])); intake.sweep(); print('up', flush=True)\n"
        "os.read(0, 1)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as service:
        assert service.stdout.readline() == b"up\n"
        with opened(directory) as second:
            with pytest.raises(DirectoryInUseError):
                second.sweep()
            service.kill()
            service.wait()
            assert second.sweep() == Swept(removed=0, missing=0)


def test_the_status_counts_and_tells_nothing_else(intake, calendar):
    sizes = [len(make_envelope()), 2 * len(make_envelope())]
    intake.receive(DOOR, [make_envelope()])
    calendar.turn()
    intake.run_batch(SIGNER)
    for _ in range(2):
        intake.receive(DOOR, [make_envelope()])
    intake.deliver(ADDRESS, io.BytesIO(make_reply()))
    status = intake.status()
    assert status.arrived == {
        ("main", FIRST_DAY): Tally(1, sizes[0]),
        ("main", calendar.day): Tally(2, sizes[1]),
    }
    assert status.open_days == {calendar.day}
    assert status.replies == Tally(1, len(make_reply()))
    assert status.delivered == 1
    assert status.free_bytes > 0
