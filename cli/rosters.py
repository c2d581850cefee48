"""`candor roster …`: the ceremony on the offline machine, which says who may read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import (
    channel_shares,
    root_shares,
    roster_adding,
    roster_changing,
    roster_checking,
    roster_keys,
    roster_removing,
)
from cli.errors import CommandError
from cli.group import Command, Commands
from cli.identities import GenerateOption
from cli.options import PassphraseFile
from cli.passphrases import ask_new_passphrase, ask_passphrase
from cli.roster_editing import (
    HERE,
    Directory,
    change_lines,
    draft_lines,
    load_book,
    page,
    today_here,
)

if TYPE_CHECKING:
    from console.roster_book import RosterBook
    from crypto.roster import Roster

app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Say who may read: make, change, sign and check the roster.",
)


@app.command(cls=Command)
def new(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The ceremony's directory; made if missing.")
    ],
    plan: Annotated[
        Path,
        typer.Option(
            "--plan", metavar="FILE", help="Who reads, and where; `candor init --help` shows one."
        ),
    ],
    *,
    generate: GenerateOption = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make the root key and the first signed roster.

    On an offline machine. The root key says who may read, for as long as the service lives: keep a
    copy of DIR in another place, and its passphrase apart from both. Publish the fingerprint where
    sources can compare it, on paper too. Only three files are carried to the server.

    \b
    Example:
      candor roster new ceremony --plan plan.toml
    """
    from console.ceremony import make_service
    from console.plan import load_plan
    from console.roster_book import ROOT_FILE
    from crypto.wordlist import draw_passphrase

    parsed = load_plan(plan.read_bytes())
    if generate:
        passphrase = draw_passphrase()
    else:
        passphrase = ask_new_passphrase("the root key", passphrase_file)
    roster = make_service(directory, parsed, passphrase, today=today_here())
    typer.echo(f"Root key     {directory / ROOT_FILE}")
    if generate:
        typer.echo(f"Passphrase   {passphrase}")
    typer.echo(f"Fingerprint  {roster.root.serialize()}")
    typer.echo(f"Valid until  {roster.expires}")
    typer.echo(
        f"\nCarry roster.json, roster.json.minisig and log.key of {directory} to the server:"
    )
    typer.echo(
        f"  candor init /srv/candor --roster roster.json --fingerprint {roster.root.serialize()}"
    )


@app.command(cls=Command)
def show(
    serial: Annotated[
        int | None, typer.Option("--serial", metavar="N", help="An earlier roster.")
    ] = None,
    directory: Directory = HERE,
) -> None:
    """Show the roster in plain words, and what waits to be signed.

    \b
    Examples:
      candor roster show
      candor roster show --serial 1
    """
    from console.roster_words import show_roster

    book = load_book(directory)
    for line in show_roster(page(), _of_serial(book, serial), today_here()):
        typer.echo(line)
    if serial is None:
        typer.echo()
        for line in draft_lines(book):
            typer.echo(line)


@app.command(cls=Command)
def sign(
    valid_days: Annotated[
        int | None,
        typer.Option("--valid-days", metavar="N", help="How long it holds; else as the last one."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    directory: Directory = HERE,
) -> None:
    """Show what is new in the next roster, and sign it.

    Read every line: the passphrase is your consent, Ctrl-C leaves everything as it was. When
    nothing was changed, the same roster is signed for another time. Every signed roster is kept
    beside the newest one, and none is ever signed with the same number again.

    \b
    Examples:
      candor roster sign
      candor roster sign --valid-days 90
    """
    from console.roster_signing import next_roster, sign_next, unlock_root

    book = load_book(directory)
    roster = next_roster(book, today=today_here(), valid_days=valid_days)
    typer.echo(f"Roster {roster.serial} follows roster {book.newest.serial}:")
    for line in change_lines(book.newest, roster) or ["  nothing changes but the days"]:
        typer.echo(line)
    typer.echo(f"Issued     {roster.issued}, today by this machine's clock")
    typer.echo(f"Last day   {roster.expires}")
    root = unlock_root(book, ask_passphrase("Passphrase of the root key", passphrase_file))
    sign_next(book, roster, root)
    typer.echo(f"Signed     roster {roster.serial}")
    typer.echo(
        "\nCarry roster.json and roster.json.minisig to the server, in place of the old ones."
    )


@app.command(cls=Command)
def discard(directory: Directory = HERE) -> None:
    """Throw away what waits to be signed; signed rosters stay.

    \b
    Example:
      candor roster discard
    """
    from console.roster_signing import discard_draft

    gone = discard_draft(load_book(directory).directory)
    typer.echo("The changes are gone." if gone else "Nothing was waiting to be signed.")


app.command("verify", cls=Command)(roster_checking.verify)
app.add_typer(roster_adding.app, name="add")
app.add_typer(roster_removing.app, name="remove")
app.add_typer(roster_changing.app, name="change")
app.command("rotate", cls=Command)(roster_keys.rotate)
app.command("revoke", cls=Command)(roster_keys.revoke)
app.command("share-channel", cls=Command)(channel_shares.share_channel)
app.command("split", cls=Command)(root_shares.split)
app.command("recover", cls=Command)(root_shares.recover)


def _of_serial(book: "RosterBook", serial: int | None) -> "Roster":
    if serial is None:
        return book.newest
    for signed in book.history:
        if signed.roster.serial == serial:
            return signed.roster
    known = ", ".join(str(signed.roster.serial) for signed in book.history)
    raise CommandError(f"there is no roster {serial} here: there are {known}")
