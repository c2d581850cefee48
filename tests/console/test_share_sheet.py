"""Shares on paper: what is printed is read again, and what is typed from it too."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import UnreadableShareError
from console.share_sheet import ShareSheet, load_share, read_sheet, write_sheets
from crypto.errors import MistypedShareError, ShareError
from crypto.minisign import SigningKey
from crypto.shares import MAX_SHARES, split_secret
from disk.errors import OutputError

ROOT = SigningKey(bytes([1]) * 32).verify_key
SHARES = split_secret(bytes(range(32)), 2, 3)
MADE = date(2026, 11, 23)
WIDE, LONG = 80, 60  # what one sheet of paper takes


def sheet(number: int = 0, **changes: str) -> ShareSheet:
    told = {"key": "the key of channel general", "use": "candor open", "holder": ""} | changes
    return ShareSheet(SHARES[number], 3, service=ROOT, made=MADE, **told)


@st.composite
def sets(draw):
    count = draw(st.integers(2, MAX_SHARES))
    secret = draw(st.binary(min_size=32, max_size=32))
    return split_secret(secret, draw(st.integers(2, count)), count)


@given(
    sets(),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
    st.sampled_from(["", "anna", "x" * 32]),
)
@settings(max_examples=40, deadline=None)
def test_every_sheet_is_read_as_the_share_that_was_written(shares, use, holder):
    for share in shares:
        written = ShareSheet(share, len(shares), f"x {use}", ROOT, MADE, f"x {use}", holder)
        assert read_sheet(written.serialize().encode()) == share


def test_a_sheet_says_what_it_is_and_prints_on_one_page() -> None:
    text = sheet(1, holder="anna").serialize()
    for said in (
        *("the key of channel general", ROOT.serialize(), "2 of 3; any 2 together", "anna"),
        *("2026-11-23", " 33 ", "candor open"),
    ):
        assert said in text
    lines = text.splitlines()
    assert len(lines) < LONG
    assert max(map(len, lines)) < WIDE
    assert text.isascii()


@pytest.mark.parametrize(
    "typed",
    [
        SHARES[0].serialize(),
        "\r\n".join(SHARES[0].words).upper(),
        "\n".join(f"{n}. {word[:4]}" for n, word in enumerate(SHARES[0].words, start=1)),
        "my share\n" + "\n".join(f" {n} {word}" for n, word in enumerate(SHARES[0].words, start=1)),
    ],
)
def test_what_somebody_typed_from_paper_is_read_too(typed: str) -> None:
    assert read_sheet(typed.encode()) == SHARES[0]


def test_a_lost_row_and_rows_in_another_order_are_told() -> None:
    lines = sheet().serialize().splitlines()
    rows = [place for place, line in enumerate(lines) if line.strip()[:2].strip().isdecimal()]
    without = [line for place, line in enumerate(lines) if place != rows[3]]
    turned = [*lines]
    turned[rows[0]], turned[rows[1]] = turned[rows[1]], turned[rows[0]]
    for wrong in (without, turned):
        with pytest.raises(MistypedShareError, match="a gap, or stand in another order"):
            read_sheet("\n".join(wrong).encode())


@given(st.binary(max_size=300))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ShareError):
        read_sheet(data)


def test_what_cannot_be_read_is_told_with_the_name_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "share.txt"
    for content, words in (
        (sheet().serialize().replace(f"  9 {SHARES[0].words[8]}", "  9 xyzzy"), "word 9"),
        ("x" * 20_000, "too long"),
        ("", "here are 0"),
    ):
        path.write_text(content)
        with pytest.raises(UnreadableShareError, match=f"share.txt: .*{words}"):
            load_share(path)


def test_a_set_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    sheets = {f"{number}.txt": sheet(number) for number in range(3)}
    written = write_sheets(tmp_path / "shares", sheets)
    assert [load_share(path) for path in written] == [*SHARES]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    taken = tmp_path / "taken"
    taken.mkdir(mode=0o700)
    (taken / "1.txt").write_text("here before")
    with pytest.raises(OutputError, match="never overwritten"):
        write_sheets(taken, sheets)
    assert [path.name for path in taken.iterdir()] == ["1.txt"]


def test_nothing_of_a_share_is_in_the_repr_of_its_sheet() -> None:
    other = split_secret(bytes(32), 2, 3)[0]
    assert repr(sheet()) == repr(replace(sheet(), share=other))
