"""What the signed rosters of the past say: who could read what, and which keys were used before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from console.errors import RosterChangeError
from console.public_lines import PublicLines
from console.roster_book import RosterBook
from crypto.roster import Roster


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive rosters under which somebody was sealed to.

    Attributes:
        channel: its id; empty for the custodian, who sees names in every channel.
        last: the serial and day of the first roster without them; None while there is none.
        shared: they held a share of the channel's key, and could open nothing alone.
    """

    channel: str
    first: tuple[int, date]
    last: tuple[int, date] | None
    shared: bool = False


def what_could_read(book: RosterBook, person_id: str) -> Iterator[Span]:
    """Find what was sealed to somebody, by the rosters that are kept here; the source chose."""
    rosters = [signed.roster for signed in book.history]
    channels = {channel.id: None for roster in rosters for channel in roster.channels}
    for channel_id in channels:
        for shared in (False, True):
            reads = ((r, _reads(r, person_id, channel_id, shared=shared)) for r in rosters)
            yield from _spans(channel_id, reads, shared=shared)
    yield from _spans("", ((r, _is_custodian(r, person_id)) for r in rosters))


def require_new_lines(book: RosterBook, lines: PublicLines, person_id: str) -> None:
    """Refuse lines that stood in a signed roster before.

    Whose key was replaced or taken away gets a new one: the old one may be in other hands, and
    what was sealed to it is told apart from what is sealed from now on. To take somebody away and
    back before anything is signed is no harm.

    Raises:
        RosterChangeError: says in which roster they stood, and for whom.
    """
    standing = {one.id: (one.key, one.recipient) for one in book.newest.people}
    if standing.get(person_id) == (lines.key, lines.recipient):
        return
    for signed in reversed(book.history):
        for person in signed.roster.people:
            if lines.key in person.all_keys or lines.recipient == person.recipient:
                raise RosterChangeError(
                    f"these lines stood for {person.id} in roster {signed.roster.serial}:"
                    " let `candor identity new` make new ones"
                )


def _spans(
    channel: str, rosters: Iterable[tuple[Roster, bool]], *, shared: bool = False
) -> Iterator[Span]:
    """Join consecutive rosters that say yes."""
    first: tuple[int, date] | None = None
    for roster, reads in rosters:
        here = (roster.serial, roster.issued)
        if reads:
            first = first or here
        elif first:
            yield Span(channel, first, here, shared)
            first = None
    if first:
        yield Span(channel, first, None, shared)


def _reads(roster: Roster, person_id: str, channel_id: str, *, shared: bool) -> bool:
    return any(
        one.id == channel_id and person_id in one.reviewers and (one.threshold > 1) == shared
        for one in roster.channels
    )


def _is_custodian(roster: Roster, person_id: str) -> bool:
    return roster.custodian is not None and roster.custodian.id == person_id
