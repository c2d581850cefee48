"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from cli.passphrases import FILE_HELP

PassphraseFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help=f"{FILE_HELP} With several identities give one for each, in the same order.",
    ),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help=FILE_HELP),
]
Config = Annotated[
    Path,
    typer.Option(
        "--config",
        metavar="FILE",
        envvar="CANDOR_CONFIG",
        help="The settings file that `candor init` wrote.",
    ),
]
DEFAULT_CONFIG = Path("candor.toml")
