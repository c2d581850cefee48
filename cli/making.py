"""`candor init`: the root ceremony, and the files that a service starts with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.identities import GenerateOption
from cli.options import PassphraseFile
from cli.passphrases import ask_new_passphrase
from cli.terminal import own_command

if TYPE_CHECKING:
    from crypto.roster import Roster

SETTINGS_FILE = "candor.toml"


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The service's directory; made if missing.")
    ],
    plan: Annotated[
        Path,
        typer.Option(
            "--plan", metavar="FILE", help="Who reads, where sources reach it; see below."
        ),
    ],
    *,
    generate: GenerateOption = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a service: root key, signed roster, settings.

    Every reviewer first runs `candor identity new` on their own machine and sends the two public
    lines. The root key signs who may read: move root.age to an offline machine afterwards, the
    server does not need it. Publish the fingerprint somewhere else as well, on paper for instance.
    log.key signs the log of what has arrived: it stays with the server, and a copy elsewhere.

    \b
    A plan:
      origins = ["http://….onion"]
      [[reviewer]]
      id = "anna"
      name = "Anna"
      role = "Lawyer"
      recipient = "age1pq1…"
      key = "RW…"
      [[channel]]
      id = "general"
      names = { en = "Corruption and abuse" }

    \b
    More for it, with what is taken when it is left out:
      valid_days = 183         for how long the roster holds
      [custodian]              like a reviewer: who may see names; nobody
      reviewers = ["anna"]     of a channel: all of them
      slots = 16               of a channel: room for so many readers
      retention_days = 365     of a channel

    \b
    Example:
      candor init /srv/candor --plan plan.toml
    """
    from console.ceremony import LOG_KEY_FILE, ROOT_FILE, make_service
    from console.plan import load_plan
    from crypto.wordlist import draw_passphrase
    from intake.days import utc_today

    parsed = load_plan(plan.read_bytes())
    if generate:
        passphrase = draw_passphrase()
    else:
        passphrase = ask_new_passphrase("the root key", passphrase_file)
    roster = make_service(directory, parsed, passphrase, today=utc_today())
    write_service_files(directory, roster)
    command = own_command()
    typer.echo(f"Service      {directory}")
    typer.echo(f"Root key     {directory / ROOT_FILE}")
    if generate:
        typer.echo(f"Passphrase   {passphrase}")
    typer.echo(f"Log key      {directory / LOG_KEY_FILE}")
    typer.echo(f"Fingerprint  {roster.root.serialize()}")
    typer.echo(f"Valid until  {roster.expires}")
    typer.echo(f"\nMove {ROOT_FILE} to an offline machine, with its passphrase. Then start with:")
    typer.echo(f"  {command} serve --config {directory / SETTINGS_FILE}")


def write_service_files(directory: Path, roster: "Roster") -> None:
    """Write the settings beside the roster, and make the data directory that they name."""
    from app.settings import document_settings
    from disk.files import new_file_at
    from intake.service import Intake

    with new_file_at(directory / SETTINGS_FILE) as file:
        file.write(document_settings({"root_key": roster.root.serialize()}).encode())
    Intake.create(directory / "data").close()
