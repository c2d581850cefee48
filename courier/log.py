"""Following a channel's log, day by day, and witnessing each head that continues it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from courier.channel import ChannelDirectory
from courier.errors import NotThereError, SetupError
from courier.service import Service
from crypto.checkpoint import NoteSignature, end_of_day, log_origin, witness_name
from crypto.errors import ForkedLogError, LogError, ShrunkLogError, UnsignedHeadError
from crypto.log_day import Followed, LogDay
from crypto.log_watch import Alarm, alarm_of, late_day
from crypto.minisign import SigningKey, VerifyKey
from crypto.roster import Roster

_DAY = timedelta(days=1)
LOOK_BACK = timedelta(days=8)
"""Where a new courier looks for the newest day: a service that has closed none for longer is not
one to begin with."""
_OLDEST = timedelta(days=20 * 366)


@dataclass(frozen=True, slots=True)
class Witness:
    """Who follows, and signs as a witness."""

    courier: str
    key: SigningKey

    def cosign(self, roster: Roster, day: LogDay) -> NoteSignature:
        """Sign a day's head; Ed25519 makes the same signature every time."""
        name = witness_name(roster.service_id, self.courier)
        return day.head.cosign(name, self.key, end_of_day(day.day))


def follow(
    service: Service, kept: ChannelDirectory, roster: Roster, witness: Witness, today: date
) -> Alarm | None:
    """Follow a log up to yesterday, as far as it goes and holds.

    Returns:
        Why it does not go on, if it should.
    """
    last = kept.last_day()
    day = last.day if last else today - _DAY
    try:
        if last is None:
            first = _first_day(service, kept.id, today)
            if first is None:
                return late_day(kept.id, max(roster.issued, today - LOOK_BACK), today)
            day, followed = first, Followed(log_origin(roster.service_id, kept.id))
        else:
            followed = _go_on_from(last, service, kept, roster)
            day += _DAY
        while day < today:
            found = service.day(kept.id, day)
            followed = followed.follow(found, roster.log_keys)
            _require_sound_witnesses(found, roster)
            known = found.head.only(roster.log_keys, _witness_keys(roster))
            signed = known.with_cosignature(witness.cosign(roster, found))
            kept.keep_day(found.with_head(signed))
            day += _DAY
    except NotThereError:
        return late_day(kept.id, day, today)
    except LogError as error:
        return alarm_of(error, kept.id, day)
    return None


def hand_in_cosignatures(
    service: Service, kept: ChannelDirectory, roster: Roster, witness: Witness
) -> None:
    """Give the service this courier's signature of every head that it followed."""
    since = kept.position().cosigned
    for day in kept.days():
        if since is None or day > since:
            service.cosign(kept.id, day, witness.cosign(roster, kept.day(day)))
            kept.note_cosigned(day)


def _go_on_from(last: LogDay, service: Service, kept: ChannelDirectory, roster: Roster) -> Followed:
    """Look again at the last day that was followed, which must be as it was.

    Raises:
        ShrunkLogError: it is gone, or has become shorter.
        ForkedLogError: it says something else now, or is of another service.
        UnsignedHeadError: it is where this courier was told to begin, and no log key signed it, or
            a witness's line does not hold.
        SetupError: nor did a courier witness it.
    """
    if last.head.origin != log_origin(roster.service_id, kept.id):
        raise ForkedLogError("the day to begin at is of another log")
    position = kept.position()
    if not position.serial and position.day == last.day:
        last.head.require_signed(roster.log_keys)
        if not _require_sound_witnesses(last, roster):
            raise SetupError(
                "no courier of the roster has witnessed the day to begin at: take another day, or"
                " make a courier without --head and compare what it finds"
            )
    try:
        found = service.day(kept.id, last.day)
    except NotThereError:
        raise ShrunkLogError("a day that was seen is gone") from None
    if found.head.size < last.head.size:
        raise ShrunkLogError("a day that was seen has become shorter")
    if (found.before, found.leaves, found.head.body) != (last.before, last.leaves, last.head.body):
        raise ForkedLogError("a day that was seen says something else")
    return Followed.at(last)


def _require_sound_witnesses(day: LogDay, roster: Roster) -> set[str]:
    """Return who witnessed a day.

    Raises:
        UnsignedHeadError: a known witness's line fails, or was made for another day's end.
    """
    found = day.head.witnesses(_witness_keys(roster))
    if any(seconds != end_of_day(day.day) for seconds in found.values()):
        raise UnsignedHeadError("a witness signed the head of another day")
    return set(found)


def _witness_keys(roster: Roster) -> dict[str, VerifyKey]:
    return {witness_name(roster.service_id, courier.id): courier.key for courier in roster.couriers}


def _first_day(service: Service, channel: str, today: date) -> date | None:
    """Find the first day of a log: they follow each other without a gap.

    From the newest one back in steps that double, then between the last two.
    """

    def is_there(day: date) -> bool:
        try:
            service.day(channel, day)
        except NotThereError:
            return False
        return True

    newest = _newest_day(is_there, today)
    if newest is None:
        return None
    there, step = newest, _DAY
    absent = there - step
    while absent > newest - _OLDEST and is_there(absent):
        there, step = absent, step * 2
        absent = there - step
    while there - absent > _DAY:
        middle = absent + (there - absent) // 2
        if is_there(middle):
            there = middle
        else:
            absent = middle
    return there


def _newest_day(is_there: Callable[[date], bool], today: date) -> date | None:
    days = (today - back * _DAY for back in range(1, LOOK_BACK.days + 1))
    return next((day for day in days if is_there(day)), None)
