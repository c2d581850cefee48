"""Answering, as it is typed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.support import candor, is_one_line, run
from tests.console.support import (
    new_source,
    seal_report,
)


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
        (("--status", "working", "--next-day", "2020-01-01"), b""),
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


def test_a_text_of_1_mib_that_still_lacks_its_line_end_is_one_line_that_helps(
    report: Path, anna: tuple[str, ...], tmp_path: Path
) -> None:
    text = b"x" * (1 << 20)
    done = candor("reply", report, *anna, "--text", "-", "--out", tmp_path / "out.zip", stdin=text)
    assert done.status == 1
    assert is_one_line(done.complaints)
    assert "shorten it" in done.complaints
