import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import bech32
from crypto.errors import KeyFormatError

# BIP 173, "Test vectors"; what it refuses for its length alone is allowed here.
VALID = [
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "11" + "q" * 82 + "c8247j",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "?1ezyfcl",
]
INVALID = [
    "\x201nwldj5",
    "\x7f1axkwrx",
    "\x801eym55h",
    "pzry9x0s0muk",
    "1pzry9x0s0muk",
    "x1b4n0q5v",
    "li1dgmt3",
    "de1lg7wt\xff",
    "A1G7SGD8",
    "10a06t8",
    "1qzzfhee",
    "",
    "1",
    "a12UEL5L",
]


@pytest.mark.parametrize("text", VALID)
def test_what_bip_173_accepts_is_accepted_and_spelled_the_same_again(text):
    assert bech32.encode(*bech32.decode(text)) == text


@pytest.mark.parametrize("text", INVALID)
def test_what_bip_173_refuses_is_refused(text):
    with pytest.raises(KeyFormatError):
        bech32.decode(text)


@given(st.sampled_from(["age1pq", "AGE-SECRET-KEY-PQ-"]), st.binary(max_size=1300))
def test_what_is_encoded_decodes_to_the_same(prefix, data):
    assert bech32.decode(bech32.encode(prefix, data)) == (prefix, data)


@given(st.binary(min_size=1, max_size=40), st.data())
def test_one_other_character_anywhere_is_a_typing_error(data, draw):
    text = bech32.encode("age", data)
    place = draw.draw(st.integers(4, len(text) - 1))
    other = draw.draw(
        st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l").filter(text[place].__ne__)
    )
    with pytest.raises(KeyFormatError):
        bech32.decode(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize("groups", [[0, 0, 0], [0, 1], [31, 31, 31, 31, 31]])
def test_bits_left_over_are_refused(groups):
    groups += bech32._checksum("age", groups)
    with pytest.raises(KeyFormatError, match="left over"):
        bech32.decode("age1" + "".join(bech32._CHARSET[group] for group in groups))


def test_a_letter_that_only_looks_like_one_is_refused():
    text = bech32.encode("AGE", bytes(range(200)))
    assert "K" in text
    with pytest.raises(KeyFormatError):
        bech32.decode(text.replace("K", "\N{KELVIN SIGN}"))
