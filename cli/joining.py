"""Shares of a key on the command line: from files or typed, and joined in memory alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError
from cli.group import complain
from cli.passphrases import ask_hidden
from crypto.errors import NotAddressedError

if TYPE_CHECKING:
    from crypto.keys import Identity
    from crypto.roster import Roster
    from crypto.shares import Share

_TRIES = 3
_INSTEAD = "--share FILE for each share"

ShareFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--share",
        metavar="FILE",
        help="Of a channel where several must agree: the share of one of them. Give as many as"
        " must agree.",
    ),
]
TypeShares = Annotated[
    bool, typer.Option("--shares", help="Ask for the words of the shares instead, hidden.")
]


def join_channel_key(files: Sequence[Path] | None, *, ask: bool) -> list["Identity"]:
    """Make the key of a channel again, where its shares are given or asked for.

    Returns:
        One identity, or none where the command line speaks of no shares.

    Raises:
        CommandError: both ways at once.
        ConsoleError: a file holds no share.
        ShareError: they cannot be joined; says why, and how many are missing.
    """
    if not files and not ask:
        return []
    if files and ask:
        raise CommandError("give shares as files or type them, not both")
    from crypto.keys import Identity
    from crypto.shares import join_shares

    return [Identity(join_shares(take_shares(files)))]


def take_shares(files: Sequence[Path] | None) -> list["Share"]:
    """Read shares from files, or ask for them where none is named."""
    from console.share_sheet import load_share

    return [load_share(path) for path in files] if files else _ask_shares()


def warn_of_joined_key(
    joined: Sequence["Identity"], *, opened: bool, roster: "Roster | None" = None
) -> None:
    """Say what joining has done, and why the key may have opened nothing.

    Args:
        joined: what `join_channel_key` gave; where it gave nothing, nothing is said.
        opened: whether anything was opened.
        roster: the newest at hand, in which the key may stand.
    """
    from console.channel_shares import describe_key

    for identity in joined:
        if not opened:
            complain(f"the shares make {describe_key(identity, roster)}, and it opens nothing here")
        typer.echo(
            "The channel's key was whole in this machine's memory. Give the channel a new one with"
            "\n`candor roster share-channel`, and keep the shares: they open what came before.",
            err=True,
        )


@contextmanager
def warning_of_joined_key(joined: Sequence["Identity"]) -> Iterator[None]:
    """Say the same about one envelope."""
    try:
        yield
    except NotAddressedError:
        warn_of_joined_key(joined, opened=False)
        raise
    warn_of_joined_key(joined, opened=True)


def _ask_shares() -> list["Share"]:
    """Ask for one share, which says how many are needed, and then for the others."""
    typer.echo(
        "Type the words of a share, as many in a line as you like; the first four letters of each"
        "\nsuffice, and nothing is shown.",
        err=True,
    )
    shares = [_ask_share([], "Share 1")]
    needed = shares[0].threshold
    while len(shares) < needed:
        shares.append(_ask_share(shares, f"Share {len(shares) + 1} of {needed}"))
    return shares


def _ask_share(before: Sequence["Share"], title: str) -> "Share":
    """Ask for a share until it is whole and fits those before."""
    from crypto.errors import ShareError
    from crypto.shares import Share, require_one_set

    for _ in range(_TRIES):
        try:
            share = Share.parse(" ".join(_ask_words(title)))
            require_one_set([*before, share])
        except ShareError as error:
            complain(f"{error}; this share once again")
        else:
            return share
    raise CommandError(f"no share was typed well: try again, or use {_INSTEAD}")


def _ask_words(title: str) -> list[str]:
    """Ask for words in as many lines as they come; a line with a mistake is asked for again."""
    from crypto.errors import MistypedShareError
    from crypto.shares import WORDS, complete_word

    words: list[str] = []
    while len(words) < WORDS:
        line = ask_hidden(f"{title}, from word {len(words) + 1}", instead=_INSTEAD).split()
        try:
            words += [
                complete_word(word, number=number)
                for number, word in enumerate(line, start=len(words) + 1)
            ]
        except MistypedShareError as error:
            complain(f"{error}; this line once again")
    return words
