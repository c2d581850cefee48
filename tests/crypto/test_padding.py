"""Lengths are padded as the PURBs paper says, and tell as little."""

import math
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.padding import SMALLEST_BYTES, is_padded, padded_bytes, padded_lengths, padme

LENGTHS = st.one_of(
    st.integers(0, 1 << 20), st.integers(0, 1 << 44), st.integers(2, 40).map(lambda n: 1 << n)
)


def by_the_paper(length: int) -> int:
    """The paper's algorithm word for word, with logarithms; exact below 2^48."""
    exponent = math.floor(math.log2(length))
    mantissa = math.floor(math.log2(exponent)) + 1
    mask = (1 << (exponent - mantissa)) - 1
    return (length + mask) & ~mask


@pytest.mark.parametrize(
    ("length", "padded"),
    [
        *[(0, 0), (1, 1), (2, 2), (3, 3), (8, 8), (9, 10), (100, 104), (1000, 1024)],
        *[(65_536, 65_536), (65_537, 67_584), (67_584, 67_584), (67_585, 69_632)],
        *[(10**6, 1_015_808), (10**9, 1_006_632_960), (1 << 32, 1 << 32)],
        ((1 << 32) + 1, (1 << 32) + (1 << 26)),
    ],
)
def test_these_lengths_are_padded_so(length, padded):
    assert padme(length) == padded


@given(st.integers(2, 1 << 44))
def test_padme_is_what_the_paper_says(length):
    assert padme(length) == by_the_paper(length)


@given(LENGTHS)
def test_padding_never_shortens_and_padding_twice_changes_nothing(length):
    assert padme(length) >= length
    assert padme(padme(length)) == padme(length)


@given(LENGTHS, LENGTHS)
def test_a_longer_bag_is_never_padded_to_less(one, other):
    assert (padded_bytes(one) <= padded_bytes(other)) or one > other


@pytest.mark.parametrize(
    ("smallest", "largest", "overhead"),
    [(9, 65_536, 0.12), (65_536, 1 << 32, 0.032), (1 << 32, 1 << 44, 0.016)],
)
def test_the_overhead_is_what_the_protocol_promises(smallest, largest, overhead):
    starts = (smallest + step * (largest - smallest) // 5000 for step in range(5000))
    worst = [1 << n for n in range(smallest.bit_length(), largest.bit_length() - 1)]
    for length in [*starts, *(power + 1 for power in worst)]:
        assert padme(length) <= length * (1 + overhead)


@given(st.integers(0, 1 << 44))
def test_a_length_is_padded_exactly_if_some_bag_is_padded_to_it(length):
    assert is_padded(padded_bytes(length))
    assert is_padded(length) == (padded_bytes(length) == length)


def test_nothing_below_the_smallest_length_is_padded():
    assert padded_bytes(0) == padded_bytes(SMALLEST_BYTES) == SMALLEST_BYTES
    assert not is_padded(SMALLEST_BYTES - 1)
    assert not is_padded(SMALLEST_BYTES + 1)
    assert not is_padded(0)


def test_there_is_no_negative_length():
    with pytest.raises(ValueError, match="negative"):
        padme(-1)


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 22))
def test_padded_lengths_are_all_of_them_in_order(above, span):
    listed = list(islice(padded_lengths(above, above + span), 500))
    assert listed == sorted(set(listed))
    assert all(above < length <= above + span and is_padded(length) for length in listed)
    assert all(padded_bytes(one + 1) == other for one, other in pairwise(listed))
    first = padded_bytes(above + 1)
    assert listed[:1] == ([first] if first <= above + span else [])


def test_there_are_thirty_two_lengths_in_each_octave_up_to_four_gibibytes():
    assert list(padded_lengths(0, SMALLEST_BYTES)) == [SMALLEST_BYTES]
    for power in range(16, 32):
        assert len(list(padded_lengths(1 << power, 2 << power))) == 32
