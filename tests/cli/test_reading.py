"""Opening and verifying envelopes, as it is typed."""

import json
from pathlib import Path

import pytest

from tests.cli.support import MARKER, candor, on_terminal, run
from tests.console.support import (
    BORIS,
    PASSPHRASE,
    seal_report,
)


def test_an_envelope_opens(report: Path, anna: tuple[str, ...]) -> None:
    found = run("open", report, *anna)
    assert found.exit_code == 0
    assert f"  │ {MARKER}" in found.output
    assert "Verified" in found.output
    assert "\x1b" not in found.output


def test_attachments_are_extracted(report: Path, anna: tuple[str, ...], tmp_path: Path) -> None:
    found = run("open", report, *anna, "--extract", tmp_path / "out")
    assert found.exit_code == 0
    (directory,) = (tmp_path / "out").iterdir()
    assert (directory / "001.pdf").read_bytes() == b"%PDF-1.7\n"
    again = run("open", report, *anna, "--extract", tmp_path / "out")
    assert again.exit_code == 0
    assert "there already, the same to the byte" in again.output
    (directory / "report.txt").write_text("my notes")
    again = run("open", report, *anna, "--extract", tmp_path / "out")
    assert again.exit_code == 1
    assert "never overwritten" in again.stderr


def test_one_attachment_alone(report: Path, anna: tuple[str, ...], tmp_path: Path) -> None:
    found = run("open", report, *anna, "--attachment", "002", "--extract", tmp_path / "out")
    assert found.exit_code == 0
    assert "This item verified; the rest was not read." in found.output
    assert MARKER not in found.output
    (directory,) = (tmp_path / "out").iterdir()
    assert [path.name for path in directory.iterdir()] == ["002.txt"]


def test_an_attachment_that_is_not_there(report: Path, anna: tuple[str, ...]) -> None:
    found = run("open", report, *anna, "--attachment", "7")
    assert found.exit_code == 1
    assert "no such attachment" in found.stderr


def test_somebody_elses_envelope_is_neither_ours_nor_damaged(
    tmp_path: Path, anna: tuple[str, ...]
) -> None:
    found = run("open", seal_report(tmp_path / "b.age", [BORIS]), *anna)
    assert found.exit_code == 3
    assert "sealed to somebody else" in found.stderr


def test_a_damaged_envelope_is_told_apart(report: Path, anna: tuple[str, ...]) -> None:
    data = bytearray(report.read_bytes())
    data[-1] ^= 1
    report.write_bytes(data)
    found = run("open", report, *anna)
    assert found.exit_code == 1
    assert "damaged or forged" in found.stderr


def test_a_directory_is_walked_and_decoys_are_counted(
    tmp_path: Path, anna: tuple[str, ...]
) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "deeper").mkdir(parents=True)
    seal_report(inbox / "a.age", text=MARKER)
    seal_report(inbox / "deeper" / "b.age")
    seal_report(inbox / "c.age", [])
    (inbox / "notes.txt").write_text("not an envelope")
    found = run("open", inbox, *anna)
    assert found.exit_code == 0
    assert "2 opened, 1 sealed to others" in found.stderr


def test_several_envelopes_are_summed_up(tmp_path: Path, anna: tuple[str, ...]) -> None:
    whole = seal_report(tmp_path / "a.age", text=MARKER).read_bytes()
    paths = [tmp_path / name for name in ("a.age", "again.age", "cut.age", "b.age")]
    paths[1].write_bytes(whole)
    paths[2].write_bytes(whole[:-1])
    seal_report(paths[3], [BORIS])
    found = run("open", *paths, *anna)
    assert found.exit_code == 1
    summary = found.stderr.splitlines()[-1]
    assert summary == ("1 opened, 1 sealed to others, 1 seen before, 1 damaged, forged or refused")


def test_an_empty_directory_says_what_is_looked_for(tmp_path: Path, anna: tuple[str, ...]) -> None:
    (tmp_path / "inbox").mkdir()
    found = run("open", tmp_path / "inbox", *anna)
    assert found.exit_code == 1
    assert ".age" in found.stderr


def test_json_is_one_object_a_line(report: Path, anna: tuple[str, ...]) -> None:
    found = run("open", report, *anna, "--json")
    (line,) = found.stdout.splitlines()
    assert json.loads(line)["text"] == MARKER


def test_a_wrong_passphrase(report: Path, anna: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("another\n")
    found = run("open", report, *anna)
    assert found.exit_code == 1
    assert "anna.age: wrong passphrase" in found.stderr
    assert "another" not in found.stderr


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_passphrase_file_without_one(
    report: Path, anna: tuple[str, ...], tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "passphrase").write_bytes(content)
    found = run("open", report, *anna)
    assert found.exit_code == 1
    assert "first line should be the passphrase" in found.stderr


def test_the_passphrase_file_may_be_named_by_the_environment(
    report: Path, anna: tuple[str, ...], tmp_path: Path
) -> None:
    done = candor("open", report, *anna[:2], CANDOR_PASSPHRASE_FILE=str(tmp_path / "passphrase"))
    assert done.status == 0


def test_a_damaged_record_of_numbers_hinders_nobody_from_reading(
    report: Path, anna: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "anna.threads.age").write_bytes(b"x")
    found = run("open", report, *anna)
    assert found.exit_code == 0
    assert MARKER in found.output
    assert "restore it from a copy" in found.stderr


def test_a_passphrase_is_asked_for_and_not_shown(report: Path, anna: tuple[str, ...]) -> None:
    done = on_terminal("open", report, *anna[:2], typed=(PASSPHRASE,))
    assert done.status == 0
    assert "Passphrase for " in done.out
    assert PASSPHRASE not in done.out
    assert MARKER in done.out


def test_verify_says_how_far_it_went(report: Path, anna: tuple[str, ...]) -> None:
    form = run("verify", report)
    assert form.exit_code == 0
    assert "the form holds" in form.output
    assert "--identity" in form.output
    whole = run("verify", report, *anna)
    assert whole.exit_code == 0
    assert ": verified" in whole.output
    assert MARKER not in whole.output


def test_verify_fails_when_one_of_several_does(report: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.age").write_bytes(report.read_bytes()[:-1])
    found = run("verify", tmp_path / "cut.age", report)
    assert found.exit_code == 1
    assert "the form holds" in found.output
