"""Nothing tells a reviewer whom a source kept out whether an envelope is a report or a decoy.

They hold every envelope, the whole data directory after its batch, the public log and a client of
their own. How often a true pair of kinds would be taken for telling is bounded in
`tests.kept_out.questions`: less than once in 10^7 runs. That the same questions find a decoy which
is not as it should be is shown with decoys that are not.
"""

from collections import Counter
from pathlib import Path

import pytest

from app.log import Event
from crypto.header import header_bytes
from crypto.padding import SMALLEST_BYTES
from crypto.payload import ciphertext_bytes
from tests.kept_out import leaks
from tests.kept_out.questions import FALSE_ALARM, Verdict, judge
from tests.kept_out.seen import Seen, look
from tests.kept_out.traffic import CHOSEN, DAYS, KEPT_OUT, Send, decoy, some_days_of

FEW = 100
"""Enough to see what most decoys have and reports have not."""

MANY = 1000
"""Two thousand envelopes: enough to see what one in twenty has."""


def look_at(directory: Path, each: int, other: Send = decoy) -> Seen:
    house = some_days_of(directory / "house", each, other)
    seen = look(house.settings.data, house.readers, KEPT_OUT)
    assert Counter(seen.opened[CHOSEN]) == {True: each, False: each}
    assert not any(seen.opened[KEPT_OUT])
    return seen


def verdict_on(seen: Seen) -> Verdict:
    return judge(seen.numbers, seen.strings, seen.opened[CHOSEN])


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return look_at(tmp_path_factory.mktemp("days"), FEW)


@pytest.fixture(scope="module")
def verdict(seen: Seen) -> Verdict:
    return verdict_on(seen)


def test_nothing_tells_reports_from_decoys(verdict: Verdict) -> None:
    assert not verdict.is_telling, verdict


@pytest.mark.slow
def test_nothing_tells_a_thousand_reports_from_a_thousand_decoys(tmp_path: Path) -> None:
    verdict = verdict_on(look_at(tmp_path, MANY))
    assert not verdict.is_telling, verdict


def test_what_is_seen_has_one_shape(seen: Seen) -> None:
    """Where one kind always says the same, all do."""
    same = ("channel", "closed", "length", "segments")
    assert {name: set(seen.numbers[f"column {name}"]) for name in same} == {
        "channel": {"general"},
        "closed": {1},
        "length": {header_bytes(16) + ciphertext_bytes(SMALLEST_BYTES)},
        "segments": {1},
    }
    assert set(seen.numbers["stanzas"]) == {16}
    assert set(seen.numbers["shares that came before"]) == {0}
    assert set(seen.numbers["file: st_mode"]) == {0o100600}
    assert len(set(seen.numbers["column day"])) == DAYS


def test_a_mark_is_found_wherever_it_is(seen: Seen, verdict: Verdict) -> None:
    """In each thing that is looked at, with the same bound as in the judgement of all."""
    kinds = seen.opened[CHOSEN]
    for name, values in seen.numbers.items():
        every_other = iter([True, False] * FEW)
        marked = [
            (not kind and next(every_other), value)
            for value, kind in zip(values, kinds, strict=True)
        ]
        assert judge({name: marked}, {}, kinds).least * verdict.asked < FALSE_ALARM, name
    for name, strings in seen.strings.items():
        marked = [
            string if kind else string[:-10] + b"/" + string[-9:]
            for string, kind in zip(strings, kinds, strict=True)
        ]
        assert judge({}, {name: marked}, kinds).least * verdict.asked < FALSE_ALARM, name


def test_decoys_of_noise_are_found(tmp_path: Path) -> None:
    assert verdict_on(look_at(tmp_path, FEW, leaks.of_noise)).is_telling


@pytest.mark.slow
@pytest.mark.parametrize("leak", [leaks.in_order, leaks.with_a_constant, leaks.from_a_stock])
def test_decoys_that_differ_in_anything_are_found(tmp_path: Path, leak: Send) -> None:
    assert verdict_on(look_at(tmp_path, FEW, leak)).is_telling


def test_the_service_logs_as_much_whatever_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "candor")
    some_days_of(tmp_path / "house", 4)
    assert set(caplog.messages) == {Event.BATCH_DONE}
    assert len(caplog.messages) == DAYS + 1
