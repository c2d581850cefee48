"""`candor restore-log`: the drill of a server that comes back from a backup."""

import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.opening import open_service
from crypto.checkpoint import end_of_day, witness_name
from crypto.inbound import InboundInfo, RosterDocument, write_inbound
from crypto.log_day import LogDay, parse_day
from crypto.minisign import SigningKey
from crypto.roster import Courier
from crypto.signed_roster import sign_roster
from forms.loader import form_documents
from intake.days import utc_today
from intake.service import Intake
from intake.values import Door
from tests.cli.support import candor, is_one_line, run
from tests.intake.support import Calendar, make_envelope
from tests.support.service import House, make_house, write_roster

VAN = SigningKey(bytes([7]) * 32)
TODAY = utc_today()
FIRST_DAY = TODAY - timedelta(days=6)
DOOR = Door("general", frozenset({16}))


@dataclass
class Drill:
    """A service that lost four days, and what the courier has of them."""

    house: House
    days: list[LogDay] = field(default_factory=list)
    envelopes: dict[bytes, bytes] = field(default_factory=dict)

    def config(self) -> tuple[str, Path]:
        return ("--config", self.house.config)

    def live_a_day(self, intake: Intake, calendar: Calendar) -> None:
        """Let two envelopes come, the day be closed, and the courier witness it."""
        for _ in range(2):
            envelope = make_envelope(slots=16)
            self.envelopes[intake.receive(DOOR, [envelope])] = envelope
        calendar.turn()
        with open_service(self.house.settings, today=calendar) as service:
            intake.run_batch(service.log_signer)
        day = calendar.day - timedelta(days=1)
        self.days.append(self.witness(parse_day(intake.log_day("general", day))))

    def witness(self, day: LogDay) -> LogDay:
        name = witness_name(self.house.roster.service_id, "van")
        made = day.head.cosign(name, VAN, end_of_day(day.day))
        return day.with_head(day.head.with_cosignature(made))

    def bundle(self, days: Sequence[LogDay], *, key: SigningKey = VAN, **changes) -> bytes:
        roster = self.house.settings.roster.read_bytes()
        signature = self.house.settings.roster.with_name("roster.json.minisig").read_bytes()
        document = changes.pop("roster", RosterDocument(roster, signature))
        info = InboundInfo(**{"courier": "van", "channel": "general", "serial": 1} | changes)
        leaves = sorted(leaf for day in days for leaf in day.leaves if leaf in self.envelopes)
        form = self.house.roster.channels[0].form
        sink = io.BytesIO()
        write_inbound(
            sink,
            info,
            ((leaf, io.BytesIO(self.envelopes[leaf])) for leaf in leaves),
            days=days,
            forms={f"{form.id}-{form.version}.toml": form_documents()[form.sha256]},
            roster=document,
            signing=key,
        )
        return sink.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Drill:
    """A service restored from a backup of the third of seven days."""
    house = make_house(tmp_path_factory.mktemp("drill") / "house", origin="http://candor.test")
    couriers = (Courier("van", ("general",), VAN.verify_key),)
    write_roster(house, house.roster, couriers=couriers)
    drill = Drill(replace(house, roster=replace(house.roster, couriers=couriers)))
    data, calendar = house.settings.data, Calendar(FIRST_DAY)
    with Intake(data, today=calendar) as intake:
        while calendar.day < FIRST_DAY + timedelta(days=2):
            drill.live_a_day(intake, calendar)
        intake._store.database.empty_log()
        shutil.copytree(data, house.directory / "backup")
        while calendar.day < TODAY:
            drill.live_a_day(intake, calendar)
    shutil.rmtree(data)
    (house.directory / "backup").rename(data)
    return drill


@pytest.fixture
def drill(made: Drill, tmp_path: Path) -> Drill:
    """A directory of this test's own."""
    directory = shutil.copytree(made.house.directory, tmp_path / "house")
    settings = made.house.settings.model_copy(
        update={
            "data": directory / "data",
            "roster": directory / "roster.json",
            "log_key": directory / "log.key",
        }
    )
    return Drill(
        replace(made.house, directory=directory, settings=settings),
        list(made.days),
        dict(made.envelopes),
    )


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def put(stick: Path, name: str, data: bytes) -> Path:
    (stick / name).write_bytes(data)
    return stick / name


def test_the_drill(drill: Drill, stick: Path) -> None:
    first = put(stick, "van-general-1.zip", drill.bundle(drill.days[:4]))
    second = put(
        stick,
        "van-general-2.zip",
        drill.bundle(drill.days[4:], serial=2, previous=bytes([1]) * 32),
    )
    done = candor("restore-log", second, first, *drill.config())
    assert (done.status, done.complaints) == (0, "")
    yesterday = TODAY - timedelta(days=1)
    assert f"general: the log goes to {yesterday}; 4 days put back, 0 days" in done.out
    assert "8 envelopes taken in again" in done.out
    assert run("batch", *drill.config()).exit_code == 0
    with Intake(drill.house.settings.data) as intake:
        for day in drill.days:
            assert parse_day(intake.log_day("general", day.day)) == day
        assert {envelope.hash for envelope in intake.envelopes("general")} == set(drill.envelopes)
    again = run("restore-log", first, second, *drill.config())
    assert (again.exit_code, "0 days put back" in again.output) == (0, True)


def test_a_service_that_was_started_too_early_gives_way(drill: Drill, stick: Path) -> None:
    assert run("batch", *drill.config()).exit_code == 0
    bundle = put(stick, "van-general-1.zip", drill.bundle(drill.days))
    found = run("restore-log", bundle, *drill.config())
    assert found.exit_code == 0
    assert "4 days put back, 4 days of this server's own removed" in found.output


def test_envelopes_that_are_nowhere_are_told_with_a_status_of_their_own(
    drill: Drill, stick: Path
) -> None:
    for leaf in drill.days[5].leaves:
        del drill.envelopes[leaf]
    bundle = put(stick, "van-general-1.zip", drill.bundle(drill.days))
    done = candor("restore-log", bundle, *drill.config())
    assert done.status == 4
    assert is_one_line(done.complaints)
    assert "2 envelopes of the log are neither here nor in the bundles" in done.complaints


def refused(drill: Drill, bundle: Path) -> str:
    log = drill.house.settings.data / "log"
    before = {path: path.read_bytes() for path in log.rglob("*.json")}
    done = candor("restore-log", bundle, *drill.config())
    assert done.status == 1
    assert is_one_line(done.complaints)
    assert {path: path.read_bytes() for path in log.rglob("*.json")} == before
    return done.complaints


def test_a_bundle_of_nobody_in_the_roster_is_refused(drill: Drill, stick: Path) -> None:
    forged = drill.bundle(drill.days, key=SigningKey(bytes([8]) * 32))
    assert "b.zip: refused: " in refused(drill, put(stick, "b.zip", forged))
    stranger = drill.bundle(drill.days, courier="boat")
    assert "no courier of the roster" in refused(drill, put(stick, "b.zip", stranger))


def test_a_damaged_bundle_is_refused(drill: Drill, stick: Path) -> None:
    data = drill.bundle(drill.days)
    assert "b.zip: refused: " in refused(drill, put(stick, "b.zip", data[:-100]))
    assert "b.zip: refused: " in refused(drill, put(stick, "b.zip", b"no bundle"))


def test_a_bundle_from_under_a_newer_roster_asks_for_it(drill: Drill, stick: Path) -> None:
    newer = replace(drill.house.roster, serial=9)
    document = RosterDocument(*sign_roster(newer, drill.house.root))
    bundle = put(stick, "b.zip", drill.bundle(drill.days, roster=document))
    assert "put the newer one in place first" in refused(drill, bundle)


def test_a_bundle_of_another_service_is_refused(drill: Drill, stick: Path) -> None:
    other = replace(drill.house.roster, service_id=bytes(16))
    document = RosterDocument(*sign_roster(other, drill.house.root))
    bundle = put(stick, "b.zip", drill.bundle(drill.days, roster=document))
    assert "of another service" in refused(drill, bundle)
    root = SigningKey(bytes(32))
    foreign = replace(drill.house.roster, root=root.verify_key)
    document = RosterDocument(*sign_roster(foreign, root))
    refused(drill, put(stick, "b.zip", drill.bundle(drill.days, roster=document)))


def test_bundles_between_that_are_missing_are_asked_for(drill: Drill, stick: Path) -> None:
    bundle = put(stick, "b.zip", drill.bundle(drill.days[4:]))
    assert "give the bundles before as well" in refused(drill, bundle)


def test_a_running_service_is_left_alone(drill: Drill, stick: Path) -> None:
    bundle = put(stick, "b.zip", drill.bundle(drill.days))
    with drill.house.open() as service:
        service.intake.sweep()
        assert "is a service running" in refused(drill, bundle)
