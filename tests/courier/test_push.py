"""Bundles of reviewers are handed in, once or more often, and nothing else leaves."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from courier.errors import RefusedError, TroubleError
from courier.push import Push
from courier.rosters import AlarmingRosterError
from courier.service import Delivered
from courier.signing import client_of
from crypto.bundle import write_bundle
from crypto.errors import BundleError
from crypto.log_watch import Cause
from crypto.minisign import SigningKey
from tests.courier.listener import Listener
from tests.courier.proxy import Mischief, between
from tests.courier.support import Errand, make_errand
from tests.support.carried import TODAY, make_roster, signed

PRESS = SigningKey(bytes([6]) * 32)  # as in the roster of `tests.support.carried`


def outbound(place: Path, key: SigningKey = PRESS, name: str = "reply.zip") -> Path:
    sink = io.BytesIO()
    write_bundle(sink, [], key)
    (place / name).write_bytes(sink.getvalue())
    return place / name


@pytest.fixture
def push(errand: Errand) -> Iterator[Push]:
    with client_of(errand.courier) as client:
        yield Push(errand.courier, client, TODAY)


def test_a_bundle_is_handed_in_as_it_is(push: Push, listener: Listener, tmp_path: Path) -> None:
    bundle = outbound(tmp_path)
    assert push.deliver(bundle) == Delivered(8, 0)
    assert listener.bundles == [bundle.read_bytes()]


def test_a_bundle_handed_in_twice_does_nothing(push: Push, tmp_path: Path) -> None:
    bundle = outbound(tmp_path)
    push.deliver(bundle)
    assert push.deliver(bundle) == Delivered(0, 8)


def test_a_broken_connection_is_tried_again(
    errand: Errand, listener: Listener, tmp_path: Path
) -> None:
    with between(listener.port) as proxy:
        through = make_errand(tmp_path / "through", proxy.origin)
        proxy.once_each(Mischief.TRUNCATE)
        with client_of(through.courier) as client:
            errand_through = Push(through.courier, client, TODAY)
            assert errand_through.deliver(outbound(tmp_path)) == Delivered(0, 8)
    assert len(listener.bundles) == 2


@pytest.mark.parametrize("content", [b"", b"AGE-SECRET-KEY-PQ-1", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_bundle_never_leaves(
    push: Push, listener: Listener, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "identity.age").write_bytes(content)
    with pytest.raises(BundleError, match="it stays here"):
        push.deliver(tmp_path / "identity.age")
    assert listener.asked("/courier/bundles") == []


def test_a_bundle_of_nobody_in_the_roster_never_leaves(
    push: Push, listener: Listener, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match="nobody"):
        push.deliver(outbound(tmp_path, SigningKey.generate()))
    assert listener.asked("/courier/bundles") == []


def test_an_inbound_bundle_is_not_taken_for_an_outbound_one(
    errand: Errand, listener: Listener
) -> None:
    bundle = errand.pull().bundles[0]
    with client_of(errand.courier) as client, pytest.raises(BundleError):
        Push(errand.courier, client, TODAY).deliver(bundle)
    assert listener.asked("/courier/bundles") == []


def test_a_service_that_refuses_a_sound_bundle_is_named(
    push: Push, listener: Listener, tmp_path: Path
) -> None:
    listener.lies["/courier/bundles"] = 422
    with pytest.raises(RefusedError, match="ask the operator"):
        push.deliver(outbound(tmp_path))


@pytest.mark.parametrize("answer", [b"", b"ok", b"[]", b'{"delivered": 8}', b'{"delivered": "8"}'])
def test_an_answer_that_does_not_count_is_no_delivery(
    push: Push, listener: Listener, tmp_path: Path, answer: bytes
) -> None:
    listener.lies["/courier/bundles"] = answer
    with pytest.raises(TroubleError, match="how many"):
        push.deliver(outbound(tmp_path))


def test_a_roster_that_was_rolled_back_is_an_alarm_before_anything_leaves(
    errand: Errand, listener: Listener
) -> None:
    old = listener.roster
    listener.roster = signed(make_roster(serial=2, origins=(listener.origin,)))
    errand.pull()
    listener.roster = old
    with client_of(errand.courier) as client, pytest.raises(AlarmingRosterError):
        Push(errand.courier, client, TODAY)
    assert [alarm.cause for alarm in errand.courier.alarms()] == [Cause.ROSTER_ROLLED_BACK]
