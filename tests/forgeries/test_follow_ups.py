"""Follow-ups that name part of another source's thread join it nowhere.

The forger has seen a thread of somebody else: a reviewer's opened copy, or a codename in part. What
they send is in every other way a sound bag of their own.
"""

import io
import itertools
from pathlib import Path

import pytest

from crypto.bag_info import BagKind
from crypto.bag_reader import BagReader
from crypto.errors import UnsignedBagError
from crypto.source_keys import SourceKeys
from tests.cli.support import run
from tests.console.support import (
    CUSTODIAN,
    new_source,
    seal,
    seal_report,
    write_identity,
    write_passphrase,
)
from tests.crypto.bags import forged, submission
from tests.support.office import write_roster

VICTIM, THIEF = new_source(), new_source()
MARKS = ("mailbox", "recipient", "key")
PARTLY = [marks for marks in itertools.product([False, True], repeat=3) if sum(marks) in {1, 2}]


def named(marks: tuple[bool, ...]) -> str:
    return " and ".join(name for name, taken in zip(MARKS, marks, strict=True) if taken)


def with_marks(marks: tuple[bool, ...]) -> SourceKeys:
    """Take these marks from the victim, the others from the thief."""
    token, identity, signing = (VICTIM if taken else THIEF for taken in marks)
    return SourceKeys(token.token, identity.identity, signing.signing)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    write_identity(tmp_path / "anna.age")
    write_passphrase(tmp_path / "passphrase")
    seal_report(tmp_path / "inbox" / "a.age", keys=VICTIM, text="the first")
    return tmp_path


def anna(desk: Path) -> tuple[object, ...]:
    return "--identity", desk / "anna.age", "--passphrase-file", desk / "passphrase"


def follow_up(desk: Path, keys: SourceKeys) -> Path:
    return seal_report(
        desk / "inbox" / "b.age",
        keys=keys,
        kind=BagKind.MESSAGE,
        text="send the answers to me",
        custodian=CUSTODIAN.recipient,
    )


@pytest.mark.parametrize("marks", PARTLY, ids=named)
def test_a_follow_up_with_part_of_anothers_marks_is_shown_as_forged(
    desk: Path, marks: tuple[bool, ...]
) -> None:
    follow_up(desk, with_marks(marks))
    found = run("open", desk / "inbox", *anna(desk))
    assert found.exit_code == 1
    assert "forged: it names a key, mailbox or recipient of another source" in found.stderr
    assert "1 opened" in found.stderr
    assert "1 damaged, forged or refused" in found.stderr


@pytest.mark.parametrize("marks", PARTLY, ids=named)
def test_no_answer_and_no_request_goes_by_a_forged_follow_up(
    desk: Path, marks: tuple[bool, ...]
) -> None:
    first = desk / "inbox" / "a.age"
    answered = run("reply", first, *anna(desk), "--status", "opened", "--out", desk / "1.zip")
    assert answered.exit_code == 0
    forgery = follow_up(desk, with_marks(marks))
    (desk / "why.txt").write_text("why")
    roster = write_roster(desk)
    for command in (
        ("reply", forgery, *anna(desk), "--status", "opened"),
        ("request", forgery, *anna(desk), *roster, "--text", desk / "why.txt"),
    ):
        found = run(*command, "--out", desk / "2.zip")
        assert found.exit_code == 1
        assert "another source's thread" in found.stderr
        assert not (desk / "2.zip").exists()
    again = run("reply", first, *anna(desk), "--status", "working", "--out", desk / "3.zip")
    assert "Reply 2 in this thread" in again.output


def test_a_follow_up_with_all_three_marks_joins_the_thread(desk: Path) -> None:
    follow_up(desk, VICTIM)
    assert run("open", desk / "inbox", *anna(desk)).exit_code == 0


def test_who_names_anothers_key_without_having_it_signs_nothing(desk: Path) -> None:
    whole = submission(keys=VICTIM, kind=BagKind.MESSAGE, channel="reports")
    made = forged(whole, signing=THIEF.signing, kind="message")
    with pytest.raises(UnsignedBagError):
        BagReader(io.BytesIO(made))
    seal(desk / "inbox" / "b.age", made)
    found = run("open", desk / "inbox", *anna(desk))
    assert "damaged or forged: the signature is nobody's" in found.stderr
    assert found.exit_code == 1


def test_one_mark_of_each_of_two_sources_is_forged_as_well(desk: Path) -> None:
    third = new_source()
    seal_report(desk / "inbox" / "aa.age", keys=third)
    follow_up(desk, SourceKeys(VICTIM.token, third.identity, THIEF.signing))
    found = run("open", desk / "inbox", *anna(desk))
    assert "2 opened" in found.stderr
    assert "1 damaged, forged or refused" in found.stderr
