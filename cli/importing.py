"""`candor import`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Status, explain
from cli.group import complain
from cli.import_status import count, cry

if TYPE_CHECKING:
    from console.import_directory import ImportDirectory
    from console.imports import Imported, Occasion
    from crypto.log_day import LogDay


def import_bundles(
    bundles: Annotated[
        list[Path], typer.Argument(metavar="BUNDLE", help="What a courier brought, in any order.")
    ],
    into: Annotated[
        Path,
        typer.Option(
            "--into", metavar="DIR", help="Where it is kept; made at the first import, yours alone."
        ),
    ],
    root: Annotated[
        str | None,
        typer.Option(
            "--root",
            metavar="RW…",
            help="The fingerprint of the service. Needed the first time; then DIR belongs to this"
            " service.",
        ),
    ] = None,
    head: Annotated[
        list[Path] | None,
        typer.Option(
            "--head",
            metavar="DAYFILE",
            help="A day of the public log that no bundle brings: the one after which to begin,"
            " which a courier must have witnessed; or one whose bundle is lost for good. May be"
            " given again.",
        ),
    ] = None,
) -> None:
    """Take what a courier brought, and follow the log.

    Every envelope must be in the service's log, and every one that was logged must have come as
    long as the service was to keep it. What is wrong with a bundle is said, and nothing of it is
    taken; what is wrong with the log is an alarm: all sound envelopes are taken nevertheless, and
    the alarm is repeated until `candor status DIR --acknowledge N`.

    Killed at any moment, it goes on when the same bundles are imported again.

    \b
    Examples:
      candor import /media/usb/*.zip --into desk --root RW…
      candor import /media/usb/*.zip --into desk

    \b
    Exit status:
      0  everything was taken, and no alarm waits
      1  a bundle was refused; the message says why
      2  wrong usage
      4  an alarm waits: the message says what is wrong and what to do
    """
    from console.import_directory import open_imports
    from console.log_files import read_day_file
    from console.on_stick import in_order

    occasion = _occasion(root, [read_day_file(path) for path in head or ()])
    done: list[Imported] = []
    with open_imports(into) as directory:
        waited = _numbers(directory)
        try:
            for path in in_order(bundles):
                done += _import_one(directory, path, occasion)
            _sum_up(directory, done)
        finally:  # whatever stops an import, what was found by then is told
            alarmed = _tell_alarms(directory, waited)
    if alarmed:
        raise typer.Exit(Status.ALARM)
    raise typer.Exit(Status.DONE if len(done) == len(bundles) else Status.REFUSED)


def _tell_alarms(directory: "ImportDirectory", waited: set[int]) -> bool:
    """Say which alarms are settled and which wait; tell whether any does."""
    for number in sorted(waited - _numbers(directory)):
        typer.echo(f"Alarm {number} is settled: what was missing has come.")
    return directory.state is not None and cry(directory.state.alarms, directory.path)


def _occasion(root: str | None, heads: list["LogDay"]) -> "Occasion":
    from datetime import UTC, datetime

    from console.imports import Occasion
    from crypto.minisign import VerifyKey

    key = VerifyKey.parse(root) if root else None
    return Occasion(datetime.now(UTC).date(), key, tuple(heads))


def _import_one(directory: "ImportDirectory", path: Path, occasion: "Occasion") -> list["Imported"]:
    """Import one bundle; when it is refused, say why and go on with the next."""
    from console.errors import RefusedBundleError
    from console.imports import import_bundle
    from console.neutral import neutral_line
    from console.on_stick import size_of
    from console.progress import byte_meter
    from crypto.errors import RosterError

    try:
        with byte_meter(f"Importing {path.name}", size_of(path)) as meter:
            imported = import_bundle(directory, path, occasion, meter)
    except (RefusedBundleError, RosterError, OSError) as error:
        complain(f"{path}: refused: {explain(error)[0]}")
        return []
    typer.echo(neutral_line(f"{path}"))
    for line in _bundle_lines(imported):
        typer.echo(f"  {line}")
    if imported.roster_expired:
        complain(
            f"warning: the roster was valid until {imported.roster_expired}: what came before may"
            " be read; ask whoever holds the root key for a new one"
        )
    if imported.too_late:
        complain(
            f"warning: {count(imported.too_late, 'envelope')} of {imported.channel} did not come,"
            " and their time has passed: the service may have erased them. If this desk has not"
            " begun late, somebody held the bundle back; ask the courier, and import what another"
            " one brought"
        )
    if imported.days_behind:
        complain(
            f"warning: the newest day of {imported.channel} is {imported.days_behind} days old: ask"
            " the courier for what came since, and whether the dates are right"
        )
    return [imported]


def _bundle_lines(imported: "Imported") -> list[str]:
    days = f"{imported.first_day} to {imported.last_day}"
    if imported.first_day == imported.last_day:
        days = f"{imported.last_day}"
    here = f", {imported.already} here already" if imported.already else ""
    witnesses = ", ".join(imported.witnesses)
    seen = f"witnessed by {witnesses}" if witnesses else "not yet witnessed"
    log = imported.followed
    return [
        f"bundle {imported.serial} of courier {imported.courier} for {imported.channel}: {days}",
        f"{count(imported.new, 'new envelope')}{here}",
        f"log: {count(log.tree.size, 'envelope')} by the end of {log.day}, {seen}"
        if log.day
        else "log: not followed yet",
    ]


def _sum_up(directory: "ImportDirectory", done: list["Imported"]) -> None:
    if len(done) > 1:
        new, already = sum(i.new for i in done), sum(i.already for i in done)
        here = f", {already} here already" if already else ""
        typer.echo(f"\nTogether: {count(new, 'new envelope')}{here}.")
    channels = sorted({imported.channel for imported in done if imported.new})
    if channels:
        typer.echo("\nTo read them:")
    for channel in channels:
        inbox = shlex.quote(str(directory.inbox(channel)))
        typer.echo(f"  candor open {inbox} {_opened_by(directory, channel)}")


def _opened_by(directory: "ImportDirectory", channel_id: str) -> str:
    """Write the option that opens a channel's envelopes, by the newest roster."""
    from console.roster_shelf import newest_roster

    roster = newest_roster(directory.path)
    channels = roster.channels if roster else ()
    several = any(one.id == channel_id and one.threshold > 1 for one in channels)
    return "--shares" if several else "--identity FILE"


def _numbers(directory: "ImportDirectory") -> set[int]:
    """Return the numbers of the alarms that wait."""
    state = directory.state
    return {group.number for group in state.alarms.waiting} if state else set()
