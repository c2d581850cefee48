"""`candor demo`: a whole service to try, on this machine, with everything it takes to read it."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError
from cli.making import SETTINGS_FILE, write_service_files
from cli.serving import require_free_port, run_service
from cli.terminal import own_command

if TYPE_CHECKING:
    from console.ceremony import Demonstration

ORIGIN = "http://127.0.0.1:8080"
_READER = "reviewer-a"


def demo(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where it is kept; made at the first start.")
    ] = Path("var"),
) -> None:
    """Try Candor: make and serve a demonstration on this machine.

    Two reviewers and a custodian are made up. Their keys and passphrases lie in DIR beside what
    they are to protect, so that the printed commands work as they are: for trying out only, and
    served on this machine only. Remove DIR to start afresh.
    """
    from app.settings import Settings

    require_free_port(Settings(root_key=""))
    if not (directory / SETTINGS_FILE).exists():
        _make(directory)
    else:
        typer.echo(f"The demonstration in {directory} goes on.")
    typer.echo(_what_next(directory))
    run_service(directory / SETTINGS_FILE)


def _make(directory: Path) -> None:
    """Make everything; the settings come last, and with them the demonstration exists."""
    from console.ceremony import make_demonstration
    from intake.days import utc_today

    if directory.exists() and any(directory.iterdir()):
        raise CommandError(
            f"{directory} holds something else, or a demonstration that was not finished: name"
            " another directory, or remove it"
        )
    typer.echo(f"Making a demonstration service in {directory} …")
    made = make_demonstration(directory, origin=ORIGIN, today=utc_today())
    _keep_passphrases(made)
    write_service_files(directory, made.roster)
    typer.echo(_who(made))


def _keep_passphrases(made: "Demonstration") -> None:
    from disk.files import new_file_at

    for person in made.people:
        with new_file_at(_passphrase_file(person.identity_file)) as file:
            file.write(f"{person.passphrase}\n".encode())


def _passphrase_file(identity: Path) -> Path:
    return identity.with_suffix(".passphrase")


def _who(made: "Demonstration") -> str:
    people = "".join(
        f"  {person.reviewer.name:<13} {person.identity_file}\n  {'':<13} {person.passphrase}\n"
        for person in made.people
    )
    return (
        f"\nWho reads, with their passphrases:\n{people}"
        f"  {'Root key':<13} {made.root_file}\n  {'':<13} {made.root_passphrase}\n"
        f"  {'Fingerprint':<13} {made.fingerprint}"
    )


def _what_next(directory: Path) -> str:
    """Write the commands as they can be copied into another terminal."""
    candor = shlex.quote(own_command())
    config = shlex.quote(str(directory / SETTINGS_FILE))
    out = shlex.quote(str(directory / "out"))
    bundle = shlex.quote(str(directory / "reply.zip"))
    identity = directory / "identities" / f"{_READER}.age"
    who = (
        f"--identity {shlex.quote(str(identity))} \\\n"
        f"       --passphrase-file {shlex.quote(str(_passphrase_file(identity)))}"
    )
    return f"""
1. Write a report
     {ORIGIN}/

2. Read it, in another terminal
     {candor} export {out} --open-day --config {config} &&
     {candor} open {out} {who}

3. Answer it, HASH being the name of its file
     echo "Thank you." | {candor} reply {out}/HASH.age --text - \\
       --out {bundle} {who}
     {candor} deliver {bundle} --config {config}

4. Read the answer with your secret words
     {ORIGIN}/en/mailbox

Ctrl-C stops the service. Its keys lie beside it: this is for trying out only.
"""
