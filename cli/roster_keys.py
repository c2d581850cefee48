"""`candor roster rotate` and `revoke`: other keys for somebody, with an overlap or without."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.roster_editing import HERE, Directory, Lines, ReviewerId, edit, read_lines, today_here

if TYPE_CHECKING:
    from console.roster_book import RosterBook
    from crypto.roster import Roster

_OVERLAP_DAYS = 183  # as long as a roster holds, and longer than a reply usually waits


def rotate(
    reviewer_id: ReviewerId,
    lines: Lines,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help=f"How long the old key's signatures count; else {_OVERLAP_DAYS} days.",
        ),
    ] = None,
    directory: Directory = HERE,
) -> None:
    """Give a reviewer or the custodian new keys.

    From now on everything is sealed to the new one. Replies that they signed with the old one are
    still taken until the day. They keep the old identity file: it opens what came before. When the
    old key is lost or in other hands, use `revoke` instead.

    \b
    Example:
      candor roster rotate anna --lines anna-2027.pub
    """
    from console.roster_edits import rotate as rotate_keys
    from console.roster_past import require_new_lines

    today = today_here()
    last = until.date() if until else today + timedelta(days=_OVERLAP_DAYS)
    if last < today:
        raise typer.BadParameter("is past; use `revoke` for no overlap", param_hint="--until")
    found = read_lines(lines)

    def change(book: "RosterBook", roster: "Roster") -> "Roster":
        require_new_lines(book, found, reviewer_id)
        return rotate_keys(roster, reviewer_id, found, last)

    edit(directory, change)


def revoke(
    reviewer_id: ReviewerId,
    lines: Annotated[
        Path | None,
        typer.Option(
            "--lines", metavar="FILE", help="Of their new identity; without it they are removed."
        ),
    ] = None,
    directory: Directory = HERE,
) -> None:
    """Take a lost or stolen key away at once.

    Or that of somebody who is no longer trusted. Nothing is sealed to it any more, and nothing that
    it signed is taken, as soon as the server has the next roster: sign it today. What was sealed to
    it before stays open to whoever holds it; the list says what that is.

    \b
    Examples:
      candor roster revoke boris
      candor roster revoke boris --lines boris-new.pub
    """
    from console.roster_edits import remove_custodian, remove_reviewer
    from console.roster_edits import rotate as rotate_keys
    from console.roster_past import require_new_lines

    found = read_lines(lines) if lines else None

    def change(book: "RosterBook", roster: "Roster") -> "Roster":
        if found is not None:
            require_new_lines(book, found, reviewer_id)
            return rotate_keys(roster, reviewer_id, found, until=None)
        if roster.custodian is not None and roster.custodian.id == reviewer_id:
            return remove_custodian(roster)
        return remove_reviewer(roster, reviewer_id)

    book = edit(directory, change)
    typer.echo()
    for line in _reach(book, reviewer_id):
        typer.echo(line)


def _reach(book: "RosterBook", person_id: str) -> list[str]:
    """Say what somebody could read."""
    from console.roster_past import what_could_read

    lines = []
    for span in what_could_read(book, person_id):
        what = f"reports of {span.channel}" if span.channel else "names that sources gave"
        if span.shared:
            what += ", together with others"
        since = f"since roster {span.first[0]} ({span.first[1]})"
        until = "until the next roster"
        if span.last is not None:
            until = f"until roster {span.last[0]} ({span.last[1]})"
        lines.append(f"  {what}, {since}, {until}")
    oldest = book.history[0].roster.serial
    more = [f"Rosters before {oldest} are not kept here."] if oldest > 1 else []
    return [
        f"What {person_id} could open, where the source chose them:",
        *(lines or ["  nothing"]),
        *more,
    ]
