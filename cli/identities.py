"""`candor identity …`, and unlocking identities for the commands that read."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError
from cli.group import Command, Commands
from cli.options import PassphraseFile
from cli.passphrases import ask_new_passphrase, ask_passphrase

if TYPE_CHECKING:
    from crypto.keys import Identity

app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Make the key that a reviewer reads and signs with.",
)
GenerateOption = Annotated[
    bool, typer.Option("--generate", help="Make up a passphrase of words and show it once.")
]


@app.callback()
def _group() -> None:
    """Keep `identity new` two words although it is the only one."""


@app.command(cls=Command)
def new(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="Where to write it; never overwritten."),
    ] = Path("identity.age"),
    *,
    generate: GenerateOption = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make an identity: the private key that opens envelopes and signs replies.

    It is sealed under a passphrase and stays with the reviewer, on an offline machine. The two
    public lines, which are written beside it as FILE.pub, go to whoever makes the roster; compare
    the check with them by another way, the telephone for instance. `age -d` opens the file as well.

    \b
    Examples:
      candor identity new --out anna.age
      candor identity new --out anna.age --generate
    """
    from console.public_lines import PublicLines
    from crypto.identity_file import seal_identity
    from crypto.keys import Identity
    from crypto.wordlist import draw_passphrase
    from disk.files import new_file_at

    public_file = out.with_suffix(".pub")
    with new_file_at(public_file) as public, new_file_at(out) as file:
        if generate:
            passphrase = draw_passphrase()
        else:
            passphrase = ask_new_passphrase(str(out), passphrase_file)
        identity = Identity.generate()
        file.write(seal_identity(identity, passphrase))
        lines = PublicLines.of(identity)
        public.write(lines.serialize().encode("ascii"))
    typer.echo(f"Identity    {out}")
    if generate:
        typer.echo(f"Passphrase  {passphrase}")
    typer.echo(f"Lines       {public_file}")
    typer.echo(f"Check       {lines.check}")
    typer.echo(f"Signs as    {lines.key.serialize()}")
    typer.echo(f"Recipient   {lines.recipient.serialize()}")
    if generate:
        typer.echo("\nWrite the passphrase down: it is shown this once, and nothing recovers it.")


def unlock(paths: Sequence[Path], passphrase_files: Sequence[Path] | None) -> list["Identity"]:
    """Open identity files, each with its passphrase file or by asking.

    Raises:
        CommandError: the files do not match up.
    """
    from console.opening import load_identity

    files: list[Path | None] = [*passphrase_files] if passphrase_files else [None]
    if len(files) == 1:
        files *= len(paths)
    if len(files) != len(paths):
        raise CommandError("give one --passphrase-file for each --identity, or one for all")
    for path in paths:
        path.open("rb").close()  # before anybody types a passphrase for nothing
    return [
        load_identity(path, ask_passphrase(f"Passphrase for {path}", file))
        for path, file in zip(paths, files, strict=True)
    ]
