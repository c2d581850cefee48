"""What the page about the log shows of each channel."""

import base64
from dataclasses import dataclass

from app.languages import Language
from app.state import Service, form_file
from crypto.checkpoint import witness_name
from crypto.log_day import parse_day
from crypto.roster import Channel


@dataclass(frozen=True, slots=True)
class RecordView:
    """How far the log of a channel goes; a channel whose first day is not over has no day.

    Attributes:
        name: the channel's, in the page's language.
        day: the last one, written out.
        size: how many envelopes the log has.
        root: of the tree at the end of that day, as its head has it.
        witnesses: ids of the couriers who cosigned that head.
        path: where the day's file is.
    """

    name: str
    day: str = ""
    size: str = ""
    root: str = ""
    witnesses: tuple[str, ...] = ()
    path: str = ""


def record_views(service: Service, language: Language) -> tuple[RecordView, ...]:
    """Show every channel of the roster.

    Raises:
        LogError: the last day of a log was damaged on the disk.
    """
    return tuple(_view(service, language, channel) for channel in service.roster.channels)


def signed_files(service: Service) -> tuple[str, ...]:
    """List where the roster is, its signature, and the forms that it names by their hash."""
    forms = dict.fromkeys(form_file(channel.form) for channel in service.roster.channels)
    return ("/roster.json", "/roster.json.minisig", *(f"/forms/{form}" for form in forms))


def _view(service: Service, language: Language, channel: Channel) -> RecordView:
    name = language.text_of(channel.names)
    span = service.intake.log_days(channel.id)
    if span is None:
        return RecordView(name)
    day = parse_day(service.intake.log_day(channel.id, span[1]))
    known = {
        witness_name(service.roster.service_id, courier.id): courier
        for courier in service.roster.couriers
        if channel.id in courier.channels
    }
    signed = day.head.witnesses({name: courier.key for name, courier in known.items()})
    return RecordView(
        name,
        language.day(day.day),
        language.number(day.head.size),
        base64.b64encode(day.head.root).decode("ascii"),
        tuple(known[witness].id for witness in signed),
        f"/log/{channel.id}/{day.day.isoformat()}.json",
    )
