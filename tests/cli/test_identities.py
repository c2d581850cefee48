"""Making identities, as it is typed."""

import re
from pathlib import Path

from crypto.identity_file import open_identity
from tests.cli.support import on_terminal, run
from tests.console.support import (
    PASSPHRASE,
    write_passphrase,
)


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
