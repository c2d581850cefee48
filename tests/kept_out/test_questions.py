"""The judge cries wolf no more often than it says, and hears what there is to be heard."""

import random
from fractions import Fraction
from math import comb

import pytest

from crypto.keys import Identity
from crypto.sodium import random_bytes
from tests.kept_out.attempts import Attempts
from tests.kept_out.questions import FALSE_ALARM, Judge, _counts_of_bits, chance, judge

HALF = [True] * 100 + [False] * 100


def exactly(first: int, yes: int, kind: int, things: int) -> Fraction:
    return Fraction(comb(kind, first) * comb(things - kind, yes - first), comb(things, yes))


def possible(yes: int, kind: int, things: int) -> range:
    return range(max(0, yes + kind - things), min(yes, kind) + 1)


@pytest.mark.parametrize(("kind", "things"), [(1, 2), (3, 7), (6, 12), (10, 14)])
def test_the_chance_is_that_of_all_choices_counted_one_by_one(kind, things):
    for yes in range(things + 1):
        counts = possible(yes, kind, things)
        chances = {first: exactly(first, yes, kind, things) for first in counts}
        assert sum(chances.values()) == 1
        for first in counts:
            above = sum(p for other, p in chances.items() if other >= first)
            below = sum(p for other, p in chances.items() if other <= first)
            assert chance(first, yes, kind, things) == pytest.approx(min(1, 2 * min(above, below)))


@pytest.mark.parametrize("yes", [1, 10, 100, 150, 199])
def test_an_answer_as_telling_as_some_bound_is_as_rare_as_that_bound(yes):
    """However small the bound: with chances of 1e-13 no approximation could be trusted."""
    for bound in (0.5, 1e-2, 1e-7, 1e-13):
        telling = (n for n in possible(yes, 100, 200) if chance(n, yes, 100, 200) <= bound)
        assert sum(exactly(first, yes, 100, 200) for first in telling) <= bound * (1 + 1e-9)


def test_bits_are_counted_in_every_place():
    strings = [random.randbytes(5) for _ in range(37)]
    slowly = [sum(s[place // 8] >> place % 8 & 1 for s in strings) for place in range(40)]
    assert list(_counts_of_bits(strings, 5)) == slowly


def test_noise_tells_nothing():
    numbers = {"a number": [random.random() for _ in HALF], "a constant": [7 for _ in HALF]}
    assert not judge(numbers, {"bytes": [random.randbytes(300) for _ in HALF]}, HALF).is_telling


@pytest.mark.parametrize("rare", [lambda: 0, lambda: 2, lambda: random.choice([0, 2])])
def test_a_number_that_a_third_of_one_kind_have_tells(rare):
    judging = Judge(HALF)
    judging.ask_number("a number", [rare() if n < 40 else 1 for n in range(len(HALF))])
    assert judging.verdict().least < FALSE_ALARM


def test_what_no_single_bit_tells_the_learner_learns():
    """Every bit is even, but the parity of each byte of one kind is."""
    even = [value for value in range(256) if value.bit_count() % 2 == 0]
    strings = [bytes(random.choices(even if kind else range(256), k=64)) for kind in HALF]
    judging = Judge(HALF)
    judging.ask_bits("bytes", strings)
    assert not judging.verdict().is_telling
    judging.ask_a_learner("bytes", strings)
    assert judging.verdict().is_telling


def test_a_client_that_minds_no_tags_gets_the_file_key_of_a_stanza_that_is_its_own():
    identity, file_key = Identity.generate(), random_bytes(16)
    assert Attempts(identity).of(identity.recipient.wrap(file_key)).endswith(file_key)
    other = Identity.generate().recipient
    assert not Attempts(identity).of(other.wrap(file_key)).endswith(file_key)
