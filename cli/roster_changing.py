"""`candor roster change …`: what the next roster says of those who are in it already."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.group import Command, Commands
from cli.roster_editing import HERE, Directory, ReviewerId, edit, parse_names

if TYPE_CHECKING:
    from crypto.roster import Channel, Roster

app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Change what the next roster says of somebody or something in it.",
)


@app.command(cls=Command)
def person(
    reviewer_id: ReviewerId,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT")] = None,
    role: Annotated[str | None, typer.Option("--role", metavar="TEXT")] = None,
    organisation: Annotated[str | None, typer.Option("--organisation", metavar="TEXT")] = None,
    independence: Annotated[str | None, typer.Option("--independence", metavar="TEXT")] = None,
    directory: Directory = HERE,
) -> None:
    """Change how a reviewer or the custodian is shown to sources; for new keys use `rotate`.

    \b
    Example:
      candor roster change person anna --role "Head of legal"
    """
    from console.roster_edits import change_person

    told = _told(name=name, role=role, organisation=organisation, independence=independence)
    edit(
        directory,
        lambda _, roster: change_person(roster, reviewer_id, lambda one: replace(one, **told)),
    )


@app.command(cls=Command)
def channel(
    channel_id: Annotated[str, typer.Argument(metavar="ID", help="Its short name.")],
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="LANG=TEXT", help="All its names; may be given again."),
    ] = None,
    slots: Annotated[
        int | None, typer.Option("--slots", metavar="N", help="Room for so many readers.")
    ] = None,
    retention_days: Annotated[
        int | None,
        typer.Option("--retention-days", metavar="N", help="How long the server keeps it."),
    ] = None,
    *,
    renew_form: Annotated[
        bool, typer.Option("--renew-form", help="Ask with the form that comes with this Candor.")
    ] = False,
    directory: Directory = HERE,
) -> None:
    """Change a channel's names, room, retention or form.

    Every envelope of a channel has as many stanzas as the channel has room, so that nobody can
    count its readers. Change it rarely: then older and newer reports can be told apart by it.

    \b
    Examples:
      candor roster change channel general --retention-days 180
      candor roster change channel general --name "en=Abuse" --name "ru=Насилие"
    """
    from console.plan import default_form_reference
    from console.roster_edits import change_channel

    names = parse_names(name) if name else None
    form = default_form_reference() if renew_form else None
    told = _told(names=names, slots=slots, retention_days=retention_days, form=form)

    def change(one: "Channel") -> "Channel":
        return replace(one, **told)

    edit(directory, lambda _, roster: change_channel(roster, channel_id, change))


@app.command(cls=Command)
def decoys(
    mean_per_day: Annotated[
        int, typer.Argument(metavar="N", help="For each channel, in the mean; 0 for none.")
    ],
    directory: Directory = HERE,
) -> None:
    """Change how many decoys the server seals, with the default sizes.

    They make an envelope that nobody opens mean nothing. Six a day take about 2.5 GB a year for
    each channel.

    \b
    Example:
      candor roster change decoys 6
    """
    from console.plan import default_decoys

    def change(_: object, roster: "Roster") -> "Roster":
        return replace(roster, decoys=default_decoys(mean_per_day))

    edit(directory, change)


def _told(**values: Any) -> dict[str, Any]:
    """Keep the options that were given."""
    told = {name: value for name, value in values.items() if value is not None}
    if not told:
        raise typer.BadParameter("say what to change: --help lists the options")
    return told
