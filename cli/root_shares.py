"""`candor roster split` and `recover`: the root key in shares, against its loss."""

from pathlib import Path
from typing import Annotated

import typer

from cli.identities import GenerateOption
from cli.joining import take_shares
from cli.options import PassphraseFile
from cli.passphrases import ask_new_passphrase, ask_passphrase
from cli.roster_editing import today_here


def split(
    root_file: Annotated[Path, typer.Argument(metavar="ROOT_FILE", help="root.age.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where to write them, one a file.")
    ],
    threshold: Annotated[
        int, typer.Option("--threshold", metavar="K", help="How many make the key again.")
    ] = 2,
    shares: Annotated[
        int, typer.Option("--shares", metavar="N", help="How many there are, at most 16.")
    ] = 3,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Write recovery shares of the root key, against its loss.

    Each share is a text file that prints on one sheet: 33 numbered words. Any K of them make the
    key again, also without its passphrase, and fewer say nothing about it. Print them from a
    machine and a printer that are on no network, give each to another person, and wipe the files.

    \b
    Example:
      candor roster split root.age --threshold 2 --shares 3 --out shares
    """
    from console.root_shares import load_root, write_root_shares
    from crypto.shares import MAX_SHARES, MIN_THRESHOLD

    if not MIN_THRESHOLD <= threshold <= shares <= MAX_SHARES:
        raise typer.BadParameter(
            f"is 2 or more, and at most --shares, which is at most {MAX_SHARES}",
            param_hint="--threshold",
        )
    root_file.open("rb").close()  # before anybody types a passphrase for nothing
    root = load_root(root_file, ask_passphrase("Passphrase of the root key", passphrase_file))
    for path in write_root_shares(out, root, threshold, shares, today=today_here()):
        typer.echo(f"Share  {path}")
    typer.echo(
        f"\nAny {threshold} of these {shares} make the root key again. Print each, give it to"
    )
    typer.echo("another person, and wipe the files. To try them, before you need them:")
    typer.echo("  candor roster recover --share FILE --share FILE --roster roster.json --out FILE")


def recover(
    roster: Annotated[
        Path,
        typer.Option(
            "--roster",
            metavar="ROSTER",
            help="Any roster of the service, its .minisig beside it: shows that it is the key.",
        ),
    ],
    share: Annotated[
        list[Path] | None,
        typer.Option(
            "--share",
            metavar="FILE",
            help="A recovery share; give as many as are needed. Without, the words are asked for.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Never overwritten.")
    ] = Path("root.age"),
    *,
    generate: GenerateOption = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a lost root key again from recovery shares.

    It gets a new passphrase. A roster that it signed shows that it is the key: take the one on the
    server, of any day. If somebody else may have got hold of enough shares, they have the key too,
    and nothing takes it from them: then make a new service.

    \b
    Examples:
      candor roster recover --share 1.txt --share 3.txt --roster roster.json
      candor roster recover --roster roster.json --out ceremony/root.age
    """
    from console.root_shares import new_root_file, recover_root
    from crypto.root_key_file import seal_root_key
    from crypto.wordlist import draw_passphrase

    roster.open("rb").close()  # before anybody types 66 words for nothing
    root = recover_root(take_shares(share), roster)
    with new_root_file(out, root) as file:
        if generate:
            passphrase = draw_passphrase()
        else:
            passphrase = ask_new_passphrase(str(out), passphrase_file)
        file.write(seal_root_key(root, passphrase))
    typer.echo(f"Root key     {out}")
    if generate:
        typer.echo(f"Passphrase   {passphrase}")
    typer.echo(f"Fingerprint  {root.verify_key.serialize()}, which signed {roster}")
    typer.echo(
        "\nWith the rosters in one directory, `candor roster show` and `sign` go on from here."
    )
