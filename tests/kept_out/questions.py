"""Whether anything tells two kinds of things apart: exact tests, with a bounded false alarm.

Everything that was seen is turned into questions that each thing answers with yes or no, without
looking at its kind: is this bit set, is this number above the median of all. If nothing depends on
the kind, then of the things that say yes any choice is as likely to be of the first kind as any
other (they came in random order), so that the count of these is hypergeometric. Its tail is added
up term by term; nothing is approximated. Of `asked` questions the least chance is multiplied by
their number (Bonferroni), which holds however the questions depend on each other: so the result is
below some figure with at most that probability, when nothing tells the kinds apart.

Last, a naive Bayes classifier learns from half of the things, with their kinds, and is asked about
the other half: it sees what many weak signs tell together. It is one more question.
"""

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress
from typing import Any

FALSE_ALARM = 1e-7
"""The most that one run of the judgement may be wrong by chance."""

_SPLITS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_log = cache(math.lgamma)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The question that tells most, with the chance of an answer as telling as this."""

    asked: int
    least: float
    question: str

    @property
    def chance(self) -> float:
        """The chance that any of so many questions tells as much, when none tells anything."""
        return min(1.0, self.asked * self.least)

    @property
    def is_telling(self) -> bool:
        return self.chance < FALSE_ALARM


class Judge:
    """Asks questions about things whose kinds are known to the judge alone."""

    def __init__(self, kinds: Sequence[bool]) -> None:
        self._kinds = tuple(kinds)
        self._asked = 0
        self._least, self._question = 2.0, "none"

    def ask(self, question: str, answers: Sequence[bool]) -> None:
        """Ask one question of each thing."""
        first = sum(compress(answers, self._kinds))
        self._weigh(question, first, sum(answers), sum(self._kinds), len(self._kinds))

    def ask_number(self, question: str, values: Sequence[Any]) -> None:
        """Ask where each value lies among all, and whether it is as most are."""
        ordered = sorted(values)
        bounds = [ordered[int(split * len(ordered))] for split in _SPLITS]
        for split, bound in zip(_SPLITS, bounds, strict=True):
            self.ask(f"{question}: at least as {split:.0%}", [value >= bound for value in values])
        low, high = bounds[2], bounds[4]
        self.ask(f"{question}: in the middle", [low <= value < high for value in values])
        often = Counter(values)
        most = max(often.values())
        self.ask(f"{question}: as most are", [often[value] == most for value in values])
        self.ask(f"{question}: as another", [often[value] > 1 for value in values])

    def ask_bits(self, question: str, strings: Sequence[bytes]) -> None:
        """Ask of each bit whether it is set."""
        (size,) = {len(string) for string in strings}
        every = _counts_of_bits(strings, size)
        first = _counts_of_bits(list(compress(strings, self._kinds)), size)
        kind, things = sum(self._kinds), len(self._kinds)
        for place, (ours, all_) in enumerate(zip(first, every, strict=True)):
            self._weigh(f"{question}: bit {place}", ours, all_, kind, things)

    def ask_bytes(self, question: str, strings: Sequence[bytes]) -> None:
        """Ask how often each value of a byte occurs."""
        counts = [Counter(string) for string in strings]
        for value in range(256):
            self.ask_number(f"{question}: byte {value}", [count[value] for count in counts])

    def ask_a_learner(self, question: str, strings: Sequence[bytes]) -> None:
        """Let a classifier learn each byte of half of the strings, and ask it about the others."""
        places = list(range(len(strings)))
        random.shuffle(places)
        half = len(places) // 2
        lesson, exam = places[:half], places[half:]
        scores = _naive_bayes(strings, self._kinds, lesson, exam)
        middle = sorted(scores)[len(scores) // 2]
        sitting = [self._kinds[place] for place in exam]
        answers = [score >= middle for score in scores]
        first = sum(compress(answers, sitting))
        self._weigh(f"{question}: learnt", first, sum(answers), sum(sitting), len(sitting))

    def verdict(self) -> Verdict:
        """Say what told most."""
        return Verdict(self._asked, self._least, self._question)

    def _weigh(self, question: str, first: int, yes: int, kind: int, things: int) -> None:
        self._asked += 1
        found = chance(first, yes, kind, things)
        if found < self._least:
            self._least, self._question = found, question


@cache
def chance(first: int, yes: int, kind: int, things: int) -> float:
    """Give the chance that a count lies this far out, either way, if all choices are as likely.

    Of `things`, `kind` are of the first kind and `yes` say yes; `first` are of both.
    """
    tails = (
        _tail(first, yes, kind, things),
        _tail(yes - first, yes, things - kind, things),
    )
    return min(1.0, 2 * min(tails))


def _tail(first: int, yes: int, kind: int, things: int) -> float:
    """Give the chance of a count of at least `first`."""
    if not yes or first <= max(0, yes + kind - things):
        return 1.0
    term = math.exp(
        _choices(kind, first) + _choices(things - kind, yes - first) - _choices(things, yes)
    )
    total = 0.0
    while term > 0.0 and first <= min(yes, kind):
        total += term
        others = things - kind - yes + first + 1
        term *= (kind - first) * (yes - first) / ((first + 1) * others)
        first += 1
    return total


def _choices(of: int, some: int) -> float:
    """Give the logarithm of the number of choices."""
    return _log(of + 1) - _log(some + 1) - _log(of - some + 1)


def _counts_of_bits(strings: Sequence[bytes], size: int) -> Iterator[int]:
    """Count, for each bit, the strings in which it is set: binary counters side by side."""
    counters: list[int] = []
    for string in strings:
        carry = int.from_bytes(string, "little")
        for digit, counter in enumerate(counters):
            counters[digit], carry = counter ^ carry, counter & carry
        if carry or not counters:
            counters.append(carry)
    digits = [counter.to_bytes(size, "little") for counter in counters]
    for column in zip(*digits, strict=True):
        for bit in range(8):
            yield sum((byte >> bit & 1) << digit for digit, byte in enumerate(column))


def _naive_bayes(
    strings: Sequence[bytes], kinds: Sequence[bool], lesson: list[int], exam: list[int]
) -> list[float]:
    """Give how much each of the exam's strings looks like the lesson's of the first kind."""
    ours = [place for place in lesson if kinds[place]]
    others = [place for place in lesson if not kinds[place]]
    logs = [math.log(count + 0.5) for count in range(len(lesson) + 1)]
    scores = [0.0] * len(exam)
    for column in zip(*strings, strict=True):
        one, other = Counter(column[p] for p in ours), Counter(column[p] for p in others)
        for number, place in enumerate(exam):
            value = column[place]
            scores[number] += logs[one[value]] - logs[other[value]]
    return scores


def judge(
    numbers: Mapping[str, Sequence[Any]],
    strings: Mapping[str, Sequence[bytes]],
    kinds: Sequence[bool],
) -> Verdict:
    """Ask everything that can be asked about what was seen.

    Args:
        numbers: by name, of each thing something that can be put in order.
        strings: by name, of each thing bytes, as many as of every other.
        kinds: of each thing whether it is of the first kind.
    """
    judging = Judge(kinds)
    for name, values in numbers.items():
        judging.ask_number(name, values)
    for name, values in strings.items():
        judging.ask_bits(name, values)
        judging.ask_bytes(name, values)
        judging.ask_a_learner(name, values)
    return judging.verdict()
