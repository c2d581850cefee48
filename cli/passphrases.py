"""Ask for passphrases, or read them from a file; never from the command line, which others see."""

import getpass
import os
from pathlib import Path

from cli.errors import CommandError

_MAX_FILE_BYTES = 4096
_TRIES = 3
FILE_HELP = (
    "Read the passphrase from the first line of this file instead of asking; CANDOR_PASSPHRASE_FILE"
    " names one as well."
)


def ask_passphrase(prompt: str, file: Path | None) -> str:
    """Read the passphrase of something that exists.

    Raises:
        CommandError: neither a file nor a terminal to ask on.
    """
    file = file or _file_of_environment()
    return _from_file(file) if file else ask_hidden(prompt)


def ask_new_passphrase(what: str, file: Path | None) -> str:
    """Read a passphrase twice, until both are the same.

    Raises:
        CommandError: nothing was chosen, or there is nowhere to ask.
    """
    file = file or _file_of_environment()
    if file:
        return _from_file(file)
    for _ in range(_TRIES):
        passphrase = ask_hidden(f"New passphrase for {what}")
        if not passphrase:
            raise CommandError("an empty passphrase protects nothing: choose one, or --generate")
        if ask_hidden("Once more") == passphrase:
            return passphrase
        _say("These were not the same; once again.")
    raise CommandError("no passphrase was typed twice alike: try again, or use --generate")


def _file_of_environment() -> Path | None:
    named = os.environ.get("CANDOR_PASSPHRASE_FILE")
    return Path(named) if named else None


def _from_file(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(_MAX_FILE_BYTES)
    try:
        passphrase = data.decode("utf-8").partition("\n")[0].removesuffix("\r")
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not text: its first line should be the passphrase") from None
    if not passphrase:
        raise CommandError(f"{path} is empty: its first line should be the passphrase")
    return passphrase


def ask_hidden(prompt: str, *, instead: str = "--passphrase-file") -> str:
    """Ask on the terminal, without showing what is typed.

    Raises:
        CommandError: there is none, where another option would serve; or its input has ended.
    """
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        raise CommandError(f"there is no terminal to ask on: use {instead}") from None
    try:
        return getpass.getpass(f"{prompt}: ")
    except EOFError:
        raise CommandError("nothing was typed") from None


def _say(message: str) -> None:
    import typer

    typer.echo(message, err=True)
