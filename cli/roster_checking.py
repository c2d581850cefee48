"""`candor roster verify`: a roster from anywhere, and what is wrong with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.roster_editing import HERE, Directory, load_book, parse_key, today_here

if TYPE_CHECKING:
    from crypto.minisign import VerifyKey
    from crypto.roster_memory import SeenRoster


def verify(
    roster: Annotated[
        Path, typer.Argument(metavar="ROSTER", help="roster.json; its .minisig lies beside it.")
    ],
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", metavar="RW…", help="Where you trust it: on paper."),
    ] = None,
    seen: Annotated[
        Path | None,
        typer.Option(
            "--seen",
            metavar="FILE",
            help="Remember the newest roster in this file, and refuse older and second ones.",
        ),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option("--origin", metavar="ORIGIN", help="Where you fetched it: http://….onion."),
    ] = None,
    directory: Directory = HERE,
) -> None:
    """Check a roster from anywhere, and say what is wrong with it.

    In a ceremony's directory the fingerprint and the rosters that were signed are known. Anywhere
    else give the fingerprint, and a file in which the newest roster is remembered. It holds, or is
    refused for one of these reasons: unsigned, malformed, foreign origin, rolled back, forked,
    expired.

    \b
    Examples:
      candor roster verify /media/stick/roster.json
      candor roster verify roster.json --fingerprint RW… --seen seen-rosters
    """
    from console.roster_refusal import judge, write_seen

    root, remembered = _trusted(fingerprint, seen, directory)
    verdict = judge(roster, root, today=today_here(), origin=origin, seen=remembered)
    if seen is not None:
        write_seen(seen, verdict.seen)
    found = verdict.roster
    typer.echo(f"Roster {found.serial} holds: signed by {root.serialize()}")
    typer.echo(f"Valid until {found.expires}, for {', '.join(found.origins)}")


def _trusted(
    fingerprint: str | None, seen: Path | None, directory: Path
) -> tuple["VerifyKey", "SeenRoster | None"]:
    """Take fingerprint and memory from the command line, or from a ceremony's directory."""
    from console.roster_refusal import read_seen
    from crypto.roster_memory import SeenRoster

    if fingerprint is not None:
        remembered = None if seen is None else read_seen(seen)
        return parse_key(fingerprint, "--fingerprint"), remembered
    if seen is not None:
        raise typer.BadParameter("goes with --fingerprint", param_hint="--seen")
    book = load_book(directory)
    return book.newest.root, SeenRoster.of(book.newest)
