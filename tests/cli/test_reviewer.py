"""The reviewer's commands, as they are typed."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from crypto.identity_file import open_identity
from tests.cli.support import candor, is_one_line, on_terminal
from tests.console.support import (
    BORIS,
    PASSPHRASE,
    File,
    answers,
    new_source,
    seal_report,
    write_identity,
    write_passphrase,
)

MARKER = "Marker-in-the-text-of-a-source"


@pytest.fixture
def anna(tmp_path: Path) -> tuple[str, ...]:
    identity = write_identity(tmp_path / "anna.age")
    passphrase = write_passphrase(tmp_path / "passphrase")
    return ("--identity", str(identity), "--passphrase-file", str(passphrase))


@pytest.fixture
def report(tmp_path: Path) -> Path:
    files = [File("ledger.pdf", b"%PDF-1.7\n"), File("note.txt", b"hello")]
    return seal_report(
        tmp_path / "report.age", text=MARKER, report=answers({"may_ask": "yes"}), files=files
    )


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_help_is_quick_because_no_room_is_imported() -> None:
    program = (
        "import sys; from cli.main import app; app(['--help'], standalone_mode=False);"
        "slow = {'nacl', 'fastapi', 'sqlmodel', 'rich', 'pydantic'};"
        "print(sorted(slow & set(sys.modules)))"
    )
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "command",
    [
        *("open", "reply", "verify", "identity new"),
        *("demo", "init", "serve", "batch", "export", "deliver", "purge"),
    ],
)
def test_every_command_explains_itself_within_80_columns(command: str) -> None:
    found = run(*command.split(), "--help")
    assert found.exit_code == 0
    assert all(len(line) <= 80 for line in found.output.splitlines())
    assert "\\b" not in found.output


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


def test_an_identity_is_made_and_never_overwritten(tmp_path: Path) -> None:
    passphrase = write_passphrase(tmp_path / "passphrase")
    path = tmp_path / "new.age"
    found = run("identity", "new", "--out", path, "--passphrase-file", passphrase)
    assert found.exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    identity = open_identity(path.read_bytes(), PASSPHRASE)
    assert identity.recipient.serialize() in found.output
    before = path.read_bytes()
    again = run("identity", "new", "--out", path, "--passphrase-file", passphrase)
    assert again.exit_code == 1
    assert path.read_bytes() == before


def test_a_generated_passphrase_is_shown_once_and_opens(tmp_path: Path) -> None:
    path = tmp_path / "new.age"
    found = run("identity", "new", "--out", path, "--generate")
    shown = re.search(r"^Passphrase +(.+)$", found.output, re.MULTILINE)
    assert shown is not None
    assert len(shown[1].split()) == 7
    open_identity(path.read_bytes(), shown[1])


def test_a_reply_is_written_and_numbered(
    report: Path, anna: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "answer.txt").write_text("Thank you.\n")
    for number in (1, 2):
        out = tmp_path / f"{number}.zip"
        found = run("reply", report, *anna, "--text", tmp_path / "answer.txt", "--out", out)
        assert found.exit_code == 0, found.stderr
        assert f"Reply {number} in this thread" in found.output
        assert "ru" in found.output
        assert out.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "anna.threads.age").exists()


def test_a_report_cannot_command_the_terminal_of_who_answers(
    tmp_path: Path, anna: tuple[str, ...]
) -> None:
    language = "\x1b[2J\x1b]0;x\x07\ud800"
    report = json.dumps({"language": language}).encode()
    path = seal_report(tmp_path / "report.age", report=report)
    out = tmp_path / "out.zip"
    done = candor("reply", path, *anna, "--status", "opened", "--out", out)
    assert (done.status, done.complaints) == (0, "")
    assert done.out.replace("\n", "").isprintable()
    assert "⟨U+001B⟩[2J" in done.out


def test_a_bag_forged_into_an_answered_thread_is_told_in_every_later_run(
    tmp_path: Path, anna: tuple[str, ...]
) -> None:
    genuine, thief = new_source(), new_source()
    first = seal_report(tmp_path / "a.age", keys=genuine)
    forged = seal_report(tmp_path / "b.age", keys=replace(thief, token=genuine.token))
    run("reply", first, *anna, "--status", "opened", "--out", tmp_path / "out.zip")
    found = run("open", forged, *anna)
    assert found.exit_code == 1
    assert "another source's thread" in found.stderr
    assert run("open", first, *anna).exit_code == 0


def test_a_damaged_record_of_numbers_hinders_nobody_from_reading(
    report: Path, anna: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "anna.threads.age").write_bytes(b"x")
    found = run("open", report, *anna)
    assert found.exit_code == 0
    assert MARKER in found.output
    assert "restore it from a copy" in found.stderr


def test_a_reply_from_standard_input(report: Path, anna: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    done = candor("reply", report, *anna, "--text", "-", "--out", out, stdin="Спасибо.".encode())
    assert (done.status, done.complaints) == (0, "")


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ((), b""),
        (("--status", "unheard-of"), b""),
        (("--text", "-", "--next-day", "2027-01-01"), b"x"),
        (("--status", "working", "--next-day", "tomorrow"), b""),
        (("--text", "-"), b" \n"),
        (("--text", "-"), b"\xff"),
        (("--text", "-"), b"x" * (1 << 20) + b"y"),
        (("--text", "/nowhere"), b""),
    ],
)
def test_replies_that_are_none_are_refused(
    report: Path, anna: tuple[str, ...], tmp_path: Path, options: tuple[str, ...], given: bytes
) -> None:
    arguments = ["reply", str(report), *anna, *options, "--out", str(tmp_path / "out.zip")]
    found = CliRunner().invoke(app, arguments, input=given)
    assert found.exit_code in {1, 2}
    assert not (tmp_path / "out.zip").exists()


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


def test_errors_are_one_line_whatever_is_wrong(
    report: Path, anna: tuple[str, ...], tmp_path: Path
) -> None:
    hostile = tmp_path / "a\x1b[2J\n\u202e.age"
    hostile.write_bytes(b"nothing")
    for arguments in (
        ("open", tmp_path / "missing.age", *anna),
        ("open", hostile, *anna),
        ("open", report, "--identity", tmp_path / "missing", *anna[2:]),
        ("open", report, "--identity", report, *anna[2:]),
        ("open", report, *anna[:2]),
        ("open", report, *anna, "--extract", report),
        ("reply", tmp_path, *anna, "--status", "opened", "--out", tmp_path / "x"),
        ("reply", report, *anna, "--status", "opened", "--out", tmp_path / "no" / "x"),
        ("verify", hostile),
        ("deliver", report, "--config", tmp_path / "missing.toml"),
        ("export", tmp_path / "out", "--config", report),
    ):
        done = candor(*arguments)
        assert done.status == 1, arguments
        assert is_one_line(done.complaints), done.complaints
        assert MARKER not in done.complaints
        assert "\x1b" not in done.complaints


def test_a_missing_extra_is_named() -> None:
    import subprocess
    import sys

    program = (
        "import sys; sys.modules['puremagic'] = None; from cli.main import main;"
        "sys.argv = ['candor', 'open', 'x.age', '-i', 'y.age']; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"candor[console]" in done.stderr
    assert is_one_line(done.stderr.decode())


def test_the_reader_of_a_pipe_may_leave(report: Path, anna: tuple[str, ...]) -> None:
    import subprocess

    from tests.cli.support import PROGRAM, clean_environment

    process = subprocess.Popen(
        [*PROGRAM, "open", str(report), *anna],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def test_a_passphrase_is_asked_for_and_not_shown(report: Path, anna: tuple[str, ...]) -> None:
    done = on_terminal("open", report, *anna[:2], typed=(PASSPHRASE,))
    assert done.status == 0
    assert "Passphrase for " in done.out
    assert PASSPHRASE not in done.out
    assert MARKER in done.out


def test_colours_on_a_terminal_only_and_not_against_anybodys_wish(
    report: Path, anna: tuple[str, ...]
) -> None:
    assert "\x1b[" in on_terminal("open", report, *anna).out
    assert "\x1b[" not in on_terminal("open", report, *anna, NO_COLOR="1").out
    assert "\x1b[" not in candor("open", report, *anna).out


def test_a_new_passphrase_is_typed_twice_alike(tmp_path: Path) -> None:
    path = tmp_path / "new.age"
    done = on_terminal("identity", "new", "--out", path, typed=("one", "two", "three", "three"))
    assert done.status == 0
    assert "not the same" in done.out
    open_identity(path.read_bytes(), "three")


def test_an_empty_passphrase_protects_nothing(tmp_path: Path) -> None:
    done = on_terminal("identity", "new", "--out", tmp_path / "new.age", typed=("",))
    assert done.status == 1
    assert list(tmp_path.iterdir()) == []
