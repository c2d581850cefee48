"""`candor roster add …`: who and what comes into the next roster."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.group import Command, Commands
from cli.roster_editing import (
    HERE,
    ChannelId,
    ChannelIds,
    Directory,
    Independence,
    Key,
    Lines,
    Name,
    Names,
    Organisation,
    ReviewerId,
    Role,
    edit,
    parse_key,
    parse_names,
    read_lines,
)

if TYPE_CHECKING:
    from console.roster_book import RosterBook
    from crypto.roster import Roster

app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Add somebody or something to the next roster.",
)


@app.command(cls=Command)
def reviewer(
    reviewer_id: ReviewerId,
    lines: Lines,
    name: Name,
    role: Role,
    organisation: Organisation = "",
    independence: Independence = "",
    channel: ChannelIds = None,
    directory: Directory = HERE,
) -> None:
    """Add a reviewer, who reads what is sealed from now on.

    Reports that were sealed before stay closed to them. Compare the check that is shown with what
    `candor identity new` showed them, by telephone for instance, before you sign.

    \b
    Example:
      candor roster add reviewer anna --lines anna.pub --name "Anna K." \\
        --role Lawyer --organisation "A desk" --channel general
    """
    from console.roster_edits import add_reviewer
    from console.roster_past import require_new_lines
    from crypto.roster import Reviewer

    found = read_lines(lines)
    person = Reviewer(
        reviewer_id, name, role, organisation, independence, found.recipient, found.key
    )

    def change(book: "RosterBook", roster: "Roster") -> "Roster":
        require_new_lines(book, found, reviewer_id)
        return add_reviewer(roster, person, channel or [])

    edit(directory, change)
    if not channel:
        typer.echo(f"{reviewer_id} reads no channel yet: see `candor roster add member --help`.")


@app.command(cls=Command)
def member(reviewer_id: ReviewerId, channel: ChannelId, directory: Directory = HERE) -> None:
    """Let a reviewer read one more channel, from now on.

    \b
    Example:
      candor roster add member anna --channel prisons
    """
    from console.roster_edits import add_member

    edit(directory, lambda _, roster: add_member(roster, reviewer_id, channel))


@app.command(cls=Command)
def custodian(
    reviewer_id: ReviewerId,
    lines: Lines,
    name: Name,
    role: Role,
    organisation: Organisation = "",
    independence: Independence = "",
    directory: Directory = HERE,
) -> None:
    """Name the custodian, who alone sees the names that sources give, and no report.

    \b
    Example:
      candor roster add custodian clara --lines clara.pub --name "Clara N." \\
        --role Notary
    """
    from console.roster_edits import set_custodian
    from console.roster_past import require_new_lines
    from crypto.roster import Reviewer

    found = read_lines(lines)
    person = Reviewer(
        reviewer_id, name, role, organisation, independence, found.recipient, found.key
    )

    def change(book: "RosterBook", roster: "Roster") -> "Roster":
        require_new_lines(book, found, reviewer_id)
        return set_custodian(roster, person)

    edit(directory, change)


@app.command(cls=Command)
def courier(
    courier_id: Annotated[str, typer.Argument(metavar="ID", help="Its short name.")],
    key: Key,
    channel: ChannelIds = None,
    directory: Directory = HERE,
) -> None:
    """Let a courier fetch the sealed envelopes of channels, and witness their logs.

    \b
    Example:
      candor roster add courier van --key RW… --channel general
    """
    from console.roster_edits import add_courier
    from crypto.roster import Courier

    made = Courier(courier_id, tuple(channel or ()), parse_key(key, "--key"))
    edit(directory, lambda _, roster: add_courier(roster, made))


@app.command(cls=Command)
def channel(
    channel_id: Annotated[str, typer.Argument(metavar="ID", help="Its short name, in addresses.")],
    name: Names,
    reviewer: Annotated[
        list[str],
        typer.Option("--reviewer", metavar="ID", help="Who reads it; may be given again."),
    ],
    slots: Annotated[
        int, typer.Option("--slots", metavar="N", help="Room for so many readers.")
    ] = 16,
    retention_days: Annotated[
        int, typer.Option("--retention-days", metavar="N", help="How long the server keeps it.")
    ] = 365,
    directory: Directory = HERE,
) -> None:
    """Open another door for reports, with the form that comes with this Candor.

    \b
    Example:
      candor roster add channel prisons --reviewer anna --reviewer boris \\
        --name "en=Prisons and police" --name "ru=Тюрьмы и полиция"
    """
    from console.plan import default_form_reference
    from console.roster_edits import add_channel
    from crypto.roster import Channel

    made = Channel(
        channel_id,
        parse_names(name),
        default_form_reference(),
        tuple(reviewer),
        slots=slots,
        retention_days=retention_days,
    )
    edit(directory, lambda _, roster: add_channel(roster, made))


@app.command(cls=Command)
def origin(
    address: Annotated[str, typer.Argument(metavar="ORIGIN", help="http://….onion, no more.")],
    directory: Directory = HERE,
) -> None:
    """Name one more address at which sources reach the service.

    \b
    Example:
      candor roster add origin http://….onion
    """
    from console.roster_edits import set_origins

    edit(directory, lambda _, roster: set_origins(roster, (*roster.origins, address)))


@app.command(cls=Command, name="log-key")
def log_key(
    key: Annotated[str, typer.Argument(metavar="RW…", help="The public line in log.key.")],
    directory: Directory = HERE,
) -> None:
    """Name one more key that the server signs its log with.

    \b
    Example:
      candor roster add log-key RW…
    """
    from console.roster_edits import set_log_keys

    made = parse_key(key, "RW…")
    edit(directory, lambda _, roster: set_log_keys(roster, (*roster.log_keys, made)))
