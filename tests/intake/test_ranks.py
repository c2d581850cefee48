import itertools
import random

import pytest

from tests.intake.ranks import chance, inversions, kendall


def test_chances_are_exact_for_all_permutations_of_five():
    counts = [inversions(permutation) for permutation in itertools.permutations(range(5))]
    for permutation in itertools.permutations(range(5)):
        away = abs(inversions(permutation) - 5)
        share = sum(abs(count - 5) >= away for count in counts) / len(counts)
        assert chance([permutation]) == pytest.approx(min(1.0, share))


def test_order_is_unlikely_and_disorder_is_not():
    hundred = list(range(100))
    assert kendall(hundred) == 1
    assert kendall(hundred[::-1]) == -1
    assert chance([hundred] * 3) < 1e-12
    assert chance([hundred[::-1]] * 3) < 1e-12
    random.Random(5).shuffle(hundred)
    assert chance([hundred]) > 1e-3


def test_a_trace_of_order_in_each_of_three_lists_shows():
    lists = []
    for seed in range(3):
        noise = random.Random(seed)
        lists.append([place + noise.uniform(-60, 60) for place in range(100)])
    assert chance(lists) < 1e-9
