"""The ceremony's directory: what lies in it holds together, also after a cut."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import disk.files
from console.ceremony import make_service
from console.errors import RosterBookError
from console.roster_book import open_book
from console.roster_edits import remove_custodian, remove_reviewer, set_origins
from console.roster_signing import (
    discard_draft,
    next_roster,
    settle,
    sign_next,
    unlock_root,
    write_draft,
)
from crypto.roster import FormerKey
from crypto.signed_roster import serialize_roster, sign_roster
from disk.errors import OutputError
from tests.console.ceremonies import DAY, ROOT_WORDS, TODAY, begin, plan, sign

FIRST = {"root.age", "root.pub", "log.key", "roster.json", "roster.json.minisig"}


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_the_first_roster_is_all_there_is_and_nothing_waits(tmp_path: Path) -> None:
    book = begin(tmp_path)
    assert names(tmp_path) == FIRST
    assert [one.roster.serial for one in book.history] == [1]
    assert book.draft is None
    assert book.published
    assert settle(book) == book


def test_a_draft_waits_and_is_signed_as_the_next_roster(tmp_path: Path) -> None:
    book = begin(tmp_path)
    first = book.newest
    book = write_draft(book, remove_custodian(book.next))
    assert names(tmp_path) == FIRST | {"draft.json"}
    assert book.newest == first
    assert book.draft is not None
    book = sign(book, today=TODAY + 5 * DAY)
    assert (book.newest.serial, book.newest.custodian, book.draft) == (2, None, None)
    assert (book.newest.issued, book.newest.expires) == (TODAY + 5 * DAY, TODAY + 188 * DAY)
    kept = {f"roster-{serial}.json{end}" for serial in (1, 2) for end in ("", ".minisig")}
    assert names(tmp_path) == FIRST | kept
    assert (tmp_path / "roster.json").read_bytes() == (tmp_path / "roster-2.json").read_bytes()
    assert [one.roster for one in open_book(tmp_path).history] == [first, book.newest]


def test_a_roster_can_be_signed_again_for_another_time(tmp_path: Path) -> None:
    book = begin(tmp_path)
    later = next_roster(book, today=TODAY + DAY, valid_days=30)
    book = sign_next(book, later, unlock_root(book, ROOT_WORDS))
    assert (book.newest.serial, book.newest.expires) == (2, TODAY + 31 * DAY)
    assert sign(book, today=TODAY + DAY).newest.expires == TODAY + 31 * DAY


def test_a_draft_that_changes_nothing_is_none(tmp_path: Path) -> None:
    book = begin(tmp_path)
    changed = write_draft(book, remove_custodian(book.next))
    assert write_draft(changed, book.next).draft is None
    assert names(tmp_path) == FIRST


def test_a_draft_can_be_thrown_away(tmp_path: Path) -> None:
    book = begin(tmp_path)
    write_draft(book, remove_custodian(book.next))
    assert discard_draft(tmp_path)
    assert not discard_draft(tmp_path)
    assert open_book(tmp_path) == book


def test_former_keys_whose_day_is_past_are_left_out_of_the_next_roster(tmp_path: Path) -> None:
    book = begin(tmp_path)
    anna, boris = book.newest.reviewers
    keys = (FormerKey(boris.key, TODAY), FormerKey(book.newest.log_keys[0], TODAY + DAY))
    draft = replace(
        remove_reviewer(book.next, "boris"),
        reviewers=(replace(anna, former_keys=keys),),
        log_keys=(),
    )
    book = sign(book, draft, today=TODAY + DAY)
    assert book.newest.reviewers[0].former_keys == keys[1:]
    assert book.draft is None


def test_a_clock_before_the_last_roster_signs_nothing(tmp_path: Path) -> None:
    book = begin(tmp_path)
    with pytest.raises(RosterBookError, match="set the clock"):
        next_roster(book, today=TODAY - DAY)


@pytest.mark.parametrize("days", [-1, 732, 10**9])
def test_a_roster_that_would_hold_too_long_or_not_at_all_is_not_signed(
    tmp_path: Path, days: int
) -> None:
    with pytest.raises(RosterBookError, match="no roster can be signed like this"):
        next_roster(begin(tmp_path), today=TODAY, valid_days=days)


def test_another_passphrase_or_another_services_root_key_signs_nothing(tmp_path: Path) -> None:
    book = begin(tmp_path / "one")
    begin(tmp_path / "other")
    with pytest.raises(RosterBookError, match="wrong passphrase"):
        unlock_root(book, "other words")
    shutil.copy(tmp_path / "other" / "root.age", tmp_path / "one" / "root.age")
    with pytest.raises(RosterBookError, match="another service"):
        unlock_root(book, ROOT_WORDS)
    (tmp_path / "one" / "root.age").write_bytes(b"nothing")
    with pytest.raises(RosterBookError, match="good copy"):
        unlock_root(book, ROOT_WORDS)
    (tmp_path / "one" / "root.age").unlink()
    with pytest.raises(RosterBookError, match="bring the root key"):
        unlock_root(book, ROOT_WORDS)


def test_a_serial_is_never_signed_twice(tmp_path: Path) -> None:
    book = begin(tmp_path)
    root = unlock_root(book, ROOT_WORDS)
    sign_next(book, next_roster(book, today=TODAY), root)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.name != "draft.json"}
    with pytest.raises(OutputError, match="exists already"):
        sign_next(book, next_roster(book, today=TODAY + DAY), root)
    after = {path: path.read_bytes() for path in tmp_path.iterdir() if path.name != "draft.json"}
    assert after == before


def test_a_directory_without_a_ceremony_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RosterBookError, match="candor roster new"):
        open_book(tmp_path)
    begin(tmp_path / "made")
    (tmp_path / "made" / "roster.json").unlink()
    with pytest.raises(RosterBookError, match="there is no roster"):
        open_book(tmp_path / "made")
    (tmp_path / "made" / "root.pub").write_text("RW\n")
    with pytest.raises(RosterBookError, match="not the service's fingerprint"):
        open_book(tmp_path / "made")


def test_a_kept_roster_that_was_touched_is_refused_by_name(tmp_path: Path) -> None:
    sign(begin(tmp_path))
    path = tmp_path / "roster-1.json"
    good = path.read_bytes()
    path.write_bytes(good.replace(b"General", b"Special"))
    with pytest.raises(RosterBookError, match=r"roster-1.json is refused"):
        open_book(tmp_path)
    path.write_bytes(good)
    (tmp_path / "roster-1.json.minisig").unlink()
    with pytest.raises(RosterBookError, match=r"no roster-1.json.minisig"):
        open_book(tmp_path)


def test_a_kept_roster_under_another_serial_is_refused(tmp_path: Path) -> None:
    sign(begin(tmp_path))
    for end in ("", ".minisig"):
        (tmp_path / f"roster-1.json{end}").rename(tmp_path / f"roster-7.json{end}")
    with pytest.raises(RosterBookError, match="is roster 1"):
        open_book(tmp_path)


def test_two_rosters_of_one_serial_stop_the_ceremony(tmp_path: Path) -> None:
    book = begin(tmp_path)
    root = unlock_root(book, ROOT_WORDS)
    other = replace(next_roster(book, today=TODAY), origins=("http://other.onion",))
    sign(book)
    for name, data in zip(("", ".minisig"), sign_roster(other, root), strict=True):
        (tmp_path / f"roster.json{name}").write_bytes(data)
    with pytest.raises(RosterBookError, match="two rosters of one serial"):
        open_book(tmp_path)


def test_a_newer_roster_that_was_signed_elsewhere_is_taken_up(tmp_path: Path) -> None:
    sign(begin(tmp_path / "one"))
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    sign(open_book(tmp_path / "copy"))
    for name in ("roster.json", "roster.json.minisig"):
        shutil.copy(tmp_path / "copy" / name, tmp_path / "one" / name)
    book = open_book(tmp_path / "one")
    assert [one.roster.serial for one in book.history] == [1, 2, 3]
    assert sign(book).newest.serial == 4


def test_a_draft_that_does_not_follow_is_not_signed(tmp_path: Path) -> None:
    book = begin(tmp_path)
    old = write_draft(book, remove_custodian(book.next)).draft
    assert old is not None
    discard_draft(tmp_path)
    sign(book, set_origins(book.next, ["http://other.onion"]))
    (tmp_path / "draft.json").write_bytes(serialize_roster(old))
    with pytest.raises(RosterBookError, match="does not follow roster 2"):
        open_book(tmp_path)
    (tmp_path / "draft.json").write_bytes(b"{}")
    with pytest.raises(RosterBookError, match="cannot be read"):
        open_book(tmp_path)


def test_rosters_of_two_services_are_kept_apart(tmp_path: Path) -> None:
    book = sign(begin(tmp_path))
    root = unlock_root(book, ROOT_WORDS)
    other = replace(book.newest, service_id=bytes(16), serial=9)
    for name, data in zip(("", ".minisig"), sign_roster(other, root), strict=True):
        (tmp_path / f"roster-9.json{name}").write_bytes(data)
    with pytest.raises(RosterBookError, match="two services"):
        open_book(tmp_path)


def test_a_directory_that_others_may_write_into_is_not_used(tmp_path: Path) -> None:
    book = begin(tmp_path / "open")
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(OutputError):
        write_draft(book, remove_custodian(book.next))
    with pytest.raises(OutputError):
        sign_next(book, next_roster(book, today=TODAY), unlock_root(book, ROOT_WORDS))


class PowerCutError(Exception):
    """The power goes."""


@contextmanager
def cut_after(steps: int) -> Iterator[None]:
    """Let so many changes of a directory happen, and then none."""
    left = steps
    real = {"link": os.link, "rename": os.rename, "unlink": os.unlink}

    def counted(name: str):
        def step(*arguments, **options):
            nonlocal left
            if name == "unlink" and str(arguments[0]).endswith(".part"):
                return real[name](*arguments, **options)
            if left == 0:
                raise PowerCutError
            left -= 1
            return real[name](*arguments, **options)

        return step

    with pytest.MonkeyPatch.context() as patched:
        for name in real:
            patched.setattr(disk.files.os, name, counted(name))
        yield


@pytest.mark.parametrize("steps", range(12))
def test_a_signing_that_is_cut_at_any_step_is_whole_or_not_there(
    tmp_path: Path, steps: int
) -> None:
    book = begin(tmp_path)
    first = book.newest
    book = write_draft(book, remove_custodian(book.next))
    root = unlock_root(book, ROOT_WORDS)
    try:
        with cut_after(steps):
            sign_next(book, next_roster(book, today=TODAY + DAY), root)
    except PowerCutError:
        pass
    book = settle(open_book(tmp_path))
    assert book.newest.serial in {1, 2}
    if book.newest.serial == 1:
        assert book.newest == first
        assert book.draft is not None
        book = sign(book, today=TODAY + 2 * DAY)
    assert (book.newest.serial, book.newest.custodian, book.draft) == (2, None, None)
    assert open_book(tmp_path).published
    assert not (tmp_path / "draft.json").exists()
    assert sign(book, today=TODAY + 2 * DAY).newest.serial == 3


def test_a_plan_gives_decoys_unless_it_says_none(tmp_path: Path) -> None:
    assert begin(tmp_path / "one").newest.decoys is not None
    make_service(tmp_path / "two", plan(decoys=None), ROOT_WORDS, today=TODAY, work_factor=1)
    assert open_book(tmp_path / "two").newest.decoys is None
