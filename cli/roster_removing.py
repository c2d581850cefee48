"""`candor roster remove …`: who and what is no longer in the next roster."""

from typing import Annotated

import typer

from cli.errors import CommandError
from cli.group import Command, Commands
from cli.roster_editing import HERE, ChannelId, Directory, ReviewerId, edit, parse_key

app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Take somebody or something out of the next roster.",
)


@app.command(cls=Command)
def reviewer(reviewer_id: ReviewerId, directory: Directory = HERE) -> None:
    """Take a reviewer out of the roster and of every channel.

    They go on opening what was sealed to them before, and nothing that is sealed from now on. What
    they signed counts no longer. When their key is lost or in other hands, use `revoke`.

    \b
    Example:
      candor roster remove reviewer boris
    """
    from console.roster_edits import remove_reviewer

    edit(directory, lambda _, roster: remove_reviewer(roster, reviewer_id))


@app.command(cls=Command)
def member(reviewer_id: ReviewerId, channel: ChannelId, directory: Directory = HERE) -> None:
    """Let a reviewer read a channel no longer; they stay a reviewer.

    \b
    Example:
      candor roster remove member boris --channel prisons
    """
    from console.roster_edits import remove_member

    edit(directory, lambda _, roster: remove_member(roster, reviewer_id, channel))


@app.command(cls=Command)
def custodian(directory: Directory = HERE) -> None:
    """Have no custodian: the form stops asking for names.

    \b
    Example:
      candor roster remove custodian
    """
    from console.roster_edits import remove_custodian

    edit(directory, lambda _, roster: remove_custodian(roster))


@app.command(cls=Command)
def courier(
    courier_id: Annotated[str, typer.Argument(metavar="ID", help="Its short name.")],
    directory: Directory = HERE,
) -> None:
    """Let a courier fetch nothing any more.

    \b
    Example:
      candor roster remove courier van
    """
    from console.roster_edits import remove_courier

    edit(directory, lambda _, roster: remove_courier(roster, courier_id))


@app.command(cls=Command)
def channel(
    channel_id: Annotated[str, typer.Argument(metavar="ID", help="Its short name.")],
    directory: Directory = HERE,
) -> None:
    """Close a door for reports.

    The server keeps what came through it until somebody decides otherwise, so wait until its
    retention is over, or export it before.

    \b
    Example:
      candor roster remove channel prisons
    """
    from console.roster_edits import remove_channel

    edit(directory, lambda _, roster: remove_channel(roster, channel_id))


@app.command(cls=Command)
def origin(
    address: Annotated[str, typer.Argument(metavar="ORIGIN", help="As the roster has it.")],
    directory: Directory = HERE,
) -> None:
    """Take back an address of the service.

    \b
    Example:
      candor roster remove origin http://….onion
    """
    from console.roster_edits import set_origins
    from crypto.roster import Roster

    def change(_: object, roster: Roster) -> Roster:
        if address not in roster.origins:
            there = ", ".join(roster.origins)
            raise CommandError(f"the roster has no such origin: there are {there}")
        return set_origins(roster, [one for one in roster.origins if one != address])

    edit(directory, change)


@app.command(cls=Command, name="log-key")
def log_key(
    key: Annotated[str, typer.Argument(metavar="RW…", help="As the roster has it.")],
    directory: Directory = HERE,
) -> None:
    """Take back a key of the log, once the server signs with another.

    \b
    Example:
      candor roster remove log-key RW…
    """
    from console.roster_edits import set_log_keys
    from crypto.roster import Roster

    gone = parse_key(key, "RW…")

    def change(_: object, roster: Roster) -> Roster:
        if gone not in roster.log_keys:
            raise CommandError("the roster has no such log key: `candor roster show` lists them")
        return set_log_keys(roster, [one for one in roster.log_keys if one != gone])

    edit(directory, change)
