"""What people write for a command: in a file, or on standard input."""

import sys
from pathlib import Path

from cli.errors import CommandError


def read_text(source: str, *, most: int, if_empty: str) -> str:
    """Read a text, UTF-8; it gets one line's end.

    Args:
        source: a file, or - for standard input.
        most: how many bytes it may have, its line's end among them.
        if_empty: what to do if there is nothing in it.

    Raises:
        CommandError: too long, empty, or not UTF-8.
    """
    if source == "-":
        data = sys.stdin.buffer.read(most + 1)
    else:
        with Path(source).open("rb") as file:
            data = file.read(most + 1)
    if len(data) > most or len(data.rstrip()) == most:
        raise CommandError(f"the text has more than {most:,} bytes: shorten it")
    try:
        text = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise CommandError("the text is not UTF-8: save it as UTF-8 first") from None
    if not text:
        raise CommandError(f"the text is empty: {if_empty}")
    return text + "\n"
