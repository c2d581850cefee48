"""What a pull brings, and that it may be run again at any time."""

import hashlib
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from crypto.checkpoint import Head, NoteSignature, end_of_day, witness_name
from crypto.log_watch import Cause
from crypto.merkle import EMPTY_TREE
from tests.courier.listener import Listener
from tests.courier.support import Errand, make_errand, opened
from tests.support.carried import (
    BOAT,
    CHANNEL,
    COURIERS,
    FORM_BYTES,
    FORM_NAME,
    OTHER_CHANNEL,
    SERVICE_ID,
    TODAY,
    VAN,
    make_roster,
    signed,
)


def test_the_first_pull_brings_the_whole_log_and_every_envelope(
    errand: Errand, listener: Listener
) -> None:
    pulled = errand.pull()
    assert [path.name for path in pulled.bundles] == ["van-general-1.zip", "van-other-1.zip"]
    assert pulled.bundles == errand.bundles()
    assert (pulled.alarms, pulled.failed, errand.said) == ([], {}, [])
    log = listener.logs[CHANNEL]
    with opened(pulled.bundles[0], errand.key.verify_key) as bundle:
        assert (bundle.info.courier, bundle.info.channel, bundle.info.serial) == (VAN, CHANNEL, 1)
        assert bundle.envelopes.keys() == log.envelopes.keys()
        assert bundle.days[0].before == EMPTY_TREE
        assert [day.day for day in bundle.days] == [day.day for day in log.days]
        assert bundle.forms == {FORM_NAME: FORM_BYTES}
        assert bundle.roster == listener.roster
        assert bundle.missing == ()


def test_with_nothing_new_nothing_is_written(errand: Errand) -> None:
    before = [path.read_bytes() for path in errand.pull().bundles]
    again = errand.pull()
    assert (again.bundles, again.alarms, again.failed) == ([], [], {})
    assert [path.read_bytes() for path in errand.bundles()] == before


def test_the_next_bundle_continues_the_one_before(errand: Errand, listener: Listener) -> None:
    first = errand.pull().bundles[0]
    new = listener.logs[CHANNEL].close_day(3, witnesses=())
    errand.sleep()
    (second,) = errand.pull().bundles
    with opened(first, errand.key.verify_key) as one, opened(second, errand.key.verify_key) as two:
        assert (two.info.serial, two.info.previous) == (2, one.hash)
        assert two.envelopes.keys() == set(new.leaves)
        assert [day.day for day in two.days] == [new.day]
        assert two.days[0].before == one.days[-1].after


def test_a_day_without_envelopes_is_carried_as_well(errand: Errand, listener: Listener) -> None:
    errand.pull()
    listener.logs[CHANNEL].close_day(0, witnesses=())
    errand.sleep()
    (bundle,) = errand.pull().bundles
    with opened(bundle, errand.key.verify_key) as opened_bundle:
        assert opened_bundle.envelopes == {}


def test_the_head_of_every_day_is_witnessed_with_the_end_of_the_day(
    errand: Errand, listener: Listener
) -> None:
    errand.pull()
    assert len(listener.cosignatures) == 8
    for (channel, day), line in listener.cosignatures.items():
        made = listener.day(channel, day)
        assert made is not None
        head = made.head.with_cosignature(NoteSignature.parse(line.removesuffix("\n")))
        name = witness_name(SERVICE_ID, VAN)
        assert head.witnesses({name: COURIERS[VAN].verify_key}) == {name: end_of_day(day)}


def test_bundles_carry_the_witnessed_heads(errand: Errand) -> None:
    bundle = errand.pull().bundles[0]
    name = witness_name(SERVICE_ID, VAN)
    with opened(bundle, errand.key.verify_key) as opened_bundle:
        for day in opened_bundle.days:
            assert name in day.head.witnesses({name: COURIERS[VAN].verify_key})


def test_a_head_is_witnessed_once(errand: Errand, listener: Listener) -> None:
    errand.pull()
    listener.cosignatures.clear()
    errand.pull()
    assert listener.cosignatures == {}


def test_a_service_that_takes_no_cosignature_does_not_keep_the_envelopes_back(
    errand: Errand, listener: Listener
) -> None:
    day = listener.logs[CHANNEL].days[0].day
    listener.lies[f"/courier/log/{CHANNEL}/{day}/cosignature"] = 422
    assert len(errand.pull().bundles) == 2
    assert "witnessed" in errand.said[0]
    listener.lies.clear()
    errand.pull()
    assert len(listener.cosignatures) == 8


def test_a_long_log_is_followed_from_its_first_day(errand: Errand, listener: Listener) -> None:
    log = listener.logs[CHANNEL]
    log.days.clear()
    log.envelopes.clear()
    log.close_day(1, day=TODAY - timedelta(days=100), witnesses=())
    for _ in range(99):
        log.close_day(0, witnesses=())
    (bundle, _) = errand.pull().bundles
    with opened(bundle, errand.key.verify_key) as opened_bundle:
        assert len(opened_bundle.days) == 100
    looked = [path for path in listener.asked(f"/courier/log/{CHANNEL}") if ".json" in path]
    assert len(looked) < 130


def test_the_log_of_a_service_that_has_just_begun_has_no_day_yet(
    errand: Errand, listener: Listener
) -> None:
    listener.roster = signed(make_roster(origins=(listener.origin,), issued=TODAY))
    for log in listener.logs.values():
        log.days.clear()
    pulled = errand.pull()
    assert (pulled.bundles, pulled.alarms, pulled.failed) == ([], [], {})


def test_the_log_of_a_service_that_is_there_for_long_has_days(
    errand: Errand, listener: Listener
) -> None:
    listener.logs[CHANNEL].days.clear()
    (warning,) = errand.pull().alarms
    assert (warning.cause, warning.is_warning) == (Cause.LATE, True)


def test_a_courier_may_begin_at_a_day_that_another_has_kept(
    tmp_path: Path, errand: Errand, listener: Listener
) -> None:
    errand.pull()
    head = errand.courier.channel(CHANNEL).day(listener.logs[CHANNEL].days[1].day)
    (tmp_path / "second").mkdir()
    second = make_errand(tmp_path / "second", listener.origin, heads=[head], name=BOAT)
    listener.requests.clear()
    bundle = second.pull().bundles[0]
    with opened(bundle, second.key.verify_key) as opened_bundle:
        assert opened_bundle.info.serial == 1
        assert opened_bundle.days[0].before == head.after
        assert len(opened_bundle.days) == 2
    older = listener.logs[CHANNEL].days[0]
    assert not any(leaf.hex() in path for leaf in older.leaves for _, path in listener.requests)


def test_envelopes_older_than_the_retention_are_not_asked_for(
    errand: Errand, listener: Listener
) -> None:
    errand.sleep(26)
    log = listener.logs[CHANNEL]
    for _ in range(26):
        log.close_day(0, witnesses=())
    old = log.days[0]
    pulled = errand.pull()
    with opened(pulled.bundles[0], errand.key.verify_key) as bundle:
        assert set(bundle.missing) == set(old.leaves)
    assert not any(old.leaves[0].hex() in path for _, path in listener.requests)


def test_only_its_own_channels_are_asked_for(errand: Errand, listener: Listener) -> None:
    roster = make_roster(origins=(listener.origin,))
    couriers = tuple(
        type(one)(one.id, (CHANNEL,), one.key) if one.id == VAN else one for one in roster.couriers
    )
    listener.roster = signed(make_roster(origins=(listener.origin,), couriers=couriers))
    assert [path.name for path in errand.pull().bundles] == ["van-general-1.zip"]
    assert not any(OTHER_CHANNEL in path for _, path in listener.requests)


def test_the_newest_roster_goes_with_the_next_bundle(errand: Errand, listener: Listener) -> None:
    errand.pull()
    listener.roster = signed(make_roster(serial=2, origins=(listener.origin,)))
    listener.logs[CHANNEL].close_day(witnesses=())
    errand.sleep()
    (bundle,) = errand.pull().bundles
    with opened(bundle, errand.key.verify_key) as opened_bundle:
        assert opened_bundle.roster == listener.roster


def test_what_is_in_a_bundle_is_not_kept_a_second_time(errand: Errand) -> None:
    errand.pull()
    assert list(errand.directory.rglob("*.age")) == []
    assert len(list((errand.directory / "bundles").iterdir())) == 2


def test_bundles_are_kept_for_the_days_that_the_settings_say(
    errand: Errand, listener: Listener
) -> None:
    errand.pull()
    errand.change(keep_days=0)
    errand.pull()
    assert list((errand.directory / "bundles").iterdir()) == []
    assert len(errand.bundles()) == 2


def test_the_kept_day_continues_to_prove_what_was_seen(errand: Errand) -> None:
    errand.pull()
    kept = errand.courier.channel(CHANNEL)
    days = [kept.day(day) for day in kept.days()]
    assert all(later.before == day.after for day, later in pairwise(days))
    assert all(isinstance(day.head, Head) for day in days)


def test_a_bundle_is_named_by_its_content_alone(errand: Errand) -> None:
    first = [hashlib.sha256(path.read_bytes()).digest() for path in errand.pull().bundles]
    kept = sorted((errand.directory / "bundles").iterdir())
    assert [hashlib.sha256(path.read_bytes()).digest() for path in kept] == first
