"""The roster that tells whose something is: given by two options, or imported with the envelope."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from console.roster_shelf import RosterShelf

RosterFile = Annotated[
    Path | None,
    typer.Option(
        "--roster",
        metavar="FILE",
        help="The service's roster.json, its .minisig beside it. What `candor import` took has its"
        " own.",
    ),
]
Root = Annotated[
    str | None,
    typer.Option("--root", metavar="RW…", help="The service's fingerprint; goes with --roster."),
]


def roster_shelf(roster: Path | None, root: str | None) -> "RosterShelf":
    """Take the roster that was given, or be ready to look for one beside the envelopes.

    Raises:
        RefusedRosterError: it does not hold; one that has expired is refused where it is acted on.
    """
    from console.roster_refusal import judge
    from console.roster_shelf import RosterShelf
    from crypto.minisign import VerifyKey

    today = datetime.now(UTC).date()
    if (roster is None) != (root is None):
        raise typer.BadParameter("go together", param_hint="--roster and --root")
    if roster is None or root is None:
        return RosterShelf(today)
    verdict = judge(roster, VerifyKey.parse(root), today=date.min, origin=None, seen=None)
    return RosterShelf(today, verdict.roster)
