"""What is wrong with a log keeps no sound envelope out, and nobody can miss it."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.errors import MissingBundleError
from crypto.checkpoint import MAX_HEAD_BYTES, NoteSignature, witness_name
from crypto.inbound import InboundInfo
from crypto.log_day import LogDay, parse_day
from crypto.log_watch import Cause
from crypto.merkle import EMPTY_TREE
from crypto.minisign import SigningKey
from crypto.roster import Courier
from tests.console.desk import Desk, log_of, refused
from tests.support.carried import (
    BOAT,
    CHANNEL,
    OTHER_CHANNEL,
    SERVICE_ID,
    TODAY,
    VAN,
    Carrier,
    Log,
    make_day,
    make_roster,
    pack,
    pack_unchecked,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def log() -> Log:
    return log_of(2, 0, 3, 1)


def without(log: Log, *missing: bytes) -> dict[bytes, bytes]:
    return {found: data for found, data in log.envelopes.items() if found not in missing}


def test_an_envelope_that_did_not_come_is_an_alarm_and_keeps_no_other_out(
    desk: Desk, log: Log
) -> None:
    lost = log.days[2].leaves[:2]
    bundle, _ = pack(InboundInfo(VAN, CHANNEL, 1), without(log, *lost), log.days)
    desk.take(bundle)
    assert len(desk.inbox()) == 4
    assert desk.alarms == [
        (
            Cause.MISSING,
            f"2 envelopes of {log.days[2].day} are in the log of general and were not handed over",
        )
    ]


def test_an_alarm_about_an_envelope_is_settled_when_another_courier_brings_it(
    desk: Desk, log: Log
) -> None:
    bundle, _ = pack(InboundInfo(VAN, CHANNEL, 1), without(log, log.days[2].leaves[0]), log.days)
    desk.take(bundle)
    assert len(desk.alarms) == 1
    desk.take(Carrier(BOAT).pull(log, log.days))
    assert desk.alarms == []


def test_an_envelope_older_than_the_retention_need_not_come(desk: Desk) -> None:
    log = Log()
    for number in range(3):
        log.close_day(1, day=TODAY - timedelta(days=31 - number))
    old, edge, kept = (day.leaves[0] for day in log.days)
    bundle, _ = pack(InboundInfo(VAN, CHANNEL, 1), {kept: log.envelopes[kept]}, log.days)
    desk.take(bundle)
    assert (old in log.envelopes, edge in log.envelopes) == (True, True)
    assert desk.alarms == []


def test_an_envelope_at_the_edge_of_the_retention_must_come(desk: Desk) -> None:
    log = Log()
    log.close_day(1, day=TODAY - timedelta(days=29))
    bundle, _ = pack(InboundInfo(VAN, CHANNEL, 1), {}, log.days)
    desk.take(bundle)
    assert [cause for cause, _ in desk.alarms] == [Cause.MISSING]


def test_what_a_reviewer_has_removed_is_not_called_missing(desk: Desk, log: Log) -> None:
    desk.take(Carrier().pull(log, log.days))
    removed = log.days[0].leaves[0]
    (desk.path / "inbox" / CHANNEL / f"{removed.hex()}.age").unlink()
    bundle, _ = pack(InboundInfo(BOAT, CHANNEL, 1), without(log, removed), log.days)
    desk.take(bundle)
    assert desk.alarms == []


def test_an_envelope_in_no_log_is_an_alarm_and_stays_in_the_bundle(desk: Desk, log: Log) -> None:
    stray = b"put in by somebody"
    envelopes = {**log.envelopes, hashlib.sha256(stray).digest(): stray}
    desk.take(pack_unchecked(InboundInfo(VAN, CHANNEL, 1), envelopes, log.days))
    assert desk.alarms == [
        (Cause.UNLOGGED, "1 envelope came for general that is in no day of its log")
    ]
    assert desk.inbox() == set(log.envelopes.values())


def replace_leaves(day: LogDay, leaves: Sequence[bytes], **options: Any) -> LogDay:
    return make_day(day.day, day.before, leaves, **options)


def test_a_fork_is_an_alarm_and_its_sound_envelopes_are_taken(desk: Desk, log: Log) -> None:
    van = Carrier()
    desk.take(van.pull(log, log.days[:2]))
    other = log_of(3, 1, 2)
    desk.take(van.pull(other, other.days[2:]))
    ((cause, sentence),) = desk.alarms
    assert cause is Cause.FORKED
    assert f"says something else about {other.days[2].day} than before" in sentence
    assert desk.inbox() >= {other.envelopes[leaf] for leaf in other.days[2].leaves}
    assert desk.state.logs[CHANNEL].tree == log.days[1].after
    assert len([*(desk.path / "disputed" / CHANNEL).iterdir()]) == 1


def test_a_day_that_was_rewritten_is_an_alarm(desk: Desk, log: Log) -> None:
    desk.take(Carrier().pull(log, log.days[:3]))
    changed = replace_leaves(log.days[2], log.days[2].leaves[1:])
    desk.take(Carrier(BOAT).pull(log, [*log.days[:2], changed]))
    assert [cause for cause, _ in desk.alarms] == [Cause.FORKED]


def test_a_log_that_shrank_is_an_alarm(desk: Desk, log: Log) -> None:
    van = Carrier()
    desk.take(van.pull(log, log.days[:3]))
    shorter = make_day(log.days[3].day, log.days[1].after, log.days[3].leaves)
    desk.take(van.pull(log, [shorter]))
    assert [cause for cause, _ in desk.alarms] == [Cause.SHRANK]


def test_a_log_that_ends_before_what_its_courier_brought_is_an_alarm(desk: Desk, log: Log) -> None:
    van = Carrier()
    desk.take(van.pull(log, log.days[:3]))
    desk.take(van.pull(log, log.days[:2]))
    assert desk.alarms == [
        (
            Cause.SHRANK,
            f"the log of general ends before {log.days[2].day}, which was there: it was shortened",
        )
    ]


def test_a_head_without_the_signature_of_the_log_is_an_alarm(desk: Desk, log: Log) -> None:
    last = log.days[-1]
    forged = make_day(last.day, last.before, last.leaves, key=SigningKey.generate())
    desk.take(Carrier().pull(log, [*log.days[:-1], forged]))
    assert desk.alarms == [
        (
            Cause.UNSIGNED,
            f"the log of general at {last.day} bears no sound signature of the service",
        )
    ]
    assert desk.inbox() == set(log.envelopes.values())
    assert desk.state.logs[CHANNEL].day == log.days[-2].day


def test_a_witness_signature_of_another_head_is_an_alarm(desk: Desk, log: Log) -> None:
    last, before = log.days[-1], log.days[-2]
    line = next(found for found in before.head.signatures if found.name.endswith(VAN))
    moved = last.with_head(last.head.with_cosignature(line))
    desk.take(Carrier().pull(log, [*log.days[:-1], moved]))
    assert [cause for cause, _ in desk.alarms] == [Cause.UNSIGNED]


def test_a_witness_signature_of_another_day_is_an_alarm_even_where_the_head_is_the_same(
    desk: Desk,
) -> None:
    log = Log()
    for _ in range(2):
        log.close_day(0)
    moved = log.days[1].with_head(log.days[0].head)
    desk.take(Carrier().pull(log, [log.days[0], moved]))
    assert [cause for cause, _ in desk.alarms] == [Cause.UNSIGNED]


def test_missing_days_are_an_alarm_until_another_courier_brings_them(desk: Desk, log: Log) -> None:
    desk.take(Carrier().pull(log, [log.days[0], *log.days[2:]]))
    assert desk.alarms == [
        (Cause.UNLINKED, f"days of the log of general are missing before {log.days[2].day}")
    ]
    assert desk.state.logs[CHANNEL].day == log.days[0].day
    desk.take(Carrier(BOAT).pull(log, log.days))
    assert desk.state.logs[CHANNEL].tree == log.days[-1].after


def test_a_bundle_from_the_middle_of_a_log_is_taken_and_the_beginning_asked_for(
    desk: Desk, log: Log
) -> None:
    desk.take(Carrier().pull(log, log.days[2:]))
    assert desk.inbox() == {log.envelopes[leaf] for day in log.days[2:] for leaf in day.leaves}
    assert [cause for cause, _ in desk.alarms] == [Cause.UNLINKED]
    assert CHANNEL not in desk.state.logs


def test_what_was_acknowledged_hides_no_other_rewriting_of_the_same_day(
    desk: Desk, log: Log
) -> None:
    desk.take(Carrier().pull(log, log.days[:3]))
    boat = Carrier(BOAT)
    for number, leaves in enumerate((log.days[2].leaves[1:], log.days[2].leaves[:1]), 1):
        changed = replace_leaves(log.days[2], leaves)
        desk.take(boat.pull(log, [*log.days[:2], changed]))
        assert [cause for cause, _ in desk.alarms] == [Cause.FORKED]
        assert [group.number for group in desk.state.alarms.waiting] == [number]
        desk.acknowledge(number)
    assert desk.alarms == []


def test_the_same_bytes_in_another_channel_settle_nothing(desk: Desk, log: Log) -> None:
    lost = log.days[2].leaves[0]
    desk.take(pack(InboundInfo(VAN, CHANNEL, 1), without(log, lost), log.days)[0])
    other = Log(OTHER_CHANNEL)
    other.put(log.envelopes[lost], day=log.days[2].day)
    desk.take(Carrier(channel=OTHER_CHANNEL).pull(other, other.days))
    assert [cause for cause, _ in desk.alarms] == [Cause.MISSING]


def test_what_came_of_several_missing_envelopes_is_no_longer_counted(desk: Desk, log: Log) -> None:
    lost = log.days[2].leaves[:2]
    desk.take(pack(InboundInfo(VAN, CHANNEL, 1), without(log, *lost), log.days)[0])
    desk.take(pack(InboundInfo(BOAT, CHANNEL, 1), without(log, lost[0]), log.days)[0])
    (group,) = desk.state.alarms.waiting
    assert (group.number, group.count, group.envelopes) == (1, 1, lost[:1])


def test_invented_leaves_cost_the_desk_one_alarm_a_day(desk: Desk) -> None:
    invented = [number.to_bytes(32, "big") for number in range(5000)]
    day = make_day(TODAY - timedelta(days=3), EMPTY_TREE, invented)
    desk.take(pack(InboundInfo(VAN, CHANNEL, 1), {}, [day])[0])
    ((_, sentence),) = desk.alarms
    assert sentence.startswith(f"5000 envelopes of {day.day} are in the log")
    assert (desk.path / "state.json").stat().st_size < 8_000


NEW_LOG_KEY = SigningKey(bytes([9]) * 32)
ONLY_NEW = make_roster(serial=2, log_keys=(NEW_LOG_KEY.verify_key,))


def test_a_log_key_that_was_replaced_makes_no_day_wrong_that_was_followed(
    desk: Desk, log: Log
) -> None:
    desk.take(Carrier().pull(log, log.days))
    imported = desk.take(Carrier(BOAT).pull(log, log.days, ONLY_NEW))
    assert (imported.already, imported.witnesses, desk.alarms) == (6, (VAN,), [])


def test_an_alarm_about_a_log_whose_key_was_replaced_does_not_stop_the_import(
    desk: Desk, log: Log
) -> None:
    van = Carrier()
    desk.take(van.pull(log, log.days))
    log.close_day(1, key=NEW_LOG_KEY)
    log.close_day(1, key=NEW_LOG_KEY)
    imported = desk.take(van.pull(log, log.days[5:], ONLY_NEW))
    assert imported.new == 1
    assert [cause for cause, _ in desk.alarms] == [Cause.UNLINKED]


def test_an_unsigned_rewriting_of_a_day_is_told_from_a_signed_one(desk: Desk, log: Log) -> None:
    desk.take(Carrier().pull(log, log.days[:3]))
    forged = replace_leaves(log.days[2], log.days[2].leaves[1:], key=SigningKey.generate())
    desk.take(Carrier(BOAT).pull(log, [*log.days[:2], forged]))
    assert [cause for cause, _ in desk.alarms] == [Cause.UNSIGNED]


def with_line(day: LogDay, name: str, blob: bytes) -> LogDay:
    return day.with_head(day.head.with_cosignature(NoteSignature(name, blob)))


def test_a_line_for_a_courier_yet_to_come_spoils_no_day_later(desk: Desk, log: Log) -> None:
    ship, name = SigningKey(bytes([10]) * 32), witness_name(SERVICE_ID, "ship")
    key_id = log.days[-1].head.cosign(name, ship, 0).blob[:4]
    log.days[-1] = with_line(log.days[-1], name, key_id + bytes(72))
    van = Carrier()
    desk.take(van.pull(log, log.days))
    couriers = (*make_roster().couriers, Courier("ship", (CHANNEL,), ship.verify_key))
    roster = make_roster(serial=2, couriers=couriers)
    imported = desk.take(Carrier(BOAT).pull(log, log.days, roster))
    assert (imported.witnesses, desk.alarms) == ((VAN,), [])
    log.close_day(1)
    desk.take(van.pull(log, log.days[-1:], roster))
    assert desk.state.logs[CHANNEL].tree == log.days[-1].after


def filled_up(day: LogDay) -> LogDay:
    """Add lines of keys that nobody knows, until a head may not be longer."""
    number = 0
    while (room := MAX_HEAD_BYTES - len(day.head.serialize().encode())) > 100:
        blob = bytes(min(room - 20, 1400) // 4 * 3)
        day, number = with_line(day, f"junk-{number:03}", blob), number + 1
    return day


def test_a_head_full_of_strange_lines_is_kept_without_them(desk: Desk, log: Log) -> None:
    desk.take(Carrier().pull(log, [*log.days[:3], filled_up(log.days[3])]))
    last = log.days[3]
    seen_by_both = make_day(last.day, last.before, last.leaves, witnesses=(VAN, BOAT))
    imported = desk.take(Carrier(BOAT).pull(log, [*log.days[:3], seen_by_both]))
    assert (set(imported.witnesses), desk.alarms) == ({VAN, BOAT}, [])
    kept = parse_day((desk.path / "log" / CHANNEL / f"{last.day}.json").read_bytes())
    assert kept == seen_by_both


def test_a_first_bundle_of_days_that_nobody_here_knows_does_not_continue_the_log(
    desk: Desk,
) -> None:
    log = log_of(1, 1, 1, 1)
    desk.take(Carrier().pull(log, log.days[3:]), heads=[log.days[2]])
    lie = make_day(log.days[1].day, log.days[1].before, [bytes(32)], witnesses=())
    bundle, _ = pack(InboundInfo(BOAT, CHANNEL, 7, bytes([1]) * 32), {}, [lie])
    refused(desk, bundle, MissingBundleError, "bundles 1 to 6 are missing")
    boat = Carrier(BOAT, serial=6, previous=bytes([1]) * 32)
    desk.take(boat.pull(log, log.days[1:]))
    assert desk.state.carried[BOAT, CHANNEL].serial == 7
