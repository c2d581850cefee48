"""Shares of a key. The vectors are SLIP-39's own, as npm's slip39 0.1.9 ships them."""

import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shamir_mnemonic import Share as Mnemonic
from shamir_mnemonic.wordlist import WORDLIST

from crypto.errors import (
    ForeignShareError,
    MistypedShareError,
    OtherSetError,
    RepeatedShareError,
    ShareError,
    TooFewSharesError,
    WrongShareError,
)
from crypto.shares import MAX_SHARES, WORDS, Share, join_shares, split_secret

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "slip39.json").read_text())
PASSPHRASE = b"TREZOR"  # of every set among the vectors
SECRET = bytes(range(32))
WHOLE = next(v for v in VECTORS if "sharing 2-of-3 (256 bits)" in v["description"])["mnemonics"][0]

# How each refused vector is refused, by the words of its description.
REFUSALS = {
    "invalid checksum": MistypedShareError,
    "invalid padding": MistypedShareError,
    "Basic sharing": TooFewSharesError,
    "different identifiers": OtherSetError,
    "different iteration exponents": OtherSetError,
    "mismatching group thresholds": ForeignShareError,
    "mismatching group counts": ForeignShareError,
    "greater group threshold": MistypedShareError,
    "duplicate member indices": WrongShareError,
    "mismatching member thresholds": OtherSetError,
    "invalid digest": WrongShareError,
    "Insufficient number of groups": ForeignShareError,
    "insufficient number of members": ForeignShareError,
    "insufficient length": MistypedShareError,
    "invalid master secret length": MistypedShareError,
}


def named(vector: dict[str, str]) -> str:
    return vector["description"]


def join(mnemonics: list[str], passphrase: bytes = b"") -> bytes:
    return join_shares([Share.parse(text) for text in mnemonics], passphrase=passphrase)


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["secret_hex"]], ids=named)
def test_every_valid_vector_makes_its_secret_unless_it_is_in_groups(vector):
    if "members in each group" in named(vector):
        with pytest.raises(ForeignShareError):
            join(vector["mnemonics"], PASSPHRASE)
        return
    assert join(vector["mnemonics"], PASSPHRASE).hex() == vector["secret_hex"]


@pytest.mark.parametrize("vector", [v for v in VECTORS if not v["secret_hex"]], ids=named)
def test_every_invalid_vector_is_refused_for_its_reason(vector):
    (refusal,) = {error for words, error in REFUSALS.items() if words in named(vector)}
    with pytest.raises(refusal):
        join(vector["mnemonics"], PASSPHRASE)


@st.composite
def numbers(draw):
    count = draw(st.integers(2, MAX_SHARES))
    return draw(st.integers(2, count)), count


@given(st.binary(min_size=32, max_size=32), numbers(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_any_k_of_n_make_the_secret_and_fewer_make_nothing(secret, several, chance):
    threshold, count = several
    shares = split_secret(secret, threshold, count)
    assert [share.number for share in shares] == list(range(1, count + 1))
    chosen = chance.sample(shares, chance.randint(threshold, count))
    assert join_shares([Share.parse(share.serialize()) for share in chosen]) == secret
    with pytest.raises(TooFewSharesError):
        join_shares(chance.sample(shares, threshold - 1))


@given(st.integers(0, WORDS - 1), st.sampled_from(WORDLIST))
def test_a_mistyped_word_is_found(place, wrong):
    words = WHOLE.split()
    assume(words[place] != wrong)
    words[place] = wrong
    with pytest.raises(MistypedShareError, match="a word of the share is mistyped"):
        Share.parse(" ".join(words))


@given(st.text(max_size=300))
def test_any_text_is_a_share_or_refused(text):
    with pytest.raises(ShareError):
        Share.parse(text)


def test_a_share_is_read_in_any_case_with_any_separators_and_by_four_letters():
    share = split_secret(SECRET, 2, 3)[1]
    for spelt in (
        share.serialize().upper(),
        ",\n ".join(share.words),
        " ".join(word[:4] for word in share.words),
    ):
        assert Share.parse(spelt) == share


def test_what_is_mistyped_is_named_by_its_place_and_not_repeated():
    words = [*split_secret(SECRET, 2, 3)[0].words]
    for wrong in ("academical", "xyzzy", "aca", "ｚ"):
        words[16] = wrong
        with pytest.raises(MistypedShareError, match="word 17") as found:
            Share.parse(" ".join(words))
        assert wrong not in str(found.value)


@pytest.mark.parametrize(("count", "said"), [(32, "here are 32"), (0, "here are 0"), (70, "more")])
def test_a_share_of_another_length_says_how_many_words_there_are(count, said):
    with pytest.raises(MistypedShareError, match=said):
        Share.parse(" ".join(["academic"] * count))


def test_each_thing_that_hinders_joining_has_words_of_its_own():
    first, second, third = split_secret(SECRET, 3, 3)
    other = next(s for s in drawn_sets() if s.set_id != first.set_id)
    for given_, error, said in (
        ([], TooFewSharesError, "no share is here"),
        ([first], TooFewSharesError, "3 shares are needed: 2 are missing"),
        ([first, second], TooFewSharesError, "3 shares are needed: 1 is missing"),
        ([first, second, first], RepeatedShareError, "the same share was given twice"),
        ([first, second, other], OtherSetError, "share 3 of those given is of another set"),
    ):
        with pytest.raises(error, match=said):
            join_shares(given_)
    assert join_shares([third, first, second]) == SECRET


def drawn_sets():
    """Give a share of one set after another: now and then two sets are named alike."""
    while True:
        yield split_secret(SECRET, 3, 3)[2]


def forged(share: Share, secret: bytes) -> Share:
    """Write a share that says it is of the set of another one."""
    mnemonic = Mnemonic.from_mnemonic(share.serialize())
    return Share.parse(replace(mnemonic, value=secret).mnemonic())


def test_a_share_that_is_not_genuine_is_found_also_among_more_than_enough():
    shares = split_secret(SECRET, 2, 4)
    for place in range(4):
        given_ = [*shares]
        given_[place] = forged(shares[place], bytes(32))
        for chosen in itertools.permutations(given_, 3):
            if given_[place] in chosen:
                with pytest.raises(WrongShareError):
                    join_shares(chosen)
    with pytest.raises(WrongShareError, match="one number"):
        join_shares([shares[0], forged(shares[0], bytes(32))])


@pytest.mark.parametrize(
    ("secret", "threshold", "count"),
    [(bytes(31), 2, 3), (SECRET, 1, 3), (SECRET, 4, 3), (SECRET, 2, 17), (SECRET, 0, 0)],
)
def test_sets_that_cannot_be_are_not_made(secret, threshold, count):
    with pytest.raises(ValueError, match=r"32 bytes|2 to 16"):
        split_secret(secret, threshold, count)


def test_nothing_of_a_share_is_shown_by_its_repr():
    assert repr(split_secret(SECRET, 2, 3)[0]) == repr(split_secret(bytes(32), 2, 3)[0])


def test_a_server_does_not_load_the_package():
    program = (
        "import app.serve, app.routes, courier, sys; sys.exit('shamir_mnemonic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == 0
