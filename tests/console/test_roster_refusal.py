"""A roster from anywhere holds, or is refused by the one word that applies."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console.errors import RefusedRosterError, RosterBookError
from console.roster_refusal import judge, read_seen, write_seen
from crypto.minisign import SignedKind, SigningKey, digest
from crypto.roster import Roster
from crypto.roster_memory import SeenRoster
from crypto.signed_roster import sign_roster
from tests.crypto.roster_example import ORIGIN, ROOT, ROSTER, TODAY

SEEN = SeenRoster.of(ROSTER)


def put(path: Path, document: bytes, signature: bytes) -> Path:
    path.write_bytes(document)
    path.with_name(f"{path.name}.minisig").write_bytes(signature)
    return path


@pytest.fixture
def put_roster(tmp_path: Path) -> Callable[..., Path]:
    def made(roster: Roster = ROSTER, root: SigningKey = ROOT) -> Path:
        return put(
            tmp_path / "roster.json", *sign_roster(replace(roster, root=root.verify_key), root)
        )

    return made


def ask(path: Path, **changes: object) -> SeenRoster:
    arguments = {"today": TODAY, "origin": None, "seen": None} | changes
    return judge(path, ROOT.verify_key, **arguments).seen  # type: ignore[arg-type]


def test_a_good_roster_holds_and_is_remembered(put_roster: Callable[..., Path]) -> None:
    assert ask(put_roster()) == SEEN
    assert ask(put_roster(), seen=SEEN, origin=ORIGIN) == SEEN
    newer = replace(ROSTER, serial=6)
    assert ask(put_roster(newer), seen=SEEN) == SeenRoster.of(newer)


def test_each_refusal_is_named(put_roster: Callable[..., Path], tmp_path: Path) -> None:
    def refused(word: str, path: Path, **changes: object) -> None:
        with pytest.raises(RefusedRosterError, match=f": {word}: "):
            ask(path, **changes)

    refused("unsigned", put_roster(root=SigningKey.generate()))
    path = put_roster()
    path.with_name("roster.json.minisig").unlink()
    refused("unsigned", path)
    document = b'{"not": "a roster"}'
    bad = put(tmp_path / "bad.json", document, ROOT.sign(SignedKind.ROSTER, digest(document)))
    refused("malformed", bad)
    refused("expired", put_roster(), today=ROSTER.expires.replace(year=2030))
    refused("foreign origin", put_roster(), origin="http://other.onion")
    older = replace(ROSTER, serial=4)
    refused("rolled back", put_roster(older), seen=SEEN)
    refused("rolled back", put_roster(older), seen=SEEN, today=ROSTER.expires.replace(year=2030))
    refused("forked", put_roster(replace(ROSTER, origins=("http://b.onion",))), seen=SEEN)


def test_what_was_seen_is_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    assert read_seen(path) is None
    for seen in (SEEN, SeenRoster(2**53 - 1, bytes(32))):
        write_seen(path, seen)
        assert read_seen(path) == seen


@pytest.mark.parametrize("text", ["", "5", f"0 {'00' * 32}\n", f"5 {'00' * 32}\n\n", "x" * 500])
def test_another_file_is_not_taken_for_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "seen").write_text(text)
    with pytest.raises(RosterBookError, match="name another file"):
        read_seen(tmp_path / "seen")
