"""Every command that a document shows is one that the program has."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from cli.main import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"(?:^|^\$ |`)candor (?!v1 )([a-z][^`\n#]*)", re.MULTILINE)


def shown_commands() -> list[tuple[str, str]]:
    return [
        (path.name, line.strip())
        for path in DOCUMENTS
        for line in COMMAND.findall(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("document", "line"), shown_commands())
def test_a_command_in_a_document_exists_with_its_options(document: str, line: str) -> None:
    words = shlex.split(line)
    command = typer.main.get_command(app)
    while (commands := getattr(command, "commands", None)) and words != ["--help"]:
        assert words[0] in commands, document
        command = commands[words.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    assert {word for word in words if word.startswith("-") and word != "-"} <= known, document


def test_the_documents_show_commands() -> None:
    assert len(shown_commands()) > 10
