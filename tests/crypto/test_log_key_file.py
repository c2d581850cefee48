"""The log key at rest: one way to write it, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import KeyFormatError
from crypto.log_key_file import parse_log_key, serialize_log_key
from crypto.minisign import SigningKey

KEY = SigningKey(bytes(range(32)))
TEXT = (
    "# public key: RWSdJOLuryfCoAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n"
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
)


def test_the_layout_is_two_lines() -> None:
    assert serialize_log_key(KEY) == TEXT


@given(seed=st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(seed: bytes) -> None:
    key = SigningKey(seed)
    assert parse_log_key(serialize_log_key(key)) == key


@pytest.mark.parametrize("place", range(len(TEXT) * 8))
def test_a_flipped_bit_is_refused(place: int) -> None:
    data = bytearray(TEXT.encode())
    data[place // 8] ^= 1 << place % 8
    with pytest.raises(KeyFormatError):
        parse_log_key(data.decode("latin-1"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT.splitlines()[1] + "\n",
        TEXT[:-1],
        TEXT + "\n",
        TEXT.replace("\n", "\r\n"),
        TEXT.replace(KEY.verify_key.serialize(), SigningKey(bytes(32)).verify_key.serialize()),
        "# public key: \n" + "A" * 1_000_000,
    ],
)
def test_what_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(KeyFormatError):
        parse_log_key(text)


def test_the_seed_stays_out_of_the_error_and_of_repr() -> None:
    seed = TEXT.splitlines()[1]
    with pytest.raises(KeyFormatError) as refused:
        parse_log_key(f"{TEXT}more")
    assert seed not in str(refused.value)
    assert seed not in repr(parse_log_key(TEXT))
