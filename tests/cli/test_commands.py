"""What every command has in common."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import (
    MARKER,
    PROGRAM,
    candor,
    clean_environment,
    is_one_line,
    on_terminal,
    run,
)


def test_help_is_quick_because_no_room_is_imported() -> None:
    program = (
        "import sys; from cli.main import app; app(['--help'], standalone_mode=False);"
        "slow = {'nacl', 'fastapi', 'sqlmodel', 'rich', 'pydantic'};"
        "print(sorted(slow & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "command",
    [
        *("open", "reply", "verify", "identity new"),
        *("roster", "roster share-channel", "roster split", "roster recover"),
        *("demo", "init", "serve", "batch", "export", "deliver", "purge"),
    ],
)
def test_every_command_explains_itself_within_80_columns(command: str) -> None:
    found = run(*command.split(), "--help")
    assert found.exit_code == 0
    assert all(len(line) <= 80 for line in found.output.splitlines())
    assert "\\b" not in found.output


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
        found = run(*arguments)
        assert found.exit_code == 1, arguments
        assert_one_harmless_line(found.stderr)
    done = candor("open", hostile, *anna)
    assert done.status == 1
    assert_one_harmless_line(done.complaints)


def assert_one_harmless_line(complaints: str) -> None:
    assert is_one_line(complaints), complaints
    assert MARKER not in complaints
    assert "\x1b" not in complaints


def test_a_missing_extra_is_named() -> None:

    program = (
        "import sys; sys.modules['puremagic'] = None; from cli.main import main;"
        "sys.argv = ['candor', 'open', 'x.age', '-i', 'y.age']; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"candor[console]" in done.stderr
    assert is_one_line(done.stderr.decode())


def test_the_reader_of_a_pipe_may_leave(report: Path, anna: tuple[str, ...]) -> None:

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


def test_colours_on_a_terminal_only_and_not_against_anybodys_wish(
    report: Path, anna: tuple[str, ...]
) -> None:
    assert "\x1b[" in on_terminal("open", report, *anna).out
    assert "\x1b[" not in on_terminal("open", report, *anna, NO_COLOR="1").out
    assert "\x1b[" not in candor("open", report, *anna).out
