"""Whether a list is in order: Kendall's count of inversions, with its exact distribution.

The number of inversions of a random permutation of n is a sum of independent draws, the i-th
uniform on 0 … i - 1. That of several permutations is the sum of all their draws, so the chance of
a sum at least as far from the middle is computed, not estimated.
"""

from collections.abc import Sequence
from functools import cache


def inversions(values: Sequence[object]) -> int:
    """Count the pairs that stand the wrong way round."""
    return sum(values[early] > values[late] for late in range(len(values)) for early in range(late))


def kendall(values: Sequence[object]) -> float:
    """Give Kendall's tau against the order in which the values stand: 1 in order, -1 reversed."""
    pairs = len(values) * (len(values) - 1) / 2
    return 1 - 2 * inversions(values) / pairs


@cache
def _distribution(size: int, lists: int) -> tuple[float, ...]:
    """Give the chance of each total of inversions in so many random lists of this size."""
    chances = [1.0]
    for _ in range(lists):
        for width in range(2, size + 1):
            window, wider = 0.0, []
            for total in range(len(chances) + width - 1):
                window += chances[total] if total < len(chances) else 0.0
                window -= chances[total - width] if total >= width else 0.0
                wider.append(max(window, 0.0) / width)
            chances = wider
    return tuple(chances)


def chance(lists: Sequence[Sequence[object]]) -> float:
    """Give the chance that random lists are together as much in order, either way, as these."""
    counted = sum(inversions(values) for values in lists)
    chances = _distribution(len(lists[0]), len(lists))
    low = min(counted, len(chances) - 1 - counted)
    return min(1.0, 2 * sum(chances[: low + 1]))
