"""What the commands that change a roster share: options, the draft, and saying what changed."""

import shlex
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal import own_command, wants_colour

if TYPE_CHECKING:
    from console.public_lines import PublicLines
    from console.roster_book import RosterBook
    from console.show import Page
    from crypto.minisign import VerifyKey
    from crypto.roster import Roster

HERE = Path()
Directory = Annotated[
    Path,
    typer.Option(
        "--dir", metavar="DIR", help="The directory of the ceremony; else the current one."
    ),
]
ReviewerId = Annotated[
    str, typer.Argument(metavar="ID", help="The short name that rosters and bags use.")
]
ChannelId = Annotated[str, typer.Option("--channel", metavar="ID", help="Which channel.")]
ChannelIds = Annotated[
    list[str] | None,
    typer.Option("--channel", metavar="ID", help="A channel; may be given again."),
]
Lines = Annotated[
    Path,
    typer.Option(
        "--lines",
        metavar="FILE",
        help="The two public lines that `candor identity new` wrote, FILE.pub.",
    ),
]
Name = Annotated[str, typer.Option("--name", metavar="TEXT", help="As sources see it.")]
Role = Annotated[str, typer.Option("--role", metavar="TEXT", help="Lawyer, for instance.")]
Organisation = Annotated[
    str, typer.Option("--organisation", metavar="TEXT", help="Where they work.")
]
Independence = Annotated[
    str,
    typer.Option(
        "--independence", metavar="TEXT", help="On whom they do not depend, in their own words."
    ),
]

_FIRST, _LATER = "  ", "      "  # before a change, and before what its line has no room for

Key = Annotated[
    str, typer.Option("--key", metavar="RW…", help="The public line of its signing key.")
]
Names = Annotated[
    list[str],
    typer.Option("--name", metavar="LANG=TEXT", help="Its name in a language; may be given again."),
]


def today_here() -> date:
    """Ask this machine's clock."""
    return datetime.now(UTC).date()


def page() -> "Page":
    """Measure the terminal."""
    from console.layout import Style, terminal_cells
    from console.show import Page

    return Page(terminal_cells(), Style(wants_colour()))


def load_book(directory: Path) -> "RosterBook":
    """Read the ceremony's directory; finish what a cut left undone."""
    from console.roster_book import open_book
    from console.roster_signing import settle

    return settle(open_book(directory))


def read_lines(path: Path) -> "PublicLines":
    """Read the public lines of an identity."""
    from console.public_lines import MAX_LINES_BYTES, PublicLines
    from console.roster_book import read_start

    return PublicLines.parse(read_start(path, MAX_LINES_BYTES + 1))


def parse_key(text: str, option: str) -> "VerifyKey":
    """Read a public key from the command line."""
    from crypto.errors import KeyFormatError
    from crypto.minisign import VerifyKey

    try:
        return VerifyKey.parse(text.strip())
    except KeyFormatError as error:
        raise typer.BadParameter(f"{error}: it is a line RW…", param_hint=option) from None


def parse_names(texts: list[str]) -> dict[str, str]:
    """Read a channel's names, each `en=…`."""
    names = {}
    for text in texts:
        language, equals, name = text.partition("=")
        if not equals or language in names:
            raise typer.BadParameter("write each language once, en=TEXT", param_hint="--name")
        names[language] = name
    return names


def edit(directory: Path, change: "Callable[[RosterBook, Roster], Roster]") -> "RosterBook":
    """Change the draft, and say all that it changes so far and what comes next."""
    from console.roster_signing import write_draft

    book = load_book(directory)
    book = write_draft(book, change(book, book.next))
    for line in draft_lines(book):
        typer.echo(line)
    return book


def draft_lines(book: "RosterBook") -> list[str]:
    """Say what waits to be signed."""
    serial = book.newest.serial
    if book.draft is None:
        return [f"Nothing waits to be signed: all is as in roster {serial}."]
    where = "" if book.directory == HERE else f" --dir {shlex.quote(str(book.directory))}"
    return [
        f"Not signed yet, against roster {serial}:",
        *change_lines(book.newest, book.draft),
        f"Next: {own_command()} roster sign{where}",
    ]


def change_lines(old: "Roster", new: "Roster") -> list[str]:
    """Say how two rosters differ, as wide as the terminal is."""
    from console.layout import terminal_cells, wrap_cells
    from console.neutral import neutral_line
    from console.roster_differences import differences

    lines = []
    for line in differences(old, new):
        pieces = wrap_cells(neutral_line(line), terminal_cells() - len(_LATER))
        lines += [(_LATER if at else _FIRST) + piece for at, piece in enumerate(pieces)]
    return lines
