"""What becomes of the bundles that couriers bring."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from console.errors import (
    DamagedBundleError,
    ForeignBundleError,
    ForgedBundleError,
    ForkedBundleError,
    ImportDirectoryError,
    MissingBundleError,
    OtherRootError,
    ReplayedBundleError,
    RolledBackBundleError,
    UnlistedFormError,
    UnpinnedRootError,
    UnwitnessedDayError,
)
from console.import_directory import open_imports
from console.on_stick import in_order
from crypto.errors import (
    UnsignedRosterError,
)
from crypto.inbound import InboundInfo
from crypto.log_watch import Cause
from crypto.minisign import SigningKey
from tests.console.desk import Desk, log_of, refused
from tests.support.carried import (
    BOAT,
    CHANNEL,
    COURIERS,
    FORM_BYTES,
    OTHER_CHANNEL,
    ROOT,
    TODAY,
    VAN,
    Carrier,
    Log,
    make_day,
    make_roster,
    pack,
    signed,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def log() -> Log:
    return log_of(2, 0, 3, 1)


def test_envelopes_log_roster_and_form_are_kept(desk: Desk, log: Log) -> None:
    imported = desk.take(Carrier().pull(log, log.days))
    assert (imported.new, imported.already) == (6, 0)
    assert (imported.first_day, imported.last_day) == (log.days[0].day, log.days[-1].day)
    assert imported.witnesses == (VAN,)
    assert desk.inbox() == set(log.envelopes.values())
    assert {path.stem for path in (desk.path / "inbox" / CHANNEL).iterdir()} == {
        envelope.hex() for envelope in log.envelopes
    }
    assert desk.state.logs[CHANNEL].tree == log.days[-1].after
    assert (desk.path / "rosters" / "1.json").read_bytes() == signed(make_roster()).document
    assert [path.read_bytes() for path in (desk.path / "forms").iterdir()] == [FORM_BYTES]
    assert desk.alarms == []


def test_everything_is_readable_by_its_owner_alone(desk: Desk, log: Log) -> None:
    desk.take(Carrier().pull(log, log.days))
    for path in desk.path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_bundles_are_taken_one_after_the_other(desk: Desk, log: Log) -> None:
    van = Carrier()
    for day in log.days:
        desk.take(van.pull(log, [day]), root=ROOT.verify_key if day == log.days[0] else None)
    assert desk.inbox() == set(log.envelopes.values())
    assert desk.state.carried[VAN, CHANNEL].serial == 4


def test_files_in_any_order_are_brought_into_theirs(tmp_path: Path, log: Log) -> None:
    van, boat = Carrier(), Carrier(BOAT)
    wanted = [boat.pull(log, log.days), *(van.pull(log, [day]) for day in log.days)]
    for name, bundle in zip("edcba", wanted, strict=True):
        (tmp_path / name).write_bytes(bundle)
    (tmp_path / "z").write_bytes(b"not a bundle")
    assert [path.name for path in in_order(tmp_path.iterdir())] == list("zedcba")


def test_two_channels_have_a_log_and_a_chain_each(desk: Desk, log: Log) -> None:
    other = Log(OTHER_CHANNEL)
    other.close_day(1)
    desk.take(Carrier().pull(log, log.days))
    desk.take(Carrier(channel=OTHER_CHANNEL).pull(other, other.days))
    assert desk.inbox(OTHER_CHANNEL) == set(other.envelopes.values())
    assert desk.alarms == []


def test_the_first_import_wants_the_root_key_and_says_how_it_begins(desk: Desk, log: Log) -> None:
    bundle = Carrier().pull(log, log.days)
    line = ROOT.verify_key.serialize()
    refused(desk, bundle, UnpinnedRootError, f"begins with {line[:13]}….*compare", root=None)
    desk.take(bundle)


def test_a_directory_keeps_its_root_key(desk: Desk, log: Log) -> None:
    van = Carrier()
    desk.take(van.pull(log, log.days[:1]))
    other = SigningKey.generate().verify_key
    refused(desk, van.pull(log, log.days[1:]), OtherRootError, "another directory", root=other)


@pytest.mark.parametrize("kept", [0, 20, 0.5, -1])
def test_a_truncated_bundle_is_refused(desk: Desk, log: Log, kept: float) -> None:
    bundle = Carrier().pull(log, log.days)
    cut = int(kept * len(bundle)) if isinstance(kept, float) else kept
    refused(
        desk, bundle[:cut], DamagedBundleError, "cut short or damaged on the way, carry it again"
    )


def test_of_a_bundle_with_a_damaged_envelope_all_others_are_taken(desk: Desk, log: Log) -> None:
    bundle = Carrier().pull(log, log.days)
    victim = log.days[0].leaves[0]
    at = bundle.index(log.envelopes[victim])
    with pytest.raises(DamagedBundleError, match="of its 6 envelopes 1 were damaged"):
        desk.take(bundle[:at] + b"!" + bundle[at + 1 :])
    assert desk.inbox() == set(log.envelopes.values()) - {log.envelopes[victim]}
    imported = desk.take(bundle)
    assert (imported.new, imported.already) == (1, 5)


def test_a_bundle_is_taken_once(desk: Desk, log: Log) -> None:
    van = Carrier()
    bundles = [van.pull(log, [day]) for day in log.days]
    for bundle in bundles:
        desk.take(bundle)
    for number, bundle in enumerate(bundles, 1):
        refused(desk, bundle, ReplayedBundleError, f"bundle {number} was imported before")


def test_another_bundle_of_a_serial_that_was_taken_is_refused(desk: Desk, log: Log) -> None:
    desk.take(Carrier().pull(log, log.days))
    second = Carrier().pull(log, log.days[:2])
    refused(desk, second, RolledBackBundleError, "another bundle 1 was imported before")


def test_bundles_that_are_missing_between_are_named(desk: Desk, log: Log) -> None:
    van = Carrier()
    bundles = [van.pull(log, [day]) for day in log.days]
    refused(desk, bundles[1], MissingBundleError, "bundle 1 is missing before this one")
    desk.take(bundles[0])
    refused(desk, bundles[2], MissingBundleError, "bundle 2 is missing")
    refused(desk, bundles[3], MissingBundleError, "bundles 2 to 3 are missing")
    for bundle in bundles[1:]:
        desk.take(bundle)


def test_a_bundle_that_follows_another_one_is_refused(desk: Desk, log: Log) -> None:
    desk.take(Carrier().pull(log, log.days[:1]))
    other = Carrier(serial=1, previous=bytes([7]) * 32)
    refused(desk, other.pull(log, log.days[1:]), ForkedBundleError, "does not follow the bundle 1")


@pytest.mark.parametrize(
    ("bundle", "kind", "match"),
    [
        (lambda log: Carrier().pull(log, log.days, signing=COURIERS[BOAT]),
         ForgedBundleError, "not that of the courier"),
        (lambda log: Carrier("ship").pull(log, log.days, signing=COURIERS[VAN]),
         ForeignBundleError, "courier is not in the roster"),
        (lambda log: Carrier(channel="third").pull(log, log.days),
         ForeignBundleError, "channel is none that its courier may fetch"),
        (lambda log: Carrier().pull(log, log.days, make_roster(service_id=bytes(16))),
         ForeignBundleError, "of another service"),
        (lambda log: Carrier().pull(log, log.days, root=LOST_ROOT),
         UnsignedRosterError, "no signature of the root key"),
        (lambda log: Carrier().pull(log, log.days, forms={}), UnlistedFormError, "form"),
        (lambda log: Carrier().pull(log, log.days, forms={"default-1.toml": b"form = 1"}),
         UnlistedFormError, "form"),
        (lambda log: Carrier().pull(
            log, log.days, forms={"default-1.toml": FORM_BYTES, "x-1.toml": b""}),
         UnlistedFormError, "form"),
    ],
)  # fmt: skip
def test_what_is_foreign_or_forged_is_refused(
    desk: Desk, log: Log, bundle: Callable[[Log], bytes], kind: type[Exception], match: str
) -> None:
    first = Log(OTHER_CHANNEL)
    first.close_day(1)
    desk.take(Carrier(channel=OTHER_CHANNEL).pull(first, first.days))
    refused(desk, bundle(log), kind, match)


LOST_ROOT = SigningKey(bytes([9]) * 32)


def test_envelopes_that_came_too_late_to_be_expected_are_counted(desk: Desk) -> None:
    week = tuple(replace(one, retention_days=7) for one in make_roster().channels)
    late = Log()
    for ago in (9, 8, 7):
        late.close_day(2, day=TODAY - timedelta(days=ago))
    brought = {leaf: late.envelopes[leaf] for leaf in late.days[1].leaves}
    bundle, _ = pack(
        InboundInfo(VAN, CHANNEL, 1),
        brought,
        late.days,
        roster=signed(make_roster(channels=week)),
    )
    imported = desk.take(bundle)
    assert (imported.new, imported.too_late, desk.alarms) == (2, 4, [])
    assert imported.days_behind == 7


@pytest.mark.parametrize(("retention", "many"), [(7, 4), (30, 15), (90, 15)])
def test_bundles_held_back_show_before_the_service_may_have_erased_what_they_lack(
    desk: Desk, retention: int, many: int
) -> None:
    short = tuple(replace(one, retention_days=retention) for one in make_roster().channels)
    held, van = Log(), Carrier()
    for ago, said in ((many, many), (many - 1, None)):
        held.close_day(1, day=TODAY - timedelta(days=ago))
        imported = desk.take(van.pull(held, held.days[-1:], make_roster(channels=short)))
        assert imported.days_behind == said


def test_the_bundles_of_two_couriers_may_overlap(desk: Desk, log: Log) -> None:
    van, boat = Carrier(), Carrier(BOAT)
    desk.take(van.pull(log, log.days[:3]))
    imported = desk.take(boat.pull(log, log.days[1:]))
    assert (imported.new, imported.already) == (1, 3)
    imported = desk.take(van.pull(log, log.days[3:]))
    assert (imported.new, imported.already) == (0, 1)
    assert desk.alarms == []


def test_a_witness_who_came_later_is_added(desk: Desk, log: Log) -> None:
    desk.take(Carrier().pull(log, log.days))
    both = [make_day(d.day, d.before, d.leaves, witnesses=(VAN, BOAT)) for d in log.days]
    imported = desk.take(Carrier(BOAT).pull(log, both))
    assert set(imported.witnesses) == {VAN, BOAT}


def test_a_log_may_be_begun_at_a_witnessed_day_and_with_any_bundle(desk: Desk, log: Log) -> None:
    van = Carrier()
    bundles = [van.pull(log, [day]) for day in log.days]
    refused(desk, bundles[2], MissingBundleError, "bundles 1 to 2 are missing")
    desk.take(bundles[2], heads=[log.days[1]])
    desk.take(bundles[3])
    assert desk.alarms == []
    assert desk.state.logs[CHANNEL].tree == log.days[-1].after


def test_a_log_is_not_begun_at_a_day_that_nobody_witnessed(desk: Desk, log: Log) -> None:
    bundle = Carrier().pull(log, log.days[2:])
    day = log.days[1]
    alone = make_day(day.day, day.before, day.leaves, witnesses=())
    refused(desk, bundle, UnwitnessedDayError, "no courier of the roster", heads=[alone])


def test_a_bundle_that_is_lost_is_stood_in_for_by_its_days(desk: Desk, log: Log) -> None:
    van = Carrier()
    bundles = [van.pull(log, [day]) for day in log.days]
    desk.take(bundles[0])
    refused(desk, bundles[3], MissingBundleError, "bundles 2 to 3 are missing")
    desk.take(bundles[3], heads=[log.days[2], log.days[1]])
    assert [cause for cause, _ in desk.alarms] == [Cause.MISSING]
    assert desk.state.logs[CHANNEL].tree == log.days[-1].after


def test_a_courier_who_carried_before_this_directory_was_may_go_on(desk: Desk, log: Log) -> None:
    boat = Carrier(BOAT)
    late = [boat.pull(log, [day]) for day in log.days][-1]
    refused(desk, late, MissingBundleError, "bundles 1 to 3 are missing")
    desk.take(Carrier().pull(log, log.days[:3]))
    desk.take(late)
    assert desk.alarms == []


def test_one_import_at_a_time(desk: Desk, log: Log) -> None:
    bundle = Carrier().pull(log, log.days)
    with (
        open_imports(desk.path),
        pytest.raises(ImportDirectoryError, match="another import"),
    ):
        desk.take(bundle)
    desk.take(bundle)


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"version": 1}', b"\xff"])
def test_a_damaged_state_is_refused_and_nothing_is_guessed(
    desk: Desk, log: Log, damage: bytes
) -> None:
    van = Carrier()
    desk.take(van.pull(log, log.days[:1]))
    (desk.path / "state.json").write_bytes(damage)
    with pytest.raises(ImportDirectoryError, match="damaged"):
        desk.take(van.pull(log, log.days[1:]))
