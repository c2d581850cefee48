"""What couriers and the console look out for, and the alarms that they raise in the same words.

Every envelope is a leaf of the log, and every leaf came with its envelope as long as the service
was to keep it: while its day is later than today minus the channel's retention.

An alarm keeps no sound envelope out. It is kept as one JSON object, its keys sorted:

    {"cause": "missing", "channel": "general", "day": "2026-11-23", "envelope": "<64 hex>"}

with null for a channel, day or envelope that the cause does not have.
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from crypto.bag_info import require_id
from crypto.errors import (
    ForkedLogError,
    LogError,
    MalformedLogError,
    ShrunkLogError,
    UnlinkedDayError,
    UnsignedHeadError,
)
from crypto.log_day import LogDay

LATE_AFTER = timedelta(days=2)
_HASH = re.compile(r"[0-9a-f]{64}")


class Cause(StrEnum):
    """What an alarm is about."""

    SHRANK = "shrank"
    FORKED = "forked"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"
    UNLINKED = "unlinked"
    LATE = "late"
    MISSING = "missing"
    UNLOGGED = "unlogged"
    ROSTERS = "rosters"
    ROSTER_FORKED = "roster-forked"
    ROSTER_ROLLED_BACK = "roster-rolled-back"


_SENTENCES = {
    Cause.SHRANK: "the log of {channel} ends before {day}, which was there: it was shortened",
    Cause.FORKED: "the log of {channel} says something else about {day} than before: it was"
    " rewritten, or there are two",
    Cause.UNSIGNED: "the log of {channel} at {day} bears no sound signature of the service",
    Cause.UNREADABLE: "the log of {channel} at {day} is not in its format, or contradicts itself",
    Cause.UNLINKED: "days of the log of {channel} are missing before {day}",
    Cause.LATE: "the log of {channel} still has no {day}: days are closed within a day",
    Cause.MISSING: "an envelope of {channel} that arrived by the end of {day} did not come, though"
    " the service was to keep it: {envelope}",
    Cause.UNLOGGED: "an envelope came for {channel} that is in no day of its log: {envelope}",
    Cause.ROSTERS: "the roster that sources are shown is not the one that couriers are given",
    Cause.ROSTER_FORKED: "there are two rosters with one number, and the root key signed both",
    Cause.ROSTER_ROLLED_BACK: "the service shows an older roster than it has shown before",
}
_REWRITTEN = (
    "keep what was carried so far, it is the evidence; tell the reviewers and whoever holds the"
    " root key; nothing more of this channel is taken until they have found out why"
)
_OTHER_ROSTER = (
    "tell whoever holds the root key at once: sources may be sealing to a key that is not to read"
)
_ADVICE = {
    Cause.SHRANK: _REWRITTEN,
    Cause.FORKED: _REWRITTEN,
    Cause.UNSIGNED: _REWRITTEN,
    Cause.UNREADABLE: _REWRITTEN,
    Cause.UNLINKED: _REWRITTEN,
    Cause.LATE: "ask the operator whether the service runs and closes its days",
    Cause.MISSING: "tell the reviewers, and ask the operator what became of it; all others went"
    " their way",
    Cause.UNLOGGED: "leave it where it is, and ask the courier where it came from",
    Cause.ROSTERS: _OTHER_ROSTER,
    Cause.ROSTER_FORKED: _OTHER_ROSTER,
    Cause.ROSTER_ROLLED_BACK: _OTHER_ROSTER,
}
_CAUSES: dict[type[LogError], Cause] = {
    ShrunkLogError: Cause.SHRANK,
    ForkedLogError: Cause.FORKED,
    UnsignedHeadError: Cause.UNSIGNED,
    MalformedLogError: Cause.UNREADABLE,
    UnlinkedDayError: Cause.UNLINKED,
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that must not be, or be late.

    Attributes:
        channel: its id; None where it is about the whole service.
        day: of the log; None where it is about no day.
        envelope: the hash of the one that is missing (32 bytes), else None.
    """

    cause: Cause
    channel: str | None = None
    day: date | None = None
    envelope: bytes | None = None

    @property
    def sentence(self) -> str:
        """What happened, in fixed words."""
        envelope = self.envelope.hex() if self.envelope else ""
        return _SENTENCES[self.cause].format(channel=self.channel, day=self.day, envelope=envelope)

    @property
    def advice(self) -> str:
        """What to do, in fixed words."""
        return _ADVICE[self.cause]

    @property
    def is_warning(self) -> bool:
        """Whether waiting may be all that is needed."""
        return self.cause is Cause.LATE


def alarm_of(error: LogError, channel: str, day: date) -> Alarm:
    """Return the alarm that an error about a day of a log stands for."""
    return Alarm(_CAUSES[type(error)], channel, day)


def is_kept(day: date, today: date, retention_days: int) -> bool:
    """Tell whether the service must still have the envelopes of a day."""
    return day > today - timedelta(days=retention_days)


def expected_leaves(
    days: Iterable[LogDay], *, today: date, retention_days: int
) -> dict[bytes, date]:
    """Return the leaves that must come with their envelopes, and the day of each."""
    return {
        leaf: day.day
        for day in days
        if is_kept(day.day, today, retention_days)
        for leaf in day.leaves
    }


def missing_envelopes(
    days: Iterable[LogDay],
    came: Container[bytes],
    *,
    channel: str,
    today: date,
    retention_days: int,
) -> tuple[Alarm, ...]:
    """Return an alarm for each leaf whose envelope was to come and did not."""
    expected = expected_leaves(days, today=today, retention_days=retention_days)
    return tuple(
        Alarm(Cause.MISSING, channel, day, leaf)
        for leaf, day in expected.items()
        if leaf not in came
    )


def late_day(channel: str, missing: date, today: date) -> Alarm | None:
    """Return a warning if a day that is not there should long have been."""
    return Alarm(Cause.LATE, channel, missing) if missing < today - LATE_AFTER else None


def alarm_object(alarm: Alarm) -> dict[str, object]:
    """Return what a file of alarms says about one."""
    return {
        "cause": str(alarm.cause),
        "channel": alarm.channel,
        "day": alarm.day.isoformat() if alarm.day else None,
        "envelope": alarm.envelope.hex() if alarm.envelope else None,
    }


def read_alarm_object(content: object) -> Alarm:
    """Read what a file of alarms says about one.

    Raises:
        MalformedLogError: not an alarm as it is written.
    """
    try:
        match content:
            case {"cause": str(cause), "channel": channel, "day": day, "envelope": envelope}:
                alarm = Alarm(Cause(cause), _id(channel), _day(day), _hash(envelope))
                if alarm_object(alarm) == content:
                    return alarm
    except ValueError:
        pass
    raise MalformedLogError("not an alarm")


def _id(value: object) -> str | None:
    if value is None:
        return None
    require_id(str(value))
    return str(value)


def _day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(str(value))


def _hash(value: object) -> bytes | None:
    if value is None:
        return None
    if not _HASH.fullmatch(str(value)):
        raise ValueError("a hash is 64 digits of lower-case hex")
    return bytes.fromhex(str(value))
