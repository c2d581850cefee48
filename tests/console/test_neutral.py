"""A stranger's text cannot command the terminal nor pass for something else."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.layout import GUTTER, Style, labelled, quoted, wrap_cells
from console.neutral import neutral_line, neutral_lines

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("a\x1b[\x07\x9b\r\n\t\u202e\u2066\u200b\u2028\U000e0041\ufe0f\x00\x7f é家")
)


def is_safe(text: str) -> bool:
    return not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for c in text)


@given(ANY_TEXT)
def test_no_control_character_ever_reaches_the_terminal(text: str) -> None:
    assert is_safe(neutral_line(text))
    assert all(is_safe(line) for line in neutral_lines(text))
    assert all(is_safe(line) for line in quoted(text, 80))
    assert all(is_safe(line) for line in labelled(text, text, 80))


@given(ANY_TEXT, st.integers(40, 100))
def test_every_line_of_a_strangers_text_stands_behind_the_gutter(text: str, cells: int) -> None:
    for line in quoted(text, cells):
        assert line.startswith(GUTTER.rstrip())
        assert cell_len(line) <= cells


@given(ANY_TEXT)
def test_what_is_neutral_stays_as_it_is(text: str) -> None:
    assert neutral_line(neutral_line(text)) == neutral_line(text)


@given(
    st.text(
        st.characters(categories=["L", "N", "P"], exclude_characters="\u115f\u1160\u3164\uffa0")
    )
)
def test_letters_of_every_script_pass_unchanged(text: str) -> None:
    assert neutral_line(text) == text


def test_what_is_hidden_is_shown_by_its_name() -> None:
    assert neutral_line("annexe\u202efdp.exe") == "annexe⟨U+202E⟩fdp.exe"
    assert neutral_line("\x1b]0;title\x07") == "⟨U+001B⟩]0;title⟨U+0007⟩"
    assert neutral_line("pay\u200bpal") == "pay⟨U+200B⟩pal"
    assert neutral_line("a\U000e0041") == "a⟨U+E0041⟩"
    assert neutral_line("one\ntwo") == "one⟨U+000A⟩two"
    assert list(neutral_lines("one\r\ntwo\rthree\n\tfour")) == [
        "one",
        "two⟨U+000D⟩three",
        "    four",
    ]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])), st.integers(1, 40))
def test_wrapping_loses_nothing_but_spaces_and_always_ends(text: str, cells: int) -> None:
    pieces = list(wrap_cells(text, cells))
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(piece) <= max(cells, 2) for piece in pieces)


def test_a_million_characters_without_a_space_wrap_in_a_moment() -> None:
    assert len(list(quoted("家" * 300_000, 80))) > 7000


def test_facts_align_under_their_value() -> None:
    assert list(labelled("Day", "one two", 22)) == ["  Day           one", " " * 16 + "two"]


def test_colours_only_when_asked() -> None:
    assert Style().bad("x") == "x"
    assert Style(colour=True).bad("x") == "\x1b[1;31mx\x1b[0m"
