"""What the rosters of the past say: who could read what, and which lines were used before."""

from pathlib import Path

import pytest

from console import roster_edits as edits
from console.errors import RosterChangeError
from console.public_lines import PublicLines
from console.roster_book import RosterBook
from console.roster_past import Span, require_new_lines, what_could_read
from tests.console.ceremonies import ANNA, BORIS, CLARA, DAY, DORA, EVA, TODAY, begin, person, sign


@pytest.fixture
def book(tmp_path: Path) -> RosterBook:
    """Boris gets the prisons, loses them, and they come to him again; Dora becomes custodian."""
    book = begin(tmp_path)
    book = sign(book, edits.add_member(book.next, "boris", "prisons"), TODAY + DAY)
    without = edits.remove_custodian(edits.remove_member(book.next, "boris", "prisons"))
    book = sign(book, edits.set_custodian(without, person("dora", DORA)), TODAY + 2 * DAY)
    book = sign(book, edits.rotate(book.next, "anna", PublicLines.of(EVA), TODAY), TODAY + 3 * DAY)
    return sign(book, edits.add_member(book.next, "boris", "prisons"), TODAY + 4 * DAY)


def test_the_past_says_what_somebody_could_read_and_when(book: RosterBook) -> None:
    assert list(what_could_read(book, "boris")) == [
        Span("general", (1, TODAY), None),
        Span("prisons", (2, TODAY + DAY), (3, TODAY + 2 * DAY)),
        Span("prisons", (5, TODAY + 4 * DAY), None),
    ]


def test_a_custodian_could_see_names(book: RosterBook) -> None:
    assert list(what_could_read(book, "clara")) == [Span("", (1, TODAY), (3, TODAY + 2 * DAY))]
    assert list(what_could_read(book, "dora")) == [Span("", (3, TODAY + 2 * DAY), None)]


def test_nobody_could_read_nothing(book: RosterBook) -> None:
    assert list(what_could_read(book, "nobody")) == []


def test_new_lines_are_taken(book: RosterBook) -> None:
    from crypto.keys import Identity

    require_new_lines(book, PublicLines.of(Identity(bytes([200]) * 32)), "boris")


def test_lines_that_stand_for_somebody_now_may_stay_theirs(book: RosterBook) -> None:
    require_new_lines(book, PublicLines.of(BORIS), "boris")
    with pytest.raises(RosterChangeError, match="stood for boris in roster 5"):
        require_new_lines(book, PublicLines.of(BORIS), "fred")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (PublicLines.of(ANNA), "anna in roster 3"),
        (PublicLines.of(CLARA), "clara in roster 2"),
        (PublicLines(PublicLines.of(DORA).key, ANNA.recipient), "dora in roster 5"),
        (PublicLines(PublicLines.of(CLARA).key, EVA.recipient), "anna in roster 5"),
    ],
)
def test_lines_that_were_replaced_or_taken_away_do_not_come_back(
    book: RosterBook, lines: PublicLines, words: str
) -> None:
    for name in ("anna", "clara", "fred"):
        with pytest.raises(RosterChangeError, match=words):
            require_new_lines(book, lines, name)


def test_a_former_key_does_not_come_back_either(tmp_path: Path) -> None:
    book = begin(tmp_path)
    rotated = edits.rotate(book.next, "boris", PublicLines.of(DORA), TODAY + 9 * DAY)
    book = sign(book, rotated)
    mixed = PublicLines(PublicLines.of(BORIS).key, EVA.recipient)
    with pytest.raises(RosterChangeError, match="boris in roster 2"):
        require_new_lines(book, mixed, "boris")
