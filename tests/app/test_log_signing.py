"""The key that signs the log: without it, or with another one, no service starts."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.log_signing import log_signer
from app.opening import StartError
from crypto.log_key_file import serialize_log_key
from crypto.minisign import SigningKey
from tests.support.service import House, make_house, write_roster


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "house", origin="http://candor.test")


def refusal(house: House) -> str:
    with pytest.raises(StartError) as refused, house.open():
        pass
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_missing_key_is_named_with_what_to_do(house: House) -> None:
    house.settings.log_key.unlink()
    assert f"cannot read the log key {house.settings.log_key}" in refusal(house)
    assert "put it back" in refusal(house)


@pytest.mark.parametrize("data", [b"", b"\xff", b"# public key: RW\nAAAA\n"])
def test_what_is_no_key_is_refused_and_not_repeated(house: House, data: bytes) -> None:
    house.settings.log_key.write_bytes(data)
    assert "is no log key" in refusal(house)
    assert "AAAA" not in refusal(house)


def test_a_key_that_the_roster_does_not_name_is_refused(house: House) -> None:
    other = SigningKey(bytes(32))
    house.settings.log_key.write_text(serialize_log_key(other))
    assert other.verify_key.serialize() in refusal(house)
    assert "does not name" in refusal(house)


def test_one_of_several_log_keys_is_enough(house: House) -> None:
    other = SigningKey(bytes(32)).verify_key
    write_roster(house, house.roster, log_keys=(other, house.log_key.verify_key))
    with house.open() as service:
        assert service.log_signer.key == house.log_key


def test_the_log_goes_on_for_a_while_after_the_roster_s_last_day(house: House) -> None:
    signer = log_signer(house.roster, house.log_key)
    assert signer.until == house.roster.expires + timedelta(days=31)
    assert signer.channels == ("general",)
    assert signer.origin("general") == f"{house.roster.service_id.hex()}/general"
