"""A reviewer, and a report to her."""

from pathlib import Path

import pytest

from tests.cli.support import MARKER
from tests.console.support import (
    File,
    answers,
    seal_report,
    write_identity,
    write_passphrase,
)


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
