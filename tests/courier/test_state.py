"""A courier's directory is private, whole, and one run's at a time."""

import stat
from datetime import date
from pathlib import Path

import pytest

from courier.channel import ChannelDirectory, Position
from courier.errors import BusyError, SetupError
from courier.settings import Settings
from courier.state import CourierDirectory, create_directory
from crypto.checkpoint import Head
from crypto.log_day import LogDay
from crypto.log_watch import Alarm, Cause
from crypto.merkle import EMPTY_TREE
from disk.errors import OutputError
from tests.support.carried import CHANNEL, ROOT, Log, make_roster, signed

SETTINGS = Settings("http://abcdefghijklmnop.onion", ROOT.verify_key.serialize(), "van")
MISSING = Alarm(Cause.MISSING, CHANNEL, date(2026, 11, 23), bytes(32))
SHRANK = Alarm(Cause.SHRANK, CHANNEL, date(2026, 11, 23))


@pytest.fixture
def courier(tmp_path: Path) -> CourierDirectory:
    return create_directory(tmp_path / "courier", SETTINGS, [])


def test_everything_is_its_owners_alone(courier: CourierDirectory) -> None:
    courier.keep_roster(signed(make_roster()))
    courier.keep_alarms([MISSING])
    courier.channel(CHANNEL).keep_day(Log().close_day())
    with courier.alone():
        pass
    for path in [courier.path, *courier.path.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_key_is_made_once_and_never_overwritten(courier: CourierDirectory) -> None:
    with pytest.raises(SetupError, match="never overwritten"):
        create_directory(courier.path, SETTINGS, [])
    assert CourierDirectory.open(courier.path).key == courier.key


def test_no_key_is_shown(courier: CourierDirectory) -> None:
    assert courier.key.seed.hex() not in repr(courier)
    assert "seed" not in repr(courier)


def test_setting_up_goes_on_where_it_was_killed(courier: CourierDirectory) -> None:
    (courier.path / "settings.json").unlink()
    assert create_directory(courier.path, SETTINGS, []).key == courier.key


def test_a_directory_of_something_else_is_no_couriers(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="candor courier init"):
        CourierDirectory.open(tmp_path)
    with pytest.raises(SetupError, match="candor courier init"):
        CourierDirectory.open(tmp_path / "missing")


def test_a_directory_where_others_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    with pytest.raises(OutputError):
        create_directory(tmp_path / "shared", SETTINGS, [])


def test_a_damaged_key_is_not_used(courier: CourierDirectory) -> None:
    (courier.path / "key").write_text("# public key: RW\nAAAA\n")
    with pytest.raises(SetupError, match="key"):
        CourierDirectory.open(courier.path)


def test_only_one_run_is_at_work(courier: CourierDirectory) -> None:
    with courier.alone(), pytest.raises(BusyError), courier.alone():
        pass
    with courier.alone():
        pass


def test_alarms_are_kept_once_each_until_they_are_acknowledged(courier: CourierDirectory) -> None:
    assert courier.alarms() == ()
    courier.keep_alarms([MISSING])
    courier.keep_alarms([SHRANK, MISSING])
    assert CourierDirectory.open(courier.path).alarms() == (MISSING, SHRANK)
    courier.acknowledge()
    assert courier.alarms() == ()


def test_damaged_alarms_are_not_taken_for_none(courier: CourierDirectory) -> None:
    for damage in (b"", b"[]", b'{"alarms": [{}]}'):
        (courier.path / "alarms.json").write_bytes(damage)
        with pytest.raises(SetupError):
            courier.alarms()


def test_the_roster_reads_back_as_it_was_kept(courier: CourierDirectory) -> None:
    assert courier.roster() is None
    courier.keep_roster(signed(make_roster()))
    assert courier.roster() == signed(make_roster())


def test_a_position_reads_back_as_it_was_kept(courier: CourierDirectory) -> None:
    kept = courier.channel(CHANNEL)
    assert kept.position() == Position()
    position = Position(7, bytes(range(32)), date(2026, 11, 23), handed_out=False)
    kept.keep_position(position)
    assert kept.position() == position
    kept.note_cosigned(date(2026, 11, 24))
    assert kept.position().cosigned == date(2026, 11, 24)
    assert kept.position().serial == 7


@pytest.mark.parametrize("damage", [b"{", b"{}", b'{"serial": 1}', b"[]"])
def test_a_damaged_position_is_not_taken_for_the_beginning(
    courier: CourierDirectory, damage: bytes
) -> None:
    kept = courier.channel(CHANNEL)
    (kept.path / "position.json").write_bytes(damage)
    with pytest.raises(SetupError, match="damaged"):
        kept.position()


def test_a_damaged_day_is_not_believed(courier: CourierDirectory) -> None:
    kept = courier.channel(CHANNEL)
    day = Log().close_day()
    kept.keep_day(day)
    (path,) = (kept.path / "log").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SetupError, match="damaged"):
        kept.last_day()


def test_days_after_the_last_bundle_are_new(courier: CourierDirectory) -> None:
    kept, log = courier.channel(CHANNEL), Log()
    days = [log.close_day() for _ in range(3)]
    kept.begin_at(days[0])
    assert kept.new_days() == []
    for day in days[1:]:
        kept.keep_day(day)
    assert kept.new_days() == days[1:]
    assert kept.last_day() == days[2]


def test_two_beginnings_of_one_channel_are_one_too_many(tmp_path: Path) -> None:
    log = Log()
    with pytest.raises(SetupError, match="two days"):
        create_directory(tmp_path / "courier", SETTINGS, [log.close_day(), log.close_day()])


@pytest.mark.parametrize("origin", ["abc", "abc/", "abc/../general", "abc/General"])
def test_a_beginning_of_no_channel_is_refused(tmp_path: Path, origin: str) -> None:
    day = LogDay(date(2026, 11, 23), EMPTY_TREE, (), Head(origin, 0, EMPTY_TREE.root))
    with pytest.raises(SetupError, match="no channel's log"):
        create_directory(tmp_path / "courier", SETTINGS, [day])


def test_a_channel_never_leads_out_of_the_directory(courier: CourierDirectory) -> None:
    with pytest.raises(ValueError, match="id"):
        courier.channel("../../elsewhere")


def test_what_a_killed_run_left_of_a_file_is_removed(courier: CourierDirectory) -> None:
    kept = courier.channel(CHANNEL)
    left = [
        place / f".x.{'0' * 16}.part"
        for place in (courier.path, courier.bundles, kept.path, kept.path / "log")
    ]
    for path in left:
        path.touch()
    courier.remove_unfinished()
    assert not any(path.exists() for path in left)


def test_the_troubles_read_back_as_they_were_kept(courier: CourierDirectory) -> None:
    kept: ChannelDirectory = courier.channel(CHANNEL)
    assert kept.troubles() == {}
    kept.keep_troubles({bytes(32): date(2026, 11, 23)})
    assert kept.troubles() == {bytes(32): date(2026, 11, 23)}
