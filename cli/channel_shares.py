"""`candor roster share-channel`: a channel that several open together."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.roster_editing import HERE, Directory, edit, today_here

if TYPE_CHECKING:
    from console.roster_book import RosterBook
    from crypto.roster import Roster


def share_channel(
    channel_id: Annotated[str, typer.Argument(metavar="CHANNEL", help="Its short name.")],
    threshold: Annotated[
        int, typer.Option("--threshold", metavar="K", help="How many must agree, 2 at least.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where to write the shares.")
    ],
    reviewer: Annotated[
        list[str] | None,
        typer.Option(
            "--reviewer",
            metavar="ID",
            help="Who reads it from now on; may be given again. Else those who do now.",
        ),
    ] = None,
    directory: Directory = HERE,
) -> None:
    """Let a channel's reviewers open it together, and none of them alone.

    The channel gets a key of its own, which exists as shares only: one file for each reviewer, that
    prints on one sheet. Any K of them open what sources send from the next roster on. Sources
    cannot choose among the readers there, and the form says so.

    It protects until the first opening: the machine where shares are joined then has held the key.
    So give the channel a new key from time to time, and after every opening that mattered: with
    this same command. It also changes the readers. The old shares still open what came before.

    \b
    Examples:
      candor roster share-channel prisons --threshold 2 --out shares
      candor roster share-channel prisons --threshold 2 --out shares \\
        --reviewer anna --reviewer dora --reviewer eva
    """
    from console.channel_shares import share_channel as share
    from console.share_sheet import write_sheets

    written: list[Path] = []

    def change(_: "RosterBook", roster: "Roster") -> "Roster":
        draft, sheets = share(roster, channel_id, threshold, reviewer or (), today=today_here())
        written.extend(write_sheets(out, sheets))
        return draft

    edit(directory, change)
    typer.echo()
    for path in written:
        typer.echo(f"Share  {path}")
    typer.echo(
        "\nPrint each for the reviewer whose name it bears, and wipe the files. They open what"
    )
    typer.echo("comes once the next roster is on the server; if it is never signed, nothing.")
