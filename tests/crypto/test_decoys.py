"""A decoy is an envelope like any other, as long as the roster's distribution says."""

import io
import random
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.decoys import DEFAULT_DECOYS, chances, draw_length, mean_envelope_bytes, seal_decoy
from crypto.envelope import open_envelope
from crypto.errors import NotAddressedError
from crypto.header import header_bytes, parse_header, require_slots
from crypto.keys import Identity
from crypto.padding import SMALLEST_BYTES, is_padded, padded_bytes
from crypto.payload import ciphertext_bytes
from crypto.roster import DecoyRange, Decoys
from crypto.roster_entries import DEFAULT_RETENTION_DAYS, DEFAULT_SLOTS

CAP = 16 << 20
LENGTHS = st.integers(SMALLEST_BYTES, 1 << 33).map(padded_bytes)


@st.composite
def distributions(draw):
    ends = sorted(draw(st.sets(LENGTHS, min_size=1, max_size=12)))
    ranges = tuple(DecoyRange(end, draw(st.integers(1, 99))) for end in ends)
    return Decoys(draw(st.integers(1, 1000)), ranges)


class Counting(io.RawIOBase):
    """Counts what is written, and the longest piece of it."""

    def __init__(self):
        self.written = self.longest = 0

    def write(self, data, /):
        self.written += len(data)
        self.longest = max(self.longest, len(data))
        return len(data)


@pytest.mark.parametrize("slots", [1, 4, 16, 40])
@pytest.mark.parametrize("length", [SMALLEST_BYTES, padded_bytes(SMALLEST_BYTES + 1), 1 << 20])
def test_a_decoy_has_the_form_of_every_envelope_and_opens_for_nobody(slots, length):
    out = io.BytesIO()
    seal_decoy(out, length, slots)
    assert len(out.getvalue()) == header_bytes(slots) + ciphertext_bytes(length)
    require_slots(parse_header(out.getvalue()), slots)
    out.seek(0)
    with pytest.raises(NotAddressedError):
        open_envelope(out, [Identity.generate() for _ in range(3)])


def test_a_large_decoy_is_sealed_in_little_memory():
    sink = Counting()
    tracemalloc.start()
    try:
        seal_decoy(sink, CAP, 16)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sink.written == header_bytes(16) + ciphertext_bytes(CAP)
    assert sink.longest < 300_000
    assert peak < 2_000_000


@settings(max_examples=25)
@given(distributions())
def test_the_chances_of_a_distribution_are_one_together_up_to_its_cap(decoys):
    known = chances(decoys)
    assert sum(known.values()) == pytest.approx(1)
    assert max(known) == decoys.ranges[-1].up_to_bytes
    assert all(map(is_padded, known))


@settings(max_examples=25)
@given(distributions(), st.randoms(use_true_random=False))
def test_what_is_drawn_is_one_of_the_lengths_that_have_a_chance(decoys, source):
    assert draw_length(decoys, source) in chances(decoys)
    assert draw_length(decoys) in chances(decoys)


def test_lengths_are_drawn_as_often_as_the_distribution_says():
    """Pearson's statistic of 20,000 draws with a fixed seed; each length is expected 7 times."""
    source, draws = random.Random(20261123), 20_000
    drawn = Counter(draw_length(DEFAULT_DECOYS, source) for _ in range(draws))
    known = chances(DEFAULT_DECOYS)
    assert min(known.values()) * draws > 7
    statistic = sum((drawn[n] - p * draws) ** 2 / (p * draws) for n, p in known.items())
    freedom = len(known) - 1
    assert abs(statistic - freedom) < 5 * (2 * freedom) ** 0.5


def test_every_length_that_a_report_may_have_up_to_the_cap_may_be_a_decoys():
    reports = {padded_bytes(length) for length in range(0, CAP + 1, 512)}
    assert len(reports) == 257
    assert set(chances(DEFAULT_DECOYS)) == reports


def test_seven_of_ten_decoys_are_as_long_as_a_report_without_files():
    assert chances(DEFAULT_DECOYS)[SMALLEST_BYTES] == pytest.approx(0.72)


def test_decoys_cost_what_is_written_beside_them():
    mean = mean_envelope_bytes(DEFAULT_DECOYS, DEFAULT_SLOTS)
    a_day = DEFAULT_DECOYS.mean_per_day * mean
    assert round(a_day / 1e6, 1) == 6.8
    assert round(a_day * DEFAULT_RETENTION_DAYS / 1e9, 1) == 2.5
