"""Whatever is done to the answers on their way, no half bundle is ever written."""

import hashlib
import os
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from courier.errors import CourierError
from courier.pull import Pulled
from crypto.errors import RosterError
from crypto.log_watch import Cause
from crypto.merkle import EMPTY_TREE
from tests.courier.listener import Listener
from tests.courier.proxy import Mischief, Proxy, between
from tests.courier.support import Errand, make_errand, opened
from tests.support.carried import CHANNEL, OTHER_CHANNEL, TODAY, make_day, make_roster, signed

CARELESS = (Mischief.DROP, Mischief.STALL, Mischief.TRUNCATE, Mischief.BOUNDLESS)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def proxy(listener: Listener) -> Iterator[Proxy]:
    with between(listener.port) as proxy:
        yield proxy


@pytest.fixture
def errand(tmp_path: Path, listener: Listener, proxy: Proxy) -> Errand:
    """One who fetches one of the two channels through the proxy."""
    roster = make_roster(origins=(listener.origin,))
    couriers = tuple(type(one)(one.id, (CHANNEL,), one.key) for one in roster.couriers)
    listener.roster = signed(make_roster(origins=(listener.origin,), couriers=couriers))
    errand = make_errand(tmp_path, proxy.origin)
    errand.change(wait_seconds=0.3)
    return errand


def try_to_pull(errand: Errand) -> Pulled | str:
    """Pull, and return how it ended or in which words it did not."""
    try:
        pulled = errand.pull()
    except (CourierError, RosterError) as error:
        return f"{error}"
    return pulled


def pull_in_peace(errand: Errand, proxy: Proxy) -> Pulled:
    """Pull when nobody stands between any more, with the patience of a busy machine."""
    proxy.honest()
    errand.change(wait_seconds=15.0, tries=5)
    return errand.pull()


def require_whole(errand: Errand, listener: Listener) -> None:
    """Hold what lies on the stick to be whole bundles that follow each other without a gap."""
    previous, before, came = bytes(32), EMPTY_TREE, set()
    paths = {path.name: path for path in errand.bundles()}
    for serial in range(1, len(paths) + 1):
        with opened(paths[f"van-{CHANNEL}-{serial}.zip"], errand.key.verify_key) as bundle:
            assert (bundle.info.serial, bundle.info.previous) == (serial, previous)
            assert bundle.days[0].before == before
            previous, before = bundle.hash, bundle.days[-1].after
            came |= bundle.envelopes.keys()
            told = {alarm.envelope for alarm in errand.courier.alarms()}
            assert told.issuperset(bundle.missing)
    assert came <= listener.logs[CHANNEL].envelopes.keys()


def require_nothing_of_others(proxy: Proxy) -> None:
    assert not any(OTHER_CHANNEL in path for _, path in proxy.requests)


def require_all(errand: Errand, listener: Listener) -> None:
    """Hold the courier to have brought every envelope in the end."""
    came: set[bytes] = set()
    for path in errand.bundles():
        with opened(path, errand.key.verify_key) as bundle:
            came |= bundle.envelopes.keys()
    assert came == listener.logs[CHANNEL].envelopes.keys()


@pytest.mark.parametrize("mischief", [*CARELESS, Mischief.DUPLICATE])
def test_what_breaks_off_once_is_asked_for_again(
    errand: Errand, listener: Listener, proxy: Proxy, mischief: Mischief
) -> None:
    errand.change(tries=8)  # one for each connection that may be out of step, and more
    proxy.once_each(mischief)
    pulled = errand.pull()
    assert pulled.alarms == []
    assert pulled.failed == {}
    require_whole(errand, listener)
    require_all(errand, listener)
    require_nothing_of_others(proxy)


@pytest.mark.parametrize("mischief", CARELESS)
@pytest.mark.parametrize(
    "start", ["/courier/roster", "/courier/log", "/courier/envelopes", "/courier/forms"]
)
def test_what_always_breaks_off_is_refused_and_the_next_run_goes_on(
    errand: Errand, listener: Listener, proxy: Proxy, mischief: Mischief, start: str
) -> None:
    proxy.always(mischief, start)
    pulled = try_to_pull(errand)
    said = pulled if isinstance(pulled, str) else pulled.failed[CHANNEL]
    assert "breaks off" in said or "does not use" in said or "did not come whole" in said
    assert errand.bundles() == []
    assert errand.courier.alarms() == ()
    assert pull_in_peace(errand, proxy).alarms == []
    require_whole(errand, listener)
    require_all(errand, listener)


def test_an_altered_roster_is_refused(errand: Errand, proxy: Proxy) -> None:
    proxy.always(Mischief.ALTER, "/courier/roster")
    assert try_to_pull(errand) == "the roster bears no signature of the root key"
    assert errand.courier.roster() is None
    assert {path for _, path in proxy.requests} == {
        "/courier/roster.json",
        "/courier/roster.json.minisig",
    }


def test_an_altered_day_of_the_log_is_an_alarm(errand: Errand, proxy: Proxy) -> None:
    proxy.always(Mischief.ALTER, "/courier/log")
    pulled = errand.pull()
    assert [alarm.cause for alarm in pulled.alarms] == [Cause.UNREADABLE]
    assert pulled.bundles == []


def test_altered_envelopes_are_refused_and_fetched_again(
    errand: Errand, listener: Listener, proxy: Proxy
) -> None:
    proxy.always(Mischief.ALTER, "/courier/envelopes")
    assert "8 of the new envelopes did not come whole" in errand.pull().failed[CHANNEL]
    assert list(errand.directory.rglob("*.part")) == []
    assert errand.bundles() == []
    pull_in_peace(errand, proxy)
    require_all(errand, listener)


def test_the_answer_to_another_question_is_refused(
    errand: Errand, listener: Listener, proxy: Proxy
) -> None:
    proxy.always(Mischief.REPLAY, "/courier/envelopes")
    pulled = errand.pull()
    assert CHANNEL in pulled.failed
    assert errand.bundles() == []
    pull_in_peace(errand, proxy)
    require_whole(errand, listener)
    require_all(errand, listener)


def add_large(listener: Listener, size: int) -> bytes:
    """Let a large envelope be yesterday's last."""
    log = listener.logs[CHANNEL]
    data = os.urandom(size)
    digest = hashlib.sha256(data).digest()
    last = log.days.pop()
    log.envelopes[digest] = data
    log.days.append(make_day(last.day, last.before, (*last.leaves, digest), witnesses=()))
    return digest


def test_a_large_envelope_goes_on_where_it_broke_off(
    errand: Errand, listener: Listener, proxy: Proxy
) -> None:
    leaf = add_large(listener, 3 << 20)
    proxy.always(Mischief.TRUNCATE, f"/courier/envelopes/{CHANNEL}/{leaf.hex()}")
    errand.change(tries=1)
    pulled = errand.pull()
    assert CHANNEL in pulled.failed
    assert listener.ranges != []
    listener.ranges.clear()
    assert pull_in_peace(errand, proxy).failed == {}
    (asked,) = listener.ranges
    assert int(asked.removeprefix("bytes=").removesuffix("-")) > 1 << 20
    require_all(errand, listener)


def test_a_part_that_was_damaged_on_the_disk_is_fetched_again(
    errand: Errand, listener: Listener, proxy: Proxy
) -> None:
    leaf = add_large(listener, 1 << 20)
    proxy.always(Mischief.TRUNCATE, f"/courier/envelopes/{CHANNEL}/{leaf.hex()}")
    errand.pull()
    (part,) = errand.directory.rglob(f"{leaf.hex()}.part")
    part.write_bytes(bytes(part.stat().st_size))
    assert pull_in_peace(errand, proxy).failed == {}
    require_all(errand, listener)


@pytest.mark.parametrize("length", [1 << 20, (1 << 20) + 7])
def test_a_part_as_long_as_the_envelope_or_longer_is_no_dead_end(
    errand: Errand, listener: Listener, proxy: Proxy, length: int
) -> None:
    leaf = add_large(listener, 1 << 20)
    proxy.always(Mischief.TRUNCATE, f"/courier/envelopes/{CHANNEL}/{leaf.hex()}")
    errand.pull()
    (part,) = errand.directory.rglob(f"{leaf.hex()}.part")
    part.write_bytes(bytes(length))
    assert pull_in_peace(errand, proxy).failed == {}
    require_all(errand, listener)


@pytest.mark.parametrize("part", range(6))
def test_under_any_mixture_what_is_written_is_whole(
    errand: Errand, listener: Listener, proxy: Proxy, part: int
) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    chance = random.Random(seed)

    def plan(_path: str) -> Mischief | None:
        return chance.choice(list(Mischief)) if chance.random() < 0.15 else None

    for _ in range(5):
        proxy.plan = plan
        try_to_pull(errand)
        require_whole(errand, listener)
        listener.logs[CHANNEL].close_day(witnesses=())
        errand.sleep()
    pulled = pull_in_peace(errand, proxy)
    assert pulled.failed == {}
    require_whole(errand, listener)
    require_nothing_of_others(proxy)
    kept = errand.courier.channel(CHANNEL)
    assert kept.days()[-1] == errand.today - timedelta(days=1)
    assert kept.new_days() == []
