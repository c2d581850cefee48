"""`candor restore-log`: after the server came back from a backup."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError, Status
from cli.group import complain
from cli.options import DEFAULT_CONFIG, Config
from cli.service_files import ServiceFiles, load_service

if TYPE_CHECKING:
    from crypto.inbound import InboundInfo, RosterDocument
    from crypto.inbound_reader import InboundBundle
    from crypto.minisign import VerifyKey
    from crypto.roster import Channel
    from crypto.sinks import Sink
    from intake.restore import Restored
    from intake.service import Intake


def restore_log(
    bundles: Annotated[
        list[Path],
        typer.Argument(metavar="BUNDLE", help="What couriers carried away, in any order."),
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put the log back as the couriers saw it, after the server came back from a backup.

    Stop the service first, and run this before it is started again. Give the bundles that couriers
    made since the backup, of all of them: a log that says something else than what they have seen
    is a second one, and everybody would be told so. Envelopes that are missing here come back with
    it, as long as their retention lasts. What is here and in no list yet, the next batch logs.

    Killed at any moment, it goes on when it is run again.

    \b
    Example:
      candor restore-log /media/usb/*.zip --config /srv/candor/candor.toml

    \b
    Exit status:
      0  done
      1  a bundle was refused, or bundles between are missing: nothing was changed
      2  wrong usage
      4  done, but envelopes of the log are nowhere: their couriers will say so, too
    """
    service = load_service(config)
    status = Status.DONE
    with ExitStack() as held, service.open_intake() as intake:
        opened = [_open(held, service, path) for path in bundles]
        for channel in service.roster.channels:
            brought = [bundle for bundle in opened if bundle.info.channel == channel.id]
            if brought:
                status = max(status, _restore(intake, service, channel, brought))
    raise typer.Exit(status)


def _open(held: ExitStack, service: ServiceFiles, path: Path) -> "InboundBundle":
    """Open a bundle that stays open.

    Raises:
        CommandError: it is refused; the message names it.
    """
    from crypto.errors import CandorError
    from crypto.inbound_reader import InboundBundle

    file = held.enter_context(path.open("rb", buffering=0))
    try:
        return InboundBundle(file, partial(_courier_key, service))
    except CandorError as error:
        raise CommandError(f"{path}: refused: {error}") from None


def _courier_key(
    service: ServiceFiles, info: "InboundInfo", document: "RosterDocument"
) -> "VerifyKey":
    """Find who must have signed a bundle: a courier of the roster in force.

    Raises:
        RosterError: the roster in the bundle is not of this service's root key.
        BundleError: another service's bundle, no courier's of the roster, or one from under a newer
            roster than the service has.
    """
    from datetime import date

    from crypto.errors import BundleError
    from crypto.signed_roster import parse_roster

    roster = service.roster
    brought = parse_roster(
        document.document, document.signature, roster.root, today=date.min, origin=None
    )
    if brought.service_id != roster.service_id:
        raise BundleError("it is of another service")
    if brought.serial > roster.serial:
        raise BundleError(
            f"it was made under roster {brought.serial} and the service has {roster.serial}: put"
            " the newer one in place first; the bundle holds it"
        )
    for courier in roster.couriers:
        if courier.id == info.courier and info.channel in courier.channels:
            return courier.key
    raise BundleError("no courier of the roster who fetches this channel made it")


def _restore(
    intake: "Intake",
    service: ServiceFiles,
    channel: "Channel",
    bundles: Sequence["InboundBundle"],
) -> Status:
    from console.progress import byte_meter
    from crypto.checkpoint import log_origin, witness_name
    from intake.course import Course

    roster = service.roster
    witnesses = {
        witness_name(roster.service_id, courier.id): courier.key for courier in roster.couriers
    }
    course = Course.check(
        (day for bundle in bundles for day in bundle.days),
        log_origin(roster.service_id, channel.id),
        log_keys=roster.log_keys,
        witnesses=witnesses,
    )
    size = sum(length for bundle in bundles for length in bundle.envelopes.values())
    with byte_meter(f"Restoring {channel.id}", size) as meter:
        restored = intake.restore_log(
            channel.id,
            course,
            _carried(bundles, meter),
            witnesses=witnesses,
            retention_days=channel.retention_days,
        )
    return _say(channel.id, restored)


def _carried(
    bundles: Sequence["InboundBundle"], meter: Callable[[int], None]
) -> Mapping[bytes, Callable[["Sink"], None]]:
    return {
        digest: partial(bundle.copy, digest, progress=meter)
        for bundle in bundles
        for digest in bundle.envelopes
    }


def _say(channel: str, restored: "Restored") -> Status:
    typer.echo(
        f"{channel}: the log goes to {restored.until}; {_count(restored.days_added, 'day')} put"
        f" back, {_count(restored.days_removed, 'day')} of this server's own removed,"
        f" {_count(restored.taken_in, 'envelope')} taken in again."
    )
    if not restored.missing:
        return Status.DONE
    complain(
        f"{channel}: {_count(restored.missing, 'envelope')} of the log are neither here nor in the"
        " bundles: look for further bundles, and tell the reviewers"
    )
    return Status.ALARM


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
