"""`candor batch`, `export`, `deliver` and `purge`: what rests in a service, in and out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Status
from cli.group import complain
from cli.options import DEFAULT_CONFIG, Config
from cli.service_files import ServiceFiles, load_service

if TYPE_CHECKING:
    from console.progress import Meter
    from intake.service import Intake
    from intake.values import StoredEnvelope

_BLOCK_BYTES = 1 << 20


def batch(config: Config = DEFAULT_CONFIG) -> None:
    """Log and close the days before today, so that no order of arrival is left.

    What arrived on them stands in the public log from then on, and is written anew in random order.
    `candor serve` does this by itself at 00:00 UTC; run it by hand when the service was off then.
    """
    from console.progress import count_meter

    service = load_service(config)
    with service.open_intake() as intake, count_meter("Closing days") as meter:
        closed = intake.run_batch(service.log_signer(), lambda _done, _total: meter(1))
    typer.echo(f"Closed: {closed.envelopes} envelopes, {closed.replies} waiting replies.")


def export(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Made with mode 0700 if it is missing.")
    ],
    open_day: Annotated[
        bool,
        typer.Option(
            "--open-day",
            help="Also today's, whose order is still on the disk. For trying Candor out.",
        ),
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Copy the envelopes of closed days out, each as <hash>.age.

    They are as sealed as before; carry them to the offline machine. Each appears whole or not at
    all, and one that is there already is left alone, so that an interrupted export simply goes on.

    \b
    Examples:
      candor export /media/usb/inbox
      candor export ./out --open-day --config ./var/candor.toml
    """
    from console.progress import byte_meter
    from disk.files import private_directory

    service = load_service(config)
    with service.open_intake() as intake, private_directory(directory) as descriptor:
        wanted = [
            stored
            for channel in service.roster.channels
            for stored in intake.envelopes(channel.id, open_day=open_day)
        ]
        left = [stored for stored in wanted if not (directory / _name(stored)).exists()]
        with byte_meter("Exporting", sum(stored.bytes for stored in left)) as meter:
            for stored in left:
                _copy_out(intake, stored, descriptor, meter)
    there = len(wanted) - len(left)
    already = f", {there} there already" if there else ""
    typer.echo(f"{_count(len(left), 'envelope')} written to {directory}{already}.")
    if not wanted and not open_day:
        typer.echo("Today's wait for the daily batch; --open-day takes them as well.")


def deliver(
    bundles: Annotated[
        list[Path],
        typer.Argument(metavar="BUNDLE", help="What reviewers wrote with `candor reply`."),
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put what reviewers' bundles carry where it goes.

    Replies go to their mailboxes; what the reviewers and the custodian ask and tell each other goes
    to a channel, as one more envelope of it. A bundle must be signed by one of them. It always
    carries eight envelopes, dummies among them; delivering one twice does nothing. What they say,
    nobody here can read.
    """
    service = load_service(config)
    status = Status.DONE
    with service.open_intake() as intake:
        for path in bundles:
            status = max(status, _deliver_bundle(service, intake, path))
    raise typer.Exit(status)


def purge(config: Config = DEFAULT_CONFIG) -> None:
    """Remove envelopes that are older than their channel's retention.

    Their headers are erased for good: nobody can open what is left of them, keys or not.
    """
    service = load_service(config)
    retention = {channel.id: channel.retention_days for channel in service.roster.channels}
    with service.open_intake() as intake:
        purged = intake.purge(retention)
    typer.echo(
        f"Removed: {_count(purged.envelopes, 'envelope')}, {purged.replies} waiting replies."
    )
    if purged.without_rule:
        typer.echo(
            f"Kept: {_count(purged.without_rule, 'envelope')} of channels that the roster no"
            " longer has.",
        )


def _name(stored: "StoredEnvelope") -> str:
    return f"{stored.hash.hex()}.age"


def _copy_out(intake: "Intake", stored: "StoredEnvelope", directory: int, meter: "Meter") -> None:
    from disk.files import new_file

    with intake.open_envelope(stored.hash) as source, new_file(directory, _name(stored)) as file:
        while block := source.read(_BLOCK_BYTES):
            file.write(block)
            meter(len(block))


def _deliver_bundle(service: ServiceFiles, intake: "Intake", path: Path) -> Status:
    from app.delivery import deliver_bundle
    from app.doors import earlier_rosters
    from console.neutral import neutral_line
    from console.progress import count_meter
    from crypto.errors import BundleError
    from intake.days import utc_today
    from intake.errors import RefusedEnvelopeError

    rosters = (service.roster, *earlier_rosters(intake, service.roster))
    with path.open("rb", buffering=0) as file, count_meter("Delivering") as meter:
        try:
            delivered = deliver_bundle(
                file, intake, rosters, utc_today(), progress=lambda _done, _total: meter(1)
            )
        except (BundleError, RefusedEnvelopeError) as error:
            complain(f"{path}: refused: {error}")
            return Status.REFUSED
    typer.echo(f"{path}: signed by {neutral_line(delivered.sender.name)}")
    again = f", {delivered.already} delivered before" if delivered.already else ""
    typer.echo(f"  {delivered.new} delivered{again}, dummies among them")
    return Status.DONE


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
