"""A courier and the real service: what it is given, and what it finds out."""

import hashlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from courier.client import Client
from courier.errors import StrangerError
from courier.push import Push
from courier.service import Delivered, Service
from courier.signing import client_of, signer
from crypto.bundle import write_bundle
from crypto.checkpoint import witness_name
from crypto.errors import BundleError
from crypto.log_day import LogDay, parse_day, serialize_day
from crypto.log_watch import Alarm, Cause
from crypto.source_keys import reviewer_signing_key
from intake.service import Intake
from tests.cli.support import run
from tests.courier.proxy import Mischief, between
from tests.courier.real import Real, real_service
from tests.courier.support import Errand, opened
from tests.support.couriers import KEYS, OTHER_CHANNEL, VAN
from tests.support.service import CHANNEL


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    with real_service(tmp_path / "house") as real:
        yield real


@pytest.fixture
def errand(tmp_path: Path, real: Real) -> Errand:
    return real.errand(tmp_path / "van")


def pull(errand: Errand, real: Real):
    errand.today = real.calendar.day
    return errand.pull()


def test_every_envelope_goes_from_the_service_to_the_reviewers(
    errand: Errand, real: Real, tmp_path: Path
) -> None:
    came = {real.receive(), real.receive(3_000_000)}
    real.close_day()
    pulled = pull(errand, real)
    assert (pulled.alarms, pulled.failed, errand.said) == ([], {}, [])
    came.add(real.receive())
    real.close_day()
    pull(errand, real)
    root = real.house.root.verify_key.serialize()
    done = run("import", *errand.bundles(), "--into", tmp_path / "inbox", "--root", root)
    assert done.exit_code == 0, done.stderr
    imported = {path.stem for path in (tmp_path / "inbox").rglob("*.age")}
    assert imported == {digest.hex() for digest in came}


def test_a_day_without_envelopes_and_a_second_pull_bring_nothing_twice(
    errand: Errand, real: Real
) -> None:
    real.receive()
    real.close_day()
    first = pull(errand, real).bundles
    assert pull(errand, real).bundles == []
    real.close_day()
    second = pull(errand, real).bundles
    assert len(first) == len(second) == 2
    with opened(second[0], errand.key.verify_key) as bundle:
        assert bundle.envelopes == {}
        assert bundle.info.serial == 2


def test_the_day_that_is_not_over_is_not_given_away(errand: Errand, real: Real) -> None:
    real.receive()
    real.close_day()
    today = real.receive()
    pull(errand, real)
    for path in errand.bundles():
        with opened(path, errand.key.verify_key) as bundle:
            assert today not in bundle.envelopes


def test_the_service_publishes_what_the_courier_witnessed(errand: Errand, real: Real) -> None:
    real.receive()
    real.close_day()
    pull(errand, real)
    name = witness_name(real.house.roster.service_id, VAN)
    assert real.last_day().head.witnesses({name: KEYS[VAN].verify_key}).keys() == {name}
    assert errand.said == []


def test_a_new_roster_is_taken_and_carried_on(errand: Errand, real: Real) -> None:
    real.receive()
    real.close_day()
    pull(errand, real)
    van = replace(real.service.roster.couriers[0], channels=(CHANNEL,))
    real.sign_roster(couriers=(van, *real.service.roster.couriers[1:]))
    real.close_day()
    (bundle,) = pull(errand, real).bundles
    with opened(bundle, errand.key.verify_key) as opened_bundle:
        assert opened_bundle.roster.document == real.service.signed_roster.document


def test_a_revoked_courier_gets_nothing(errand: Errand, real: Real) -> None:
    real.receive()
    real.close_day()
    real.sign_roster(couriers=real.service.roster.couriers[1:])
    with pytest.raises(StrangerError, match="does not take this courier"):
        pull(errand, real)
    assert errand.bundles() == []
    assert errand.courier.channels() == []


@pytest.mark.parametrize("off", [-400, 400])
def test_a_courier_whose_clock_is_wrong_reads_about_it(
    errand: Errand, real: Real, off: int
) -> None:
    sign = signer(errand.key, VAN, lambda: time.time() + off)
    with (
        Client(real.courier_origin, errand.courier.settings, sign) as client,
        pytest.raises(StrangerError, match="clock"),
    ):
        Service(client).roster()


def test_an_envelope_that_the_service_deletes_is_an_alarm(errand: Errand, real: Real) -> None:
    real.receive()
    real.close_day()
    pull(errand, real)
    gone = real.receive()
    real.close_day()
    real.close_day()
    real.service.intake.purge({CHANNEL: 0})
    pulled = pull(errand, real)
    day = real.calendar.day - timedelta(days=2)
    assert pulled.alarms == [Alarm(Cause.MISSING, CHANNEL, day, gone)]
    assert len(pulled.bundles) == 2


def test_what_was_purged_in_its_time_is_no_alarm(errand: Errand, real: Real) -> None:
    channels = tuple(replace(one, retention_days=1) for one in real.service.roster.channels)
    real.sign_roster(channels=channels)
    real.receive()
    real.close_day()
    real.close_day()
    real.close_day()
    real.service.intake.purge({CHANNEL: 1})
    assert pull(errand, real).alarms == []


def test_a_log_that_was_rebuilt_and_signed_anew_is_an_alarm(errand: Errand, real: Real) -> None:
    real.receive()
    real.receive()
    real.close_day()
    pull(errand, real)
    day = real.last_day()
    leaves = (*day.leaves[:1], hashlib.sha256(b"another").digest())
    after = day.before.grow(leaves)
    head = replace(day.head, root=after.root, signatures=()).sign(real.house.log_key)
    real.day_file(day).write_bytes(serialize_day(LogDay(day.day, day.before, leaves, head)))
    pulled = pull(errand, real)
    assert pulled.alarms == [Alarm(Cause.FORKED, CHANNEL, day.day)]


def test_replies_reach_the_mailbox_once(errand: Errand, real: Real, tmp_path: Path) -> None:
    bundle = outbound(real, tmp_path)
    with client_of(errand.courier) as client:
        push = Push(errand.courier, client, real.calendar.day)
        assert push.deliver(bundle) == Delivered(8, 0)
        assert push.deliver(bundle) == Delivered(0, 8)


def outbound(real: Real, place: Path, name: str = "press") -> Path:
    with (place / "reply.zip").open("wb") as file:
        write_bundle(file, [], reviewer_signing_key(real.house.readers[name]))
    return place / "reply.zip"


def test_an_envelope_that_breaks_off_goes_on_from_its_middle(real: Real, tmp_path: Path) -> None:
    leaf = real.receive(12_000_000)
    real.close_day()
    port = real.house.settings.courier_port
    assert port is not None
    with between(port) as proxy:
        errand = real.errand(tmp_path / "van", proxy.origin)
        proxy.always(Mischief.TRUNCATE, f"/courier/envelopes/{CHANNEL}")
        errand.change(tries=1)
        assert CHANNEL in pull(errand, real).failed
        proxy.honest()
        assert pull(errand, real).failed == {}
    bundle = errand.out / "van-general-1.zip"
    with opened(bundle, errand.key.verify_key) as opened_bundle:
        assert opened_bundle.envelopes.keys() == {leaf}


def test_no_channel_of_others_is_ever_asked_for(real: Real, tmp_path: Path) -> None:
    van = replace(real.service.roster.couriers[0], channels=(CHANNEL,))
    real.sign_roster(couriers=(van, *real.service.roster.couriers[1:]))
    real.receive(channel=OTHER_CHANNEL)
    real.close_day()
    port = real.house.settings.courier_port
    assert port is not None
    with between(port) as proxy:
        errand = real.errand(tmp_path / "van", proxy.origin)
        assert len(pull(errand, real).bundles) == 1
        assert not any(f"/{OTHER_CHANNEL}/" in path for _, path in proxy.requests)


def test_a_service_restored_from_what_the_courier_has_goes_on_without_an_alarm(
    tmp_path: Path,
) -> None:
    with real_service(tmp_path / "house") as real:
        errand = real.errand(tmp_path / "van")
        real.receive()
        real.close_day()
        pull(errand, real)
        backup = shutil.copytree(real.house.settings.data, tmp_path / "backup")
        real.receive()
        real.close_day()
        bundles = pull(errand, real).bundles
        seen, calendar = errand.courier.channel(CHANNEL).last_day(), real.calendar
    data = real.house.settings.data
    shutil.rmtree(data)
    shutil.copytree(backup, data)
    done = run("restore-log", *bundles, "--config", real.house.config)
    assert done.exit_code == 0, done.stderr
    with Intake(data, today=calendar) as intake:
        restored = parse_day(intake.log_day(CHANNEL, calendar.day - timedelta(days=1)))
    assert seen is not None
    assert restored.head.body == seen.head.body


def test_a_bundle_of_a_stranger_stays_here(errand: Errand, real: Real, tmp_path: Path) -> None:
    bundle = errand.out / "van-general-1.zip"
    real.close_day()
    pull(errand, real)
    with client_of(errand.courier) as client:
        push = Push(errand.courier, client, real.calendar.day)
        with pytest.raises(BundleError, match="it stays here"):
            push.deliver(bundle)
