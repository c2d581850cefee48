"""A log that is being put back, killed at every step: it is run again, and is whole then."""

import importlib
from datetime import timedelta

import pytest

from intake.errors import StorageFullError, UnrestoredLogError
from tests.intake.drill import BACKUP_DAY, LAST_DAY, require_whole
from tests.intake.logs import follow, require_consistent
from tests.intake.support import DOOR, SIGNER, make_envelope


class Interrupted(BaseException):
    """Stands for a process that is killed: nothing of ours handles it."""


FILES, ENVELOPES = "intake.day_files.DayFiles", "intake.restored_envelopes"
STEPS = [
    (f"{FILES}.begin_restoring", 1),
    ("intake.restore.open_again", 1),
    (f"{FILES}.remove_after", 1),
    *((f"{FILES}.add", number) for number in (1, 2, 7)),
    ("intake.restore.restore_envelopes", 1),
    *((f"{ENVELOPES}._date_open", number) for number in (1, 3)),
    *((f"{ENVELOPES}._take_in", number) for number in (1, 2, 9)),
    (f"{FILES}.end_restoring", 1),
]


@pytest.mark.parametrize(("step", "times"), STEPS)
def test_killed_at_any_step_it_is_run_again(world, backup, monkeypatch, step, times):
    """In between no batch goes on with the log, and nothing wrong is handed out."""
    new = [backup.receive(DOOR, [make_envelope()]) for _ in range(2)]
    world.calendar.turn()
    backup.run_batch(SIGNER)
    module, _, name = step.rpartition(".")
    holder = resolve(module)
    real = getattr(holder, name)
    calls = 0

    def killed(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == times:
            raise Interrupted
        return real(*args, **kwargs)

    monkeypatch.setattr(holder, name, killed)
    with pytest.raises(Interrupted):
        world.restore(backup)
    monkeypatch.undo()
    require_consistent(backup)
    if (step, times) != STEPS[0]:
        with pytest.raises(UnrestoredLogError):
            backup.run_batch(SIGNER)
    world.restore(backup)
    world.calendar.turn()
    backup.run_batch(SIGNER)
    require_whole(world, backup)
    assert follow(backup)[LAST_DAY] == set(new)
    assert backup.sweep().missing == 0


def resolve(path: str):
    """Find a module, or a class in one."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_killed_while_days_are_removed_it_is_run_again(world, backup, monkeypatch):
    backup.run_batch(SIGNER)
    real, calls = type(backup._store.days)._settle, 0

    def killed(files, channel):
        nonlocal calls
        calls += 1
        if calls == 4:
            raise Interrupted
        real(files, channel)

    monkeypatch.setattr("intake.day_files.DayFiles._settle", killed)
    with pytest.raises(Interrupted):
        world.restore(backup)
    monkeypatch.undo()
    assert BACKUP_DAY < backup.log_days("main")[1] < LAST_DAY - timedelta(days=1)
    require_consistent(backup)
    world.restore(backup)
    backup.run_batch(SIGNER)
    require_whole(world, backup)


def test_without_room_it_is_run_again_when_there_is_some(world, backup, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("intake.blobs.RESERVE_SHARE", 1)
        patch.setattr("intake.blobs.MAX_RESERVE_BYTES", 1 << 62)
        with pytest.raises(StorageFullError):
            world.restore(backup)
        with pytest.raises(UnrestoredLogError):
            backup.run_batch(SIGNER)
    world.restore(backup)
    backup.run_batch(SIGNER)
    require_whole(world, backup)


def test_the_mark_of_a_log_that_is_being_put_back_tells_no_time(backup):
    days = backup._store.days
    days.begin_restoring("main")
    for path in (days.path, *days.path.rglob("*")):
        assert path.stat().st_mtime_ns % (86_400 * 10**9) == 0, path.name
