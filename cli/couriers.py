"""`candor courier …`: carry sealed envelopes from the service, and replies to it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError, Status
from cli.group import Command, Commands, complain
from cli.terminal import own_command

if TYPE_CHECKING:
    from courier.pull import Pulled
    from courier.push import Push
    from courier.status import ChannelStatus
    from crypto.log_day import LogDay
    from crypto.log_watch import Alarm

app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Carry sealed envelopes from the service over Tor, and replies to it.",
)
TOR = "socks5h://127.0.0.1:9050"
_SHOWN_ALARMS = 5  # of one cause
Directory = Annotated[
    Path, typer.Argument(metavar="DIR", help="The courier's directory.", show_default=False)
]


@app.command(cls=Command)
def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Made with mode 0700; then this courier's own.")
    ],
    service: Annotated[
        str,
        typer.Option(
            "--service", metavar="http://….onion", help="Where the service listens for couriers."
        ),
    ],
    root: Annotated[
        str,
        typer.Option("--root", metavar="RW…", help="The fingerprint that the service publishes."),
    ],
    name: Annotated[
        str, typer.Option("--id", metavar="NAME", help="This courier's name in the roster.")
    ],
    head: Annotated[
        list[Path] | None,
        typer.Option(
            "--head",
            metavar="DAYFILE",
            help="Begin at the end of this day of a log, not at its beginning: a file that another"
            " courier has kept. One for each channel.",
        ),
    ] = None,
    proxy: Annotated[
        str,
        typer.Option(
            "--proxy", metavar="URL", help="Tor's SOCKS port; none on the service's own machine."
        ),
    ] = TOR,
) -> None:
    """Make a courier: its key, on the machine that carries.

    Nothing is asked of the service yet. The line that is printed goes to whoever makes the roster;
    once they have signed it and it is at the service, `candor courier pull` works.

    \b
    Example:
      candor courier init ~/courier --service http://….onion --root RW… --id car
    """
    from courier.settings import Settings
    from courier.state import create_directory

    settings = Settings(service=service, root=root, id=name, proxy=proxy)
    courier = create_directory(directory, settings, [_read_day(path) for path in head or ()])
    key = courier.key.verify_key.serialize()
    typer.echo(f"Courier   {directory}")
    typer.echo(f"Signs as  {key}")
    typer.echo("\nWhoever makes the roster adds it, for each channel that it is to fetch:")
    typer.echo(f"  candor roster add courier {name} --key {key} --channel ID")
    typer.echo("\nWhen the signed roster is at the service:")
    typer.echo(f"  {own_command()} courier pull {directory} --out /media/usb")


@app.command(cls=Command)
def pull(
    directory: Directory,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="STICK", help="Where the bundles are written.")
    ],
) -> None:
    """Fetch the days closed since, and write a bundle of each channel.

    A run that was cut off is gone on with: run it again. Without new days nothing is written.

    \b
    Exit status:
      0  done; there may have been nothing new
      1  refused, or not everything came; the message says what
      4  an alarm: the message says what is wrong and what to do
    """
    from console.progress import byte_meter, count_meter
    from courier.pull import Shown
    from courier.pull import pull as fetch
    from courier.state import CourierDirectory

    courier = CourierDirectory.open(directory)
    before = courier.alarms()
    pulled = fetch(courier, out, Shown(count_meter, byte_meter, complain), today=_today)
    for bundle in pulled.bundles:
        typer.echo(f"{bundle}")
    if not pulled.bundles and not pulled.failed:
        typer.echo("Nothing new.")
    raise typer.Exit(_tell(pulled, before, directory))


@app.command(cls=Command)
def push(
    directory: Directory,
    bundles: Annotated[
        list[Path], typer.Argument(metavar="BUNDLE", help="Bundles that `candor reply` wrote.")
    ],
) -> None:
    """Hand the reviewers' bundles in.

    A bundle must be signed by a reviewer of the roster; anything else stays here. Handing one in
    twice does nothing. What is in it, nobody here can read.
    """
    from courier.push import Push
    from courier.rosters import AlarmingRosterError
    from courier.signing import client_of
    from courier.state import CourierDirectory

    courier, status = CourierDirectory.open(directory), Status.DONE
    with courier.alone(), client_of(courier) as client:
        try:
            errand = Push(courier, client, _today())
        except AlarmingRosterError as error:
            _cry([error.alarm])
            raise typer.Exit(Status.ALARM) from None
        for bundle in bundles:
            status = max(status, _push_one(errand, bundle))
    raise typer.Exit(status)


@app.command("status", cls=Command)
def show_status(
    directory: Directory,
    acknowledge: Annotated[
        bool,
        typer.Option("--acknowledge", help="The alarms have been dealt with: show them no more."),
    ] = False,
) -> None:
    """Say how far this courier has come, without asking anybody.

    \b
    Exit status:
      0  no alarm waits
      4  one does, until it is acknowledged
    """
    from courier.state import CourierDirectory
    from courier.status import channel_statuses, standing

    courier = CourierDirectory.open(directory)
    roster, carries = standing(courier)
    typer.echo(f"Courier  {courier.settings.id}, for {courier.settings.service}")
    typer.echo(f"Roster   {roster}")
    typer.echo(f"Carries  {carries}")
    for channel in channel_statuses(courier, _today()):
        for line in _channel_lines(channel):
            typer.echo(line)
    alarms = courier.alarms()
    _cry(alarms)
    if acknowledge and alarms:
        with courier.alone():
            courier.acknowledge()
        typer.echo(f"Acknowledged: {len(alarms)}.", err=True)
    raise typer.Exit(Status.ALARM if alarms and not acknowledge else Status.DONE)


def _tell(pulled: "Pulled", before: tuple["Alarm", ...], directory: Path) -> Status:
    """Say on stderr what did not go well, and choose the exit status."""
    for channel, why in pulled.failed.items():
        complain(f"{channel}: {why}")
    _cry(pulled.alarms)
    waiting = [alarm for alarm in before if alarm not in pulled.alarms]
    if waiting:
        complain(f"alarms of earlier runs wait: candor courier status {directory}")
    if waiting or not all(alarm.is_warning for alarm in pulled.alarms):
        return Status.ALARM
    return Status.REFUSED if pulled.failed else Status.DONE


def _cry(alarms: Sequence["Alarm"]) -> None:
    """Say what is wrong and, once for all that are alike, what to do."""
    for cause in dict.fromkeys(alarm.cause for alarm in alarms):
        alike = [alarm for alarm in alarms if alarm.cause is cause]
        for alarm in alike[:_SHOWN_ALARMS]:
            complain(f"{'warning' if alarm.is_warning else 'ALARM'}: {alarm.sentence}")
        if len(alike) > _SHOWN_ALARMS:
            complain(f"ALARM: and so for {len(alike) - _SHOWN_ALARMS} more")
        typer.echo(f"  What to do: {alike[0].advice}.", err=True)


def _push_one(errand: "Push", bundle: Path) -> Status:
    from courier.errors import RefusedError
    from crypto.errors import BundleError

    try:
        delivered = errand.deliver(bundle)
    except (BundleError, RefusedError) as error:
        complain(f"{bundle}: {error}")
        return Status.REFUSED
    again = f", {delivered.before} delivered before" if delivered.before else ""
    typer.echo(f"{bundle}: {delivered.now} delivered{again}, dummies among them")
    return Status.DONE


def _channel_lines(channel: "ChannelStatus") -> list[str]:
    lines = [f"Channel  {channel.id}"]
    if channel.day is None:
        return [*lines, "  nothing fetched yet"]
    lines.append(f"  followed to {channel.day}")
    lines.append(f"  head        {channel.tree.size} {channel.tree.root.hex()}")
    if channel.bundle:
        where = "" if channel.handed_out else ", still to be written to the stick"
        lines.append(f"  last bundle {channel.bundle}{where}")
    if channel.waiting_days:
        lines.append(f"  {channel.waiting_days} days are in no bundle yet")
    if channel.late:
        lines.append(f"  warning: {channel.late.sentence}")
    return lines


def _read_day(path: Path) -> "LogDay":
    from crypto.errors import MalformedLogError
    from crypto.log_day import MAX_DAY_BYTES, parse_day

    with path.open("rb") as file:
        data = file.read(MAX_DAY_BYTES + 1)
    try:
        return parse_day(data)
    except MalformedLogError as error:
        raise CommandError(f"{path}: {error}") from None


def _today() -> date:
    """Ask this machine's clock, which the service allows to be wrong by some minutes only."""
    return datetime.now(UTC).date()
