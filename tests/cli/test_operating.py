"""The ceremony of docs/operating.md, done as it stands there: it prints what the document shows."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from console.public_lines import PublicLines
from console.share_sheet import load_share
from crypto.keys import Identity
from tests.cli.support import on_terminal

DOCUMENT = Path(__file__).parents[2] / "docs" / "operating.md"
BLOCK = re.compile(r"^```(console|toml)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
PASSPHRASE = "correct horse battery staple"
# What differs from day to day and from key to key.
VARIES = (
    (re.compile(r"RW(?:[A-Za-z0-9+/]{54}|…)"), "RW…"),
    (re.compile(r"age1pq1[0-9a-z]*…?"), "age1pq1…"),
    (re.compile(r"\b(?:[0-9a-f]{4} ){7}[0-9a-f]{4}\b"), "(check)"),
    (re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b"), "(hex)"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "(day)"),
)


def steps() -> list[tuple[str, list[str]]]:
    """Read the commands of the document, each with the lines that it shows."""
    found: list[tuple[str, list[str]]] = []
    for kind, block in BLOCK.findall(DOCUMENT.read_text("utf-8")):
        for line in block.splitlines() if kind == "console" else ():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
    return found


def plan(directory: Path) -> str:
    """Take the document's plan, and paste each person's lines as it says."""
    blocks = BLOCK.findall(DOCUMENT.read_text("utf-8"))
    (text,) = [block for kind, block in blocks if kind == "toml"]
    beginning, *entries = re.split(r'(?m)^(?=id = ")', text)
    return beginning + "".join(_pasted(directory, entry) for entry in entries)


def _pasted(directory: Path, entry: str) -> str:
    name = entry.split('"')[1]
    if "RW…" not in entry:
        return entry
    key, recipient = (directory / f"{name}.pub").read_text().splitlines()
    return entry.replace("RW…", key).replace("age1pq1…", recipient)


class Machine:
    """The offline machine, a stick and the server, as directories of one machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.work = directory / "offline"
        for part in (self.work, directory / "media" / "stick", directory / "srv"):
            part.mkdir(parents=True)
        for number, name in enumerate(("boris", "dora", "anna-2027", "boris-new")):
            lines = PublicLines.of(Identity(bytes([number]) * 32))
            (self.work / f"{name}.pub").write_text(lines.serialize())

    def do(self, command: str, monkeypatch: pytest.MonkeyPatch) -> str:
        """Do one command, typing the passphrase whenever it is asked for."""
        monkeypatch.chdir(self.work)
        for place in ("/media/", "/srv/"):
            command = command.replace(place, f"{self.directory}{place}")
        words = command.split(" ", 1)
        if words[0] == "cd":
            self.work /= words[1]
            return ""
        if words[0] != "candor":
            subprocess.run(command, shell=True, check=True, cwd=self.work)
            return ""
        typed = (PASSPHRASE,) * 3
        if "roster recover" in command:
            typed = (*self._lose_the_root_key(), *typed)
        done = on_terminal(*self._words(words[1]), typed=typed, NO_COLOR="1")
        return done.out.replace(str(self.directory), "")

    def _lose_the_root_key(self) -> list[str]:
        """Leave nothing of it but the sheets of two people, who type theirs."""
        for name in ("root.age", "root.pub"):
            (self.work / name).unlink()
        sheets = sorted((self.work / "shares").glob("root-share-*.txt"))
        return [load_share(sheet).serialize() for sheet in sheets[1:]]

    def _words(self, line: str) -> list[str]:
        words = shlex.split(line)
        if "RW…" in words:
            words[words.index("RW…")] = self._key(words)
        return words

    def _key(self, words: list[str]) -> str:
        if "courier" in words:
            return PublicLines.of(Identity(bytes([99]) * 32)).key.serialize()
        return (self.directory / "offline/ceremony/root.pub").read_text().splitlines()[-1]


def settled(text: str) -> list[str]:
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.strip("\n").split("\n")]


def transcript(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, list[str], str]]:
    machine = Machine(directory)
    seen = []
    for command, shown in steps():
        if "--plan plan.toml" in command:
            (machine.work / "plan.toml").write_text(plan(machine.work), "utf-8")
        seen.append((command, shown, machine.do(command, monkeypatch)))
    return seen


def test_the_ceremony_of_the_document_prints_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = transcript(tmp_path, monkeypatch)
    assert len(done) > 10
    for command, shown, said in done:
        assert settled(said) == settled("\n".join(shown)), command
