"""Whatever a service takes back or rewrites becomes an alarm, and sound envelopes still go out."""

import contextlib
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.checkpoint import (
    MAX_SIGNATURES,
    NoteSignature,
    end_of_day,
    log_origin,
    witness_name,
)
from crypto.errors import MalformedLogError
from crypto.log_day import LogDay, serialize_day
from crypto.log_watch import Alarm, Cause
from crypto.merkle import EMPTY_TREE
from crypto.minisign import SigningKey
from tests.courier.listener import Listener
from tests.courier.support import Errand, make_errand, opened
from tests.support.carried import (
    BOAT,
    CHANNEL,
    COURIERS,
    OTHER_CHANNEL,
    SERVICE_ID,
    TODAY,
    VAN,
    Log,
    make_day,
)

YESTERDAY = TODAY - timedelta(days=1)


def causes(errand: Errand) -> list[Cause]:
    return [alarm.cause for alarm in errand.courier.alarms()]


def rewrite(log: Log, keep: int) -> None:
    """Sign another history from a day on, as only the holder of the log key can."""
    days = log.days[keep:]
    del log.days[keep:]
    for day in days:
        log.close_day(len(day.leaves), day=day.day, witnesses=())


# Envelopes


def test_a_deleted_report_is_an_alarm_and_all_others_go_out(
    errand: Errand, listener: Listener
) -> None:
    log = listener.logs[CHANNEL]
    gone, *_ = log.days[-1].leaves
    del log.envelopes[gone]
    pulled = errand.pull()
    assert pulled.alarms == [Alarm(Cause.MISSING, CHANNEL, YESTERDAY, gone)]
    assert gone.hex() in pulled.alarms[0].sentence
    assert len(pulled.bundles) == 2
    with opened(pulled.bundles[0], errand.key.verify_key) as bundle:
        assert bundle.envelopes.keys() == log.envelopes.keys()
        assert bundle.missing == (gone,)


def test_an_alarm_is_kept_until_somebody_has_dealt_with_it(
    errand: Errand, listener: Listener
) -> None:
    log = listener.logs[CHANNEL]
    del log.envelopes[log.days[-1].leaves[0]]
    errand.pull()
    assert errand.pull().alarms == []
    assert causes(errand) == [Cause.MISSING]
    errand.courier.acknowledge()
    errand.pull()
    assert causes(errand) == []


@pytest.mark.parametrize("lie", [503, 500, b"another envelope"])
def test_an_envelope_that_does_not_come_holds_its_bundle_for_two_days_at_most(
    errand: Errand, listener: Listener, lie: bytes | int
) -> None:
    leaf = listener.logs[CHANNEL].days[-1].leaves[0]
    listener.lies[f"/courier/envelopes/{CHANNEL}/{leaf.hex()}"] = lie
    for _ in range(3):
        pulled = errand.pull()
        assert pulled.alarms == []
        assert "1 of the new envelopes" in pulled.failed[CHANNEL]
        assert not any(CHANNEL in path.name for path in errand.bundles())
        errand.sleep()
    errand.pull()
    assert causes(errand) == [Cause.MISSING]
    bundle = next(path for path in errand.bundles() if CHANNEL in path.name)
    with opened(bundle, errand.key.verify_key) as opened_bundle:
        assert opened_bundle.missing == (leaf,)


def test_an_envelope_that_comes_after_all_is_no_alarm(errand: Errand, listener: Listener) -> None:
    leaf = listener.logs[CHANNEL].days[-1].leaves[0]
    listener.lies[f"/courier/envelopes/{CHANNEL}/{leaf.hex()}"] = 503
    errand.pull()
    listener.lies.clear()
    errand.sleep(2)
    pulled = errand.pull()
    assert not any(alarm.cause is Cause.MISSING for alarm in pulled.alarms)
    assert len(pulled.bundles) == 1
    with opened(pulled.bundles[0], errand.key.verify_key) as bundle:
        assert bundle.missing == ()


# The log


def test_a_log_that_was_rebuilt_and_signed_anew_is_an_alarm(
    errand: Errand, listener: Listener
) -> None:
    errand.pull()
    rewrite(listener.logs[CHANNEL], keep=2)
    listener.logs[CHANNEL].close_day(witnesses=())
    errand.sleep()
    pulled = errand.pull()
    assert pulled.alarms == [Alarm(Cause.FORKED, CHANNEL, YESTERDAY)]
    assert pulled.bundles == []
    assert errand.pull().alarms == pulled.alarms


def test_a_log_rewritten_behind_the_last_day_that_was_seen_is_an_alarm(
    errand: Errand, listener: Listener
) -> None:
    errand.pull()
    log = listener.logs[CHANNEL]
    seen = list(log.days)
    rewrite(log, keep=2)
    log.close_day(witnesses=())
    log.days[:4] = seen
    errand.sleep()
    assert [alarm.cause for alarm in errand.pull().alarms] == [Cause.FORKED]


def test_a_log_that_became_shorter_is_an_alarm(errand: Errand, listener: Listener) -> None:
    errand.pull()
    listener.logs[CHANNEL].days.pop()
    pulled = errand.pull()
    assert pulled.alarms == [Alarm(Cause.SHRANK, CHANNEL, YESTERDAY)]


def test_a_day_with_fewer_leaves_than_were_seen_is_an_alarm(
    errand: Errand, listener: Listener
) -> None:
    errand.pull()
    log = listener.logs[CHANNEL]
    last = log.days.pop()
    log.days.append(make_day(last.day, last.before, last.leaves[:1], witnesses=()))
    assert [alarm.cause for alarm in errand.pull().alarms] == [Cause.SHRANK]


def test_a_head_that_another_key_signed_is_an_alarm(errand: Errand, listener: Listener) -> None:
    log = listener.logs[CHANNEL]
    log.close_day(witnesses=(), key=SigningKey.generate())
    errand.sleep()
    pulled = errand.pull()
    assert pulled.alarms == [Alarm(Cause.UNSIGNED, CHANNEL, TODAY)]
    with opened(pulled.bundles[0], errand.key.verify_key) as bundle:
        assert [day.day for day in bundle.days] == [day.day for day in log.days[:-1]]


def test_a_cosignature_that_does_not_hold_is_an_alarm(errand: Errand, listener: Listener) -> None:
    log = listener.logs[CHANNEL]
    day = log.close_day(witnesses=("boat",))
    made = day.head.signatures[-1]
    forged = replace(made, blob=made.blob[:-1] + bytes([made.blob[-1] ^ 1]))
    log.days[-1] = day.with_head(day.head.with_cosignature(forged))
    errand.sleep()
    assert [alarm.cause for alarm in errand.pull().alarms] == [Cause.UNSIGNED]


def test_a_cosignature_made_for_another_day_is_an_alarm(errand: Errand, listener: Listener) -> None:
    log = listener.logs[CHANNEL]
    day = log.close_day(witnesses=())
    name = witness_name(SERVICE_ID, BOAT)
    moved = day.head.cosign(name, COURIERS[BOAT], end_of_day(day.day) + 1)
    log.days[-1] = day.with_head(day.head.with_cosignature(moved))
    errand.sleep()
    pulled = errand.pull()
    assert pulled.alarms == [Alarm(Cause.UNSIGNED, CHANNEL, TODAY)]
    assert errand.courier.channel(CHANNEL).days()[-1] == YESTERDAY


def stuffed(day: LogDay, name: str) -> LogDay:
    """Fill a day's head with lines under a name, up to what a head may have."""
    head = day.head
    with contextlib.suppress(MalformedLogError):
        while True:
            line = NoteSignature(name, os.urandom(300))
            head = replace(head, signatures=(*head.signatures, line))
    return day.with_head(head)


def test_lines_that_mean_nothing_are_neither_kept_nor_witnessed(
    errand: Errand, listener: Listener
) -> None:
    log = listener.logs[CHANNEL]
    log.days[1] = stuffed(log.days[1], "somebody")
    for _ in range(2):
        pulled = errand.pull()
        assert (pulled.alarms, pulled.failed) == ([], {})
    kept = errand.courier.channel(CHANNEL).day(log.days[1].day)
    names = {log_origin(SERVICE_ID, CHANNEL), witness_name(SERVICE_ID, VAN)}
    assert {line.name for line in kept.head.signatures} == names


def test_a_head_without_room_for_a_witness_is_an_alarm_and_nothing_is_damaged(
    errand: Errand, listener: Listener
) -> None:
    log = listener.logs[CHANNEL]
    sound = log.days[1]
    ours = sound.head.signatures[0]
    full = replace(sound.head, signatures=(ours,))
    with contextlib.suppress(MalformedLogError):
        for _ in range(MAX_SIGNATURES):
            full = replace(full, signatures=(*full.signatures, ours))
    listener.lies[f"/courier/log/{CHANNEL}/{sound.day}.json"] = serialize_day(sound.with_head(full))
    assert errand.pull().failed == {}
    assert errand.courier.channel(CHANNEL).day(sound.day).head.body == sound.head.body


def test_a_head_that_is_too_long_is_an_alarm(errand: Errand, listener: Listener) -> None:
    day = listener.logs[CHANNEL].days[1]
    text = serialize_day(day).decode()
    line = NoteSignature("somebody", bytes(12_300)).serialize().removesuffix("\n")
    longer = text.replace('\\n",\n  "leaves"', f'\\n{line}\\n",\n  "leaves"')
    assert longer != text
    listener.lies[f"/courier/log/{CHANNEL}/{day.day}.json"] = longer.encode()
    assert errand.pull().alarms == [Alarm(Cause.UNREADABLE, CHANNEL, day.day)]
    listener.lies.clear()
    assert errand.pull().failed == {}


def test_a_day_that_contradicts_itself_is_an_alarm(errand: Errand, listener: Listener) -> None:
    day = listener.logs[CHANNEL].days[-1]
    path = f"/courier/log/{CHANNEL}/{day.day}.json"
    listener.lies[path] = serialize_day(day).replace(day.leaves[0].hex().encode(), b"0" * 64)
    errand.today = YESTERDAY
    errand.pull()
    errand.sleep()
    assert errand.pull().alarms == [Alarm(Cause.UNREADABLE, CHANNEL, YESTERDAY)]


def test_a_first_day_that_begins_in_the_middle_is_an_alarm(
    errand: Errand, listener: Listener
) -> None:
    del listener.logs[CHANNEL].days[0]
    pulled = errand.pull()
    assert [alarm.cause for alarm in pulled.alarms] == [Cause.FORKED]
    assert [path.name for path in pulled.bundles] == ["van-other-1.zip"]


def test_a_beginning_that_no_log_key_signed_is_an_alarm(tmp_path: Path, listener: Listener) -> None:
    day = make_day(YESTERDAY, EMPTY_TREE, [bytes(32)], key=SigningKey.generate())
    errand = make_errand(tmp_path, listener.origin, heads=[day])
    assert errand.pull().alarms == [Alarm(Cause.UNSIGNED, CHANNEL, YESTERDAY)]


def test_a_beginning_that_nobody_witnessed_is_refused(tmp_path: Path, listener: Listener) -> None:
    errand = make_errand(tmp_path, listener.origin, heads=[listener.logs[CHANNEL].days[1]])
    pulled = errand.pull()
    assert "no courier of the roster has witnessed" in pulled.failed[CHANNEL]
    assert [path.name for path in pulled.bundles] == ["van-other-1.zip"]


def test_a_beginning_that_was_witnessed_for_another_day_is_an_alarm(
    tmp_path: Path, listener: Listener
) -> None:
    day = listener.logs[CHANNEL].days[1]
    name = witness_name(SERVICE_ID, BOAT)
    moved = day.head.cosign(name, COURIERS[BOAT], end_of_day(day.day) + 1)
    head = day.with_head(day.head.with_cosignature(moved))
    errand = make_errand(tmp_path, listener.origin, heads=[head])
    assert errand.pull().alarms == [Alarm(Cause.UNSIGNED, CHANNEL, day.day)]


def test_a_log_that_does_not_go_on_is_a_warning_and_not_kept(
    errand: Errand, listener: Listener
) -> None:
    errand.pull()
    errand.sleep(2)
    assert errand.pull().alarms == []
    errand.sleep()
    (first, second) = errand.pull().alarms
    assert first == Alarm(Cause.LATE, CHANNEL, TODAY)
    assert second.channel == OTHER_CHANNEL
    assert first.is_warning
    assert causes(errand) == []


def test_an_alarm_in_one_channel_does_not_keep_back_another(
    errand: Errand, listener: Listener
) -> None:
    errand.pull()
    rewrite(listener.logs[CHANNEL], keep=0)
    listener.logs[OTHER_CHANNEL].close_day(witnesses=())
    errand.sleep()
    pulled = errand.pull()
    assert [alarm.channel for alarm in pulled.alarms] == [CHANNEL]
    assert [path.name for path in pulled.bundles] == ["van-other-2.zip"]


def test_a_day_that_never_comes_holds_none_of_those_before_it_back(
    errand: Errand, listener: Listener
) -> None:
    errand.today = YESTERDAY - timedelta(days=1)
    errand.pull()
    errand.sleep(2)
    listener.lies[f"/courier/log/{CHANNEL}/{YESTERDAY}.json"] = 503
    pulled = errand.pull()
    assert CHANNEL in pulled.failed
    (bundle, _) = pulled.bundles
    with opened(bundle, errand.key.verify_key) as opened_bundle:
        assert [day.day for day in opened_bundle.days] == [YESTERDAY - timedelta(days=1)]


def test_another_day_than_was_asked_for_is_no_alarm_and_nothing_is_taken(
    errand: Errand, listener: Listener
) -> None:
    first, *_, last = listener.logs[CHANNEL].days
    listener.lies[f"/courier/log/{CHANNEL}/{last.day}.json"] = serialize_day(first)
    pulled = errand.pull()
    assert pulled.alarms == []
    assert "not the one that was asked for" in pulled.failed[CHANNEL]
