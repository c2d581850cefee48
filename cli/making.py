"""`candor init`: the root ceremony, and the files that a service starts with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.identities import GenerateOption
from cli.options import PassphraseFile
from cli.passphrases import ask_new_passphrase
from cli.roster_editing import parse_key
from cli.terminal import own_command

if TYPE_CHECKING:
    from crypto.minisign import VerifyKey
    from crypto.roster import Roster

SETTINGS_FILE = "candor.toml"


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The service's directory; made if missing.")
    ],
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan", metavar="FILE", help="Who reads, where sources reach it; see below."
        ),
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(
            "--roster",
            metavar="FILE",
            help="Instead of a plan: the roster.json that was signed offline; its .minisig and"
            " log.key lie beside it.",
        ),
    ] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option(
            "--fingerprint", metavar="RW…", help="With --roster: the service's, from paper."
        ),
    ] = None,
    *,
    generate: GenerateOption = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a service: signed roster, settings, an empty store.

    Every reviewer first runs `candor identity new` on their own machine and sends the two public
    lines. Then `candor roster new` makes the root key and the roster on an offline machine, and
    this command makes the server's part from it; the root key never comes to the server. log.key
    signs the log of what has arrived: it stays with the server, and a copy elsewhere.

    With a plan, everything is made here at once. The root key signs who may read: move root.age
    and root.pub to an offline machine then, with a copy of the roster and its signature. Publish
    the fingerprint somewhere else as well, on paper for instance.

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
      decoys_per_day = 6       for each channel, in the mean; 0 for none
      [custodian]              like a reviewer: who may see names; nobody
      reviewers = ["anna"]     of a channel: all of them
      slots = 16               of a channel: room for so many readers
      retention_days = 365     of a channel

    \b
    Examples:
      candor init /srv/candor --roster roster.json --fingerprint RW…
      candor init /srv/candor --plan plan.toml
    """
    if (plan is None) == (roster is None) or (roster is None) != (fingerprint is None):
        raise typer.BadParameter("give --plan, or --roster and --fingerprint")
    if plan is not None:
        _init_from_plan(directory, plan, passphrase_file, generate=generate)
    elif roster is not None and fingerprint is not None:
        _init_from_roster(directory, roster, parse_key(fingerprint, "--fingerprint"))


def _init_from_plan(
    directory: Path, plan: Path, passphrase_file: Path | None, *, generate: bool
) -> None:
    """Make everything on this machine."""
    from console.ceremony import make_service
    from console.plan import load_plan
    from console.roster_book import FINGERPRINT_FILE, LOG_KEY_FILE, ROOT_FILE
    from crypto.wordlist import draw_passphrase
    from intake.days import utc_today

    parsed = load_plan(plan.read_bytes())
    if generate:
        passphrase = draw_passphrase()
    else:
        passphrase = ask_new_passphrase("the root key", passphrase_file)
    roster = make_service(directory, parsed, passphrase, today=utc_today())
    write_service_files(directory, roster)
    typer.echo(f"Service      {directory}")
    typer.echo(f"Root key     {directory / ROOT_FILE}")
    if generate:
        typer.echo(f"Passphrase   {passphrase}")
    typer.echo(f"Log key      {directory / LOG_KEY_FILE}")
    _say_how_it_starts(
        directory,
        roster,
        f"Move {ROOT_FILE} and {FINGERPRINT_FILE} to an offline machine, with the passphrase. Then",
    )


def _init_from_roster(directory: Path, path: Path, root: "VerifyKey") -> None:
    """Make the server's part of a roster that was signed offline."""
    from console.ceremony import install_service
    from console.roster_book import LOG_KEY_FILE, read_start
    from console.roster_refusal import judge
    from crypto.log_key_file import MAX_LOG_KEY_BYTES
    from intake.days import utc_today

    signed = judge(path, root, today=utc_today(), origin=None, seen=None).signed
    log_key = read_start(path.with_name(LOG_KEY_FILE), MAX_LOG_KEY_BYTES + 1)
    install_service(directory, signed, log_key)
    write_service_files(directory, signed.roster)
    typer.echo(f"Service      {directory}")
    _say_how_it_starts(directory, signed.roster, f"Wipe {LOG_KEY_FILE} from the stick. Then")


def _say_how_it_starts(directory: Path, roster: "Roster", first: str) -> None:
    typer.echo(f"Fingerprint  {roster.root.serialize()}")
    typer.echo(f"Valid until  {roster.expires}")
    typer.echo(f"\n{first} start with:")
    typer.echo(f"  {own_command()} serve --config {directory / SETTINGS_FILE}")


def write_service_files(directory: Path, roster: "Roster") -> None:
    """Write the settings beside the roster, and make the data directory that they name."""
    from app.settings import document_settings
    from disk.files import new_file_at
    from intake.service import Intake

    with new_file_at(directory / SETTINGS_FILE) as file:
        file.write(document_settings({"root_key": roster.root.serialize()}).encode())
    Intake.create(directory / "data").close()
