"""A day of the log: one way to write it, consistent in itself, and the next of the day before."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.checkpoint import MAX_HEAD_BYTES, Head, NoteSignature
from crypto.errors import (
    ForkedLogError,
    MalformedLogError,
    ShrunkLogError,
    UnlinkedDayError,
    UnsignedHeadError,
)
from crypto.log_day import (
    MAX_DAY_LEAVES,
    MAX_DAY_VALUES,
    Followed,
    LogDay,
    parse_day,
    serialize_day,
)
from crypto.merkle import EMPTY_TREE
from tests.crypto.log_example import DAYS, FIRST_DAY, LOG_KEY, ORIGIN, OTHER, envelope_hash

KEYS = [LOG_KEY.verify_key]
TEXT = serialize_day(DAYS[2])


def make(leaves, before=EMPTY_TREE, day=FIRST_DAY, key=LOG_KEY, origin=ORIGIN) -> LogDay:
    after = before.grow(leaves)
    return LogDay(day, before, tuple(leaves), Head(origin, after.size, after.root).sign(key))


hashes = st.integers(0, 2**64).map(envelope_hash)
days = st.builds(
    make,
    st.lists(hashes, max_size=12, unique=True),
    st.lists(hashes, max_size=20).map(EMPTY_TREE.grow),
    st.dates(),
)


@given(day=days)
def test_what_is_written_is_read(day: LogDay) -> None:
    assert parse_day(serialize_day(day)) == day


def test_the_layout_is_json_with_sorted_keys_and_two_spaces() -> None:
    content = json.loads(TEXT)
    assert list(content) == ["day", "head", "leaves", "peaks_before", "size_before"]
    assert TEXT.decode() == json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    assert content["leaves"] == [leaf.hex() for leaf in DAYS[2].leaves]
    assert content["size_before"] == 5


@given(place=st.integers(0, len(TEXT) * 8 - 1))
def test_a_flipped_bit_is_refused(place: int) -> None:
    changed = bytearray(TEXT)
    changed[place // 8] ^= 1 << place % 8
    try:
        day = parse_day(bytes(changed))
        Followed.at(DAYS[1]).follow(day, KEYS)
    except (MalformedLogError, UnsignedHeadError, UnlinkedDayError, ForkedLogError):
        return
    # only the line of a witness, whom nothing here knows, may have changed
    assert (day.day, day.before, day.leaves, day.head.body) == (
        DAYS[2].day,
        DAYS[2].before,
        DAYS[2].leaves,
        DAYS[2].head.body,
    )
    assert day.head.signatures[0] == DAYS[2].head.signatures[0]


def edited(**changes: object) -> bytes:
    content = {
        key: value for key, value in (json.loads(TEXT) | changes).items() if value is not ...
    }
    return f"{json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()


LEAF = DAYS[2].leaves[0].hex()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]\n",
        b"\xff",
        TEXT[:-1],
        TEXT + b"\n",
        TEXT.replace(b"  ", b" "),
        TEXT.replace(b"\n", b"\r\n"),
        json.dumps(json.loads(TEXT), sort_keys=True).encode(),
        edited(more=1),
        edited(day=...),
        edited(day="20261124"),
        edited(day="2026-11-31"),
        edited(day="2026-W48-2"),
        edited(day=20261124),
        edited(head=DAYS[1].head.serialize()),
        edited(head=None),
        edited(head=DAYS[2].head.body),
        edited(leaves=[]),
        edited(leaves=[leaf.hex() for leaf in DAYS[2].leaves[::-1]]),
        edited(leaves=[LEAF.upper(), *(leaf.hex() for leaf in DAYS[2].leaves[1:])]),
        edited(leaves=[LEAF[:-2], *(leaf.hex() for leaf in DAYS[2].leaves[1:])]),
        edited(leaves=[LEAF, LEAF, LEAF]),
        edited(leaves=[1, 2, 3]),
        edited(leaves=LEAF),
        edited(peaks_before=[]),
        edited(peaks_before=[peak.hex() for peak in DAYS[2].before.peaks[::-1]]),
        edited(size_before=4),
        edited(size_before=6),
        edited(size_before=True),
        edited(size_before=5.0),
        edited(size_before=-5),
        edited(size_before="5"),
        TEXT.replace(b'"size_before": 5', b'"size_before": 5,\n  "size_before": 5'),
    ],
)
def test_what_is_written_otherwise_or_does_not_add_up_is_refused(data: bytes) -> None:
    assert data != TEXT
    with pytest.raises(MalformedLogError):
        parse_day(data)


def test_a_day_holds_so_many_leaves_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_DAY_LEAVES == 1_048_576
    monkeypatch.setattr("crypto.log_day.MAX_DAY_LEAVES", 3)
    leaves = [envelope_hash(number) for number in range(4)]
    make(leaves[:3])
    with pytest.raises(MalformedLogError):
        make(leaves)


def test_the_same_leaf_twice_in_a_day_is_refused() -> None:
    with pytest.raises(MalformedLogError):
        make([envelope_hash(1)] * 2)


# Following


def test_days_are_followed_one_after_the_other() -> None:
    seen = Followed(ORIGIN)
    for day in DAYS:
        seen = seen.follow(day, KEYS)
        assert seen == Followed.at(day)
    assert (seen.tree.size, seen.day) == (8, DAYS[2].day)


def test_a_day_s_file_alone_is_enough_to_follow_the_next_one() -> None:
    for before, after in ((DAYS[0], DAYS[1]), (DAYS[1], DAYS[2])):
        parsed = parse_day(serialize_day(before))
        assert Followed.at(parsed).follow(parse_day(serialize_day(after)), KEYS).day == after.day


def test_days_between_that_are_missing_are_noticed_even_if_nothing_came_on_them() -> None:
    with pytest.raises(UnlinkedDayError):
        Followed.at(DAYS[0]).follow(DAYS[2], KEYS)
    for again in DAYS[:2]:
        with pytest.raises(UnlinkedDayError):
            Followed.at(DAYS[1]).follow(again, KEYS)


def test_a_log_that_became_shorter_is_noticed() -> None:
    shorter = make([envelope_hash(9)], EMPTY_TREE.grow(DAYS[0].leaves[:4]), DAYS[1].day)
    with pytest.raises(ShrunkLogError):
        Followed.at(DAYS[0]).follow(shorter, KEYS)


@pytest.mark.parametrize(
    "before",
    [
        [*DAYS[0].leaves[:4], envelope_hash(9)],
        [DAYS[0].leaves[1], DAYS[0].leaves[0], *DAYS[0].leaves[2:]],
        [*DAYS[0].leaves, envelope_hash(9)],
    ],
    ids=["one replaced", "two changed places", "one slipped in"],
)
def test_a_log_that_says_something_else_is_noticed(before) -> None:
    other = make([envelope_hash(10)], EMPTY_TREE.grow(before), DAYS[1].day)
    with pytest.raises(ForkedLogError):
        Followed.at(DAYS[0]).follow(other, KEYS)


def test_another_log_and_another_key_are_noticed() -> None:
    foreign = make([], EMPTY_TREE, origin=f"{ORIGIN}-other")
    with pytest.raises(ForkedLogError):
        Followed(ORIGIN).follow(foreign, KEYS)
    with pytest.raises(UnsignedHeadError):
        Followed(ORIGIN).follow(make([], key=OTHER), KEYS)
    with pytest.raises(UnsignedHeadError):
        Followed(ORIGIN).follow(replace(DAYS[0], head=Head.parse(f"{DAYS[0].head.body}\n")), KEYS)


@given(
    counts=st.lists(st.integers(0, 4), min_size=1, max_size=8),
    start=st.dates(max_value=date(2100, 1, 1)),
)
def test_any_log_that_only_grows_is_followed(counts: list[int], start: date) -> None:
    tree, number, seen = EMPTY_TREE, 0, Followed(ORIGIN)
    for offset, count in enumerate(counts):
        leaves = [envelope_hash(number + step) for step in range(count)]
        day = make(leaves, tree, start + timedelta(days=offset))
        seen = seen.follow(day, KEYS)
        tree, number = day.after, number + count
    assert seen.tree.size == sum(counts)


@pytest.mark.parametrize("value", [b"[]", b"{}", b"0", b'""', b"[[[]]]"])
def test_a_file_of_small_values_is_refused_before_they_fill_the_memory(value: bytes) -> None:
    data = b"[" + b",".join([value] * (MAX_DAY_VALUES + 1)) + b"]"
    with pytest.raises(MalformedLogError, match="too many values"):
        parse_day(data)


def test_names_full_of_commas_and_brackets_leave_a_day_readable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even one that has as many leaves as a day may have."""
    day = DAYS[2]
    lines = [NoteSignature(mark * 198, bytes(8)) for mark in "[{," * 23]
    assert sum(len(line.serialize().encode()) for line in lines) > MAX_HEAD_BYTES - 1500
    loud = day.with_head(replace(day.head, signatures=(*day.head.signatures, *lines)))
    monkeypatch.setattr(
        "crypto.log_day.MAX_DAY_VALUES", MAX_DAY_VALUES - MAX_DAY_LEAVES + len(day.leaves)
    )
    assert parse_day(serialize_day(loud)) == loud
