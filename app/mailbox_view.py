"""What the page of an open mailbox shows."""

from dataclasses import dataclass
from typing import Any

from app.form_view import reader_view
from app.languages import Language
from app.replies import Gap, Letter, Mail
from app.session import MailboxSession
from app.state import Service
from app.words import STATUSES


@dataclass(frozen=True, slots=True)
class LetterView:
    """A reply, under the name that its signature proves."""

    hash: str
    name: str
    about: tuple[str, ...]
    number: int
    day: str
    status: str
    next_day: str
    text: str


@dataclass(frozen=True, slots=True)
class GapView:
    """Numbers that are missing, as one number or a span, and how many they are."""

    name: str
    numbers: str
    count: int


@dataclass(frozen=True, slots=True)
class RepeatView:
    """A number that more than one reply bears."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A channel that a message can be written to."""

    id: str
    name: str


def mailbox_values(
    service: Service, language: Language, mail: Mail, session: MailboxSession
) -> dict[str, Any]:
    """Give the template its values."""
    arrived = session.arrived
    return {
        "arrived": None if arrived is None else [language.size(size) for size in arrived],
        "letters": [_letter(letter, language) for letter in mail.letters],
        "unreadable": [envelope.hex() for envelope in mail.unreadable],
        "gaps": [_gap(gap) for gap in mail.gaps],
        "repeats": [RepeatView(found.reviewer.name, found.number) for found in mail.repeats],
        "places": _places(service, language, mail, session),
    }


def _letter(letter: Letter, language: Language) -> LetterView:
    reply, status = letter.reply, letter.reply.status
    next_day = status.next_day if status else None
    return LetterView(
        hash=letter.hash.hex(),
        name=letter.reviewer.name,
        about=reader_view(letter.reviewer).about[:1],
        number=reply.info.number,
        day=language.day(reply.info.day),
        status=language.gettext(STATUSES[status.code]) if status else "",
        next_day=language.day(next_day) if next_day else "",
        text=reply.text,
    )


def _gap(gap: Gap) -> GapView:
    count = gap.last - gap.first + 1
    span = str(gap.first) if count == 1 else f"{gap.first}\N{EN DASH}{gap.last}"
    return GapView(gap.reviewer.name, span, count)


def _places(
    service: Service, language: Language, mail: Mail, session: MailboxSession
) -> list[PlaceView]:
    """Choose where a message can go: the thread's channel, where it is known, else any."""
    channels = {channel.id: channel for channel in service.roster.channels}
    wanted = {letter.reply.channel for letter in mail.letters}
    if session.channel:
        wanted = {session.channel}
    chosen = [channel for id_, channel in channels.items() if id_ in wanted]
    return [
        PlaceView(channel.id, language.text_of(channel.names))
        for channel in chosen or channels.values()
    ]
