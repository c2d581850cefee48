"""Who may ask at the couriers' listener: a courier of the roster, for its channels, now."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.courier_refusals import CourierReason
from crypto.minisign import SigningKey
from tests.support.couriers import (
    BOAT,
    KEYS,
    OTHER_CHANNEL,
    VAN,
    asker,
    make_courier_house,
    refused,
    serving_couriers,
    yesterday,
)
from tests.support.service import CHANNEL, House

ROSTER = "/courier/roster.json"
DIGEST = "00" * 32


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = make_courier_house(tmp_path_factory.mktemp("served") / "house")
    with serving_couriers(house):
        yield house


def test_a_courier_is_let_in(house: House) -> None:
    for name in (VAN, BOAT):
        answer = asker(house, name).get(ROSTER)
        assert answer.status == 200
        assert answer.body == house.settings.roster.read_bytes()


def test_nobody_else_is(house: House) -> None:
    stranger = SigningKey.generate()
    refused(asker(house).send("GET", ROSTER, {}), CourierReason.UNSIGNED)
    refused(asker(house, VAN, stranger).get(ROSTER), CourierReason.UNSIGNED)
    refused(asker(house, VAN, KEYS[BOAT]).get(ROSTER), CourierReason.UNSIGNED)
    refused(asker(house, "plane", stranger).get(ROSTER), CourierReason.UNSIGNED)
    refused(asker(house, "press", house.root).get(ROSTER), CourierReason.UNSIGNED)


@pytest.mark.parametrize("off", [-400, -86_400, 400, 86_400])
def test_a_request_is_of_now(house: House, off: int) -> None:
    one = asker(house)
    answer = one.send("GET", ROSTER, one.signed("GET", ROSTER, off=off))
    refused(answer, CourierReason.UNTIMELY)


@pytest.mark.parametrize("off", [-200, 200])
def test_clocks_need_not_agree_to_the_minute(house: House, off: int) -> None:
    one = asker(house)
    assert one.send("GET", ROSTER, one.signed("GET", ROSTER, off=off)).status == 200


def test_a_signature_is_for_one_request(house: House) -> None:
    one = asker(house)
    for target in (f"{ROSTER}.minisig", f"{ROSTER}?a=b", "/courier/%72oster.json"):
        headers = one.signed("GET", ROSTER)
        refused(one.send("GET", target, headers), CourierReason.UNSIGNED)
    with_query = one.signed("GET", ROSTER, query="a=b")
    refused(one.send("GET", ROSTER, with_query), CourierReason.UNSIGNED)
    assert one.send("GET", f"{ROSTER}?a=b", with_query).status == 200
    escaped = one.signed("GET", "/courier/%72oster.json")
    assert one.send("GET", "/courier/%72oster.json", escaped).status == 200


def test_a_request_is_answered_once(house: House) -> None:
    one = asker(house)
    headers = one.signed("GET", ROSTER)
    assert one.send("GET", ROSTER, headers).status == 200
    refused(one.send("GET", ROSTER, headers), CourierReason.REPLAYED)


def test_what_a_stranger_sends_uses_no_nonce_up(house: House) -> None:
    one, nonce = asker(house), bytes(range(20))
    forged = asker(house, VAN, SigningKey.generate()).signed("GET", ROSTER, nonce=nonce)
    refused(one.send("GET", ROSTER, forged), CourierReason.UNSIGNED)
    assert one.send("GET", ROSTER, one.signed("GET", ROSTER, nonce=nonce)).status == 200


def test_a_request_is_answered_once_whatever_happens_between(tmp_path: Path) -> None:
    house = make_courier_house(tmp_path / "house")
    one = asker(house)
    headers = one.signed("GET", ROSTER)
    with serving_couriers(house) as first:
        assert one.send("GET", ROSTER, headers).status == 200
        first.stop(signal.SIGKILL)
    with serving_couriers(house):
        refused(one.send("GET", ROSTER, headers), CourierReason.REPLAYED)


def test_another_channel_is_refused_as_one_that_there_is_not(house: House) -> None:
    boat = asker(house, BOAT)
    day = yesterday()
    for channel in (CHANNEL, "nowhere", "%2e%2e", "GENERAL"):
        for path in (
            f"/courier/log/{channel}/{day}.json",
            f"/courier/envelopes/{channel}/{DIGEST}",
        ):
            refused(boat.get(path), CourierReason.OTHER_CHANNEL)
        path = f"/courier/log/{channel}/{day}/cosignature"
        refused(boat.ask("PUT", path, b"x"), CourierReason.OTHER_CHANNEL)
    path = f"/courier/envelopes/{OTHER_CHANNEL}/{DIGEST}"
    refused(boat.get(path), CourierReason.NOT_FOUND, 404)
