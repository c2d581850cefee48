"""Shares as they are typed: of the root key, and of a channel that several open together."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from console.channel_shares import share_channel
from console.roster_book import open_book
from console.roster_edits import add_reviewer
from console.share_sheet import load_share, write_sheets
from crypto.keys import Identity
from crypto.root_key_file import open_root_key
from crypto.shares import Share, join_shares
from intake.days import utc_today
from tests.cli.support import MARKER, candor, is_one_line, on_terminal, run
from tests.console.ceremonies import BORIS, DORA, ROOT_WORDS, begin, person, sign
from tests.console.support import (
    CUSTODIAN,
    PASSPHRASE,
    seal_report,
    write_identity,
    write_passphrase,
)
from tests.support import carried, office
from tests.support.office import OFFICE

TODAY = utc_today()  # commands ask the clock


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a ceremony, and the current one."""
    directory = tmp_path / "ceremony"
    begin(directory, TODAY)
    (tmp_path / "root-words").write_text(ROOT_WORDS + "\n")
    write_passphrase(tmp_path / "passphrase")
    monkeypatch.chdir(directory)
    return directory


def roster(*arguments: object) -> Result:
    found = run("roster", *arguments)
    assert found.exit_code == 0, found.stderr
    return found


def refused(words: str, *arguments: object) -> None:
    found = run(*arguments)
    assert found.exit_code == 1
    assert is_one_line(found.stderr), found.stderr
    assert words in found.stderr


def split(*arguments: object) -> list[Path]:
    roster("split", "root.age", "--out", "shares", "--passphrase-file", "../root-words", *arguments)
    return sorted(Path("shares").iterdir())


def recover(*shares: Path, out: str = "found.age") -> tuple[object, ...]:
    return (
        *("roster", "recover", *given(shares), "--roster", "roster.json", "--out", out),
        *("--passphrase-file", "../passphrase"),
    )


def test_a_lost_root_key_comes_back_from_two_of_three_shares(place: Path) -> None:
    key = open_root_key((place / "root.age").read_bytes(), ROOT_WORDS)
    shares = split()
    assert [path.stat().st_mode & 0o777 for path in shares] == [0o600] * 3
    found = run(*recover(shares[2], shares[0]))
    assert found.exit_code == 0, found.stderr
    assert key.verify_key.serialize() in found.output
    assert open_root_key((place / "found.age").read_bytes(), PASSPHRASE) == key
    assert (place / "found.pub").read_text() == (place / "root.pub").read_text()


def test_recovering_says_what_hinders_it_and_writes_nothing(place: Path) -> None:
    shares = split("--threshold", "3", "--shares", "4")
    (place / "other").mkdir()
    begin(place / "other" / "ceremony")
    roster("share-channel", "general", "--threshold", "2", "--out", "channel")
    channel = sorted(Path("channel").iterdir())
    refused("3 shares are needed: 2 are missing", *recover(shares[0]))
    refused("the same share was given twice", *recover(shares[0], shares[1], shares[0]))
    refused("share 2 of those given is of another set", *recover(shares[0], channel[0]))
    refused("it is not the one that signed this", *recover(*channel))
    (place / "roster.json").unlink()
    refused("no such file", *recover(*shares[:3]))
    (place / "other" / "ceremony" / "roster.json").rename(place / "roster.json")
    (place / "other" / "ceremony" / "roster.json.minisig").replace(place / "roster.json.minisig")
    refused("it is not the one that signed this", *recover(*shares[:3]))
    assert not list(place.glob("found.*"))


def test_the_fingerprint_that_lies_there_is_never_another_keys(place: Path) -> None:
    shares = split()
    (place / "found.pub").write_text("RWx\n")
    refused("the fingerprint of another key", *recover(*shares))
    refused("never overwritten", *recover(*shares, out="root.age"))
    assert not (place / "found.age").exists()


@pytest.mark.parametrize(
    "numbers",
    [("--threshold", 1), ("--threshold", 4), ("--shares", 17), ("--shares", 1)],
)
def test_shares_that_cannot_be_are_wrong_usage(place: Path, numbers: tuple[object, ...]) -> None:
    found = run("roster", "split", "root.age", "--out", "shares", *numbers)
    assert found.exit_code == 2
    assert "--threshold" in found.stderr
    assert not (place / "shares").exists()


def test_another_passphrase_or_file_is_not_split(place: Path) -> None:
    wrong = ("--out", "shares", "--passphrase-file", "../passphrase")
    refused("wrong passphrase", "roster", "split", "root.age", *wrong)
    refused("roster.json", "roster", "split", "roster.json", *wrong)
    assert not (place / "shares").exists()


def test_shares_are_typed_in_rows_and_a_mistake_costs_one_row(place: Path) -> None:
    first, _, third = (load_share(path) for path in split())
    rows = [" ".join(first.words[at : at + 11]) for at in (0, 11, 22)]
    done = on_terminal(
        *("roster", "recover", "--roster", "roster.json", "--out", "found.age"),
        typed=(
            *(rows[0], "xyzzy " + rows[1], rows[1], rows[2].upper()),
            *(first.serialize(), mistyped(third), " ".join(word[:4] for word in third.words)),
            *("new words", "new words"),
        ),
    )
    assert done.status == 0, done.out
    assert "word 12 is mistyped" in done.out
    assert "the same share was given twice; this share once again" in done.out
    assert "a word of the share is mistyped" in done.out
    assert "Share 2 of 2, from word 1: " in done.out
    assert " ".join(third.words[4:6]) not in done.out
    assert (place / "found.age").exists()


def test_after_three_mistyped_shares_it_ends(place: Path) -> None:
    split()
    done = on_terminal(
        *("roster", "recover", "--roster", "roster.json", "--out", "found.age"),
        typed=("academic " * 33,) * 3,
    )
    assert done.status == 1
    assert "no share was typed well" in done.out


def test_without_a_terminal_the_files_are_asked_for(place: Path) -> None:
    done = candor("roster", "recover", "--roster", "roster.json")
    assert (done.status, done.out) == (1, "")
    assert "use --share FILE for each share" in done.complaints


@pytest.fixture
def shared(place: Path) -> list[Path]:
    """The shares of the key of a channel that Anna, Boris and Dora open by two."""
    book = open_book(place)
    sign(book, add_reviewer(book.next, person("dora", DORA), ["general"]), today=TODAY)
    found = roster("share-channel", "general", "--threshold", "2", "--out", "shares")
    assert "general: how many must agree: 2; before: 1" in found.output
    assert "a new key, of which each of its readers holds a share" in found.output
    return [Path("shares") / f"general-3-{name}.txt" for name in ("anna", "boris", "dora")]


def channel_key(shares: list[Path]) -> Identity:
    return Identity(join_shares([load_share(path) for path in shares]))


def mistyped(share: Share) -> str:
    last = "acid" if share.words[-1] == "academic" else "academic"
    return " ".join([*share.words[:-1], last])


def given(shares: Iterable[Path]) -> list[object]:
    return [part for share in shares for part in ("--share", share)]


def test_any_two_of_three_open_and_nobody_alone(shared: list[Path], tmp_path: Path) -> None:
    report = seal_report(tmp_path / "report.age", [channel_key(shared)], text=MARKER)
    for two in itertools.combinations(shared, 2):
        found = run("open", report, *given(two))
        assert found.exit_code == 0, found.stderr
        assert MARKER in found.output
        assert "The channel's key was whole in this machine's memory" in found.stderr
    refused("2 shares are needed: 1 is missing", "open", report, *given(shared[:1]))
    anna = write_identity(tmp_path / "anna.age")
    words = ("--identity", anna, "--passphrase-file", tmp_path / "passphrase")
    alone = run("open", report, *words)
    assert (alone.exit_code, MARKER in alone.output) == (3, False)
    assert run("verify", report, *given(shared)).exit_code == 0
    assert list(Path().rglob("*.age")) == [Path("root.age")]


def test_shares_are_typed_for_opening_too(shared: list[Path], tmp_path: Path) -> None:
    report = seal_report(tmp_path / "report.age", [channel_key(shared)], text=MARKER)
    words = [load_share(path).serialize() for path in shared]
    done = on_terminal("open", report, "--shares", typed=(words[2], words[0]))
    assert done.status == 0, done.out
    assert MARKER in done.out
    assert " ".join(words[2].split()[9:11]) not in done.out


def test_a_reply_is_signed_by_one_and_what_it_answers_opened_by_several(
    shared: list[Path], tmp_path: Path
) -> None:
    report = seal_report(tmp_path / "report.age", [channel_key(shared)])
    anna = write_identity(tmp_path / "anna.age")
    words = ("--identity", anna, "--passphrase-file", tmp_path / "passphrase")
    reply = ("reply", report, *words, "--status", "opened", "--out", tmp_path / "out.zip")
    assert run(*reply).exit_code == 3
    refused("1 is missing", *reply, *given(shared[:1]))
    found = run(*reply, *given(shared[1:]))
    assert found.exit_code == 0, found.stderr
    assert "Reply 1 in this thread" in found.output
    assert run("open", report, *words, *given(shared[:2])).exit_code == 0


def test_a_set_before_is_told_apart_and_opens_what_came_before(
    shared: list[Path], tmp_path: Path
) -> None:
    write_identity(tmp_path / "anna.age")
    anna = ("-i", tmp_path / "anna.age", "--passphrase-file", tmp_path / "passphrase")
    before = seal_report(tmp_path / "before.age", [channel_key(shared)], text=MARKER)
    book = open_book(Path())
    sign(book, today=TODAY)
    roster("share-channel", "general", "--threshold", "2", "--out", "shares")
    newer = [Path(f"shares/general-4-{name}.txt") for name in ("anna", "boris")]
    after = seal_report(tmp_path / "after.age", [channel_key(newer)], text=MARKER)
    mixed = [shared[0], newer[1]]
    refused("share 2 of those given is of another set", "open", after, *given(mixed))
    assert run("open", before, *given(shared[1:])).exit_code == 0
    assert run("open", after, *given(newer)).exit_code == 0
    for report, shares in ((before, newer), (after, shared)):
        reply = ("reply", report, *anna, "--status", "opened", "--out", tmp_path / "out.zip")
        for command in (("open", report), ("verify", report), reply):
            found = run(*command, *given(shares))
            assert found.exit_code == 3
            assert "the shares make a key, perhaps another channel's or one of" in found.stderr
    signed = ("--roster", "roster.json", "--root", book.newest.root.serialize())
    sign(open_book(Path()), today=TODAY)
    for report, shares, said in (
        (before, newer, "the key of channel general in roster 4, and it opens nothing here"),
        (after, shared, "a key that no channel has in roster 4, and it opens nothing here"),
    ):
        assert said in run("open", report, *given(shares), *signed).stderr


def test_a_mistyped_share_is_told_with_its_file(shared: list[Path], tmp_path: Path) -> None:
    report = seal_report(tmp_path / "report.age", [channel_key(shared)])
    shared[1].write_text(mistyped(load_share(shared[1])))
    refused("general-3-boris.txt: a word of the share is mistyped", "open", report, *given(shared))
    refused("not both", "open", report, *given(shared), "--shares")
    found = run("open", report)
    assert found.exit_code == 2
    assert "or the shares of a channel" in found.stderr


def test_whoever_holds_a_share_is_taken_away_by_a_new_key(shared: list[Path]) -> None:
    lead = "candor roster share-channel general"
    refused(lead, "roster", "revoke", "boris")
    refused(lead, "roster", "add", "member", "anna", "--channel", "general")
    others = ("--reviewer", "anna", "--reviewer", "dora")
    sign(open_book(Path()), today=TODAY)
    roster("share-channel", "general", "--threshold", "2", "--out", "shares", *others)
    said = roster("revoke", "boris").output
    assert "reports of general, since roster 1 (" in said
    assert "reports of general, together with others, since roster 3 (" in said
    assert sorted(Path("shares").glob("general-4-*")) == [
        Path("shares/general-4-anna.txt"),
        Path("shares/general-4-dora.txt"),
    ]


def test_no_draft_names_a_key_whose_shares_were_not_written(shared: list[Path]) -> None:
    before = open_book(Path()).draft
    again = ("roster", "share-channel", "general", "--threshold", "2")
    refused("never overwritten", *again, "--out", "shares")
    refused("from 2 to 3", *again[:-1], "4", "--out", "others")
    assert open_book(Path()).draft == before
    assert not Path("others").exists()


def test_who_a_source_is_may_be_asked_of_a_report_that_several_opened(tmp_path: Path) -> None:
    shared, sheets = share_channel(OFFICE, "reports", 2, (), today=TODAY)
    papers = write_sheets(tmp_path / "sheets", sheets)
    report = seal_report(
        tmp_path / "report.age", [channel_key(papers)], custodian=CUSTODIAN.recipient
    )
    write_identity(tmp_path / "anna.age", office.ANNA)
    anna = ("-i", tmp_path / "anna.age", "--passphrase-file", write_passphrase(tmp_path / "words"))
    (tmp_path / "why.txt").write_text("We must know.")
    signed = office.write_roster(tmp_path, channels=shared.channels)
    ask = ("request", report, *anna, *signed, "--text", tmp_path / "why.txt")
    alone = run(*ask, "--out", tmp_path / "ask.zip")
    assert alone.exit_code == 3
    found = run(*ask, *given(papers), "--out", tmp_path / "ask.zip")
    assert found.exit_code == 0, found.stderr
    assert "The channel's key was whole in this machine's memory" in found.stderr


def test_what_came_for_several_is_said_to_be_opened_by_shares(tmp_path: Path) -> None:
    boris = person("boris", BORIS)
    made = carried.make_roster()
    both = [replace(one, reviewers=("press", "boris"), slots=2) for one in made.channels]
    roster = replace(made, reviewers=(*made.reviewers, boris), channels=tuple(both))
    shared, _ = share_channel(roster, carried.CHANNEL, 2, (), today=TODAY)
    log = carried.Log()
    days = [log.close_day()]
    (tmp_path / "1.zip").write_bytes(carried.Carrier().pull(log, days, shared))
    root = carried.ROOT.verify_key.serialize()
    found = run("import", tmp_path / "1.zip", "--into", tmp_path / "desk", "--root", root)
    assert found.exit_code == 0, found.stderr
    assert "inbox/general --shares" in found.output
