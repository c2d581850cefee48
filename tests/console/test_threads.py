"""Replies are numbered by thread, whatever happens, and nobody joins another's thread."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import ForgedThreadError, ThreadBookError
from console.threads import (
    Thread,
    ThreadBook,
    book_path,
    parse_book,
    read_book,
    serialize_book,
    write_book,
)
from crypto.bag_info import SourceInfo
from crypto.keys import Recipient
from crypto.minisign import VerifyKey
from tests.console.support import ANNA, BORIS, new_source


def source_info() -> SourceInfo:
    keys = new_source()
    return SourceInfo(keys.address, keys.identity.recipient, keys.signing.verify_key)


SOURCES = [source_info() for _ in range(3)]


@given(st.lists(st.sampled_from(SOURCES), unique=True), st.integers(0, 10**9))
def test_a_book_reads_back_as_it_was_written(sources: list[SourceInfo], replies: int) -> None:
    book = ThreadBook(tuple(Thread(source, replies) for source in sources))
    assert parse_book(serialize_book(book)) == book


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"version": 1, "threads": [{}]}', b"\xff"])
def test_what_is_no_book_is_refused(data: bytes) -> None:
    with pytest.raises(ThreadBookError):
        parse_book(data)


def test_a_book_of_a_newer_version_says_so() -> None:
    with pytest.raises(ThreadBookError, match="newer"):
        parse_book(b'{"version": 2, "threads": []}')


@pytest.mark.parametrize("marks", list(itertools.product([0, 1], repeat=3)))
def test_a_bag_shares_all_three_marks_or_none(marks: tuple[int, int, int]) -> None:
    known, other = SOURCES[0], SOURCES[1]
    book = ThreadBook((Thread(known, 4),))
    chosen = [(other, known)[mark] for mark in marks]
    met = SourceInfo(chosen[0].mailbox, chosen[1].recipient, chosen[2].key)
    if sum(marks) in {0, 3}:
        assert book.find(met).replies == (4 if sum(marks) else 0)
    else:
        with pytest.raises(ForgedThreadError):
            book.find(met)


def test_a_bag_between_two_known_threads_is_forged() -> None:
    book = ThreadBook((Thread(SOURCES[0]), Thread(SOURCES[1])))
    met = replace(SOURCES[0], key=SOURCES[1].key)
    with pytest.raises(ForgedThreadError):
        book.find(met)


class Counted(bytes):
    """An address that counts how often it is held against another."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return super().__eq__(other)

    __hash__ = bytes.__hash__


def test_a_thread_is_found_without_looking_at_all_others() -> None:
    """Whoever can send thousands of reports must not be able to make the reading of them crawl."""
    infos = [
        replace(
            SOURCES[0],
            mailbox=Counted(number.to_bytes(32, "big")),
            key=VerifyKey(number.to_bytes(32, "big")),
            recipient=Recipient(SOURCES[0].recipient.raw[:-32] + number.to_bytes(32, "little")),
        )
        for number in range(1_000, 1_500)
    ]
    book = ThreadBook()
    Counted.compared = 0
    for info in infos:
        book.put(book.find(info))
    for info in infos:
        assert book.find(info).source is info
    assert Counted.compared < 20 * len(infos)


def test_the_first_of_two_recorded_threads_with_one_mark_keeps_it() -> None:
    later = replace(SOURCES[1], mailbox=SOURCES[0].mailbox)
    book = ThreadBook([Thread(SOURCES[0], 1), Thread(later, 2)])
    assert book.find(SOURCES[0]).replies == 1
    with pytest.raises(ForgedThreadError):
        book.find(later)


def test_the_book_is_sealed_to_its_identity_and_private(tmp_path: Path) -> None:
    path = book_path(tmp_path / "anna.age")
    assert path.name == "anna.threads.age"
    book = ThreadBook((Thread(SOURCES[0], 2),))
    write_book(path, book, ANNA)
    assert read_book(path, ANNA) == book
    assert path.stat().st_mode & 0o777 == 0o600
    assert SOURCES[0].mailbox.hex().encode() not in path.read_bytes()
    with pytest.raises(ThreadBookError):
        read_book(path, BORIS)


def test_a_damaged_book_stops_replies_instead_of_starting_again_at_one(tmp_path: Path) -> None:
    path = tmp_path / "anna.threads.age"
    write_book(path, ThreadBook((Thread(SOURCES[0], 2),)), ANNA)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ThreadBookError, match="restore"):
        read_book(path, ANNA)


def test_there_is_an_empty_book_before_the_first_reply(tmp_path: Path) -> None:
    assert read_book(tmp_path / "none.age", ANNA) == ThreadBook()
