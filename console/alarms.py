"""The alarms of an import directory: kept until somebody has acknowledged each.

An alarm has a number, by which it is acknowledged. Envelopes that are missing of the same day share
one, so that a day of a thousand is one sentence.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from console.errors import UnknownAlarmError
from crypto.errors import MalformedLogError
from crypto.log_watch import Alarm, Cause, alarm_object, read_alarm_object

_EVIDENCE = (
    "keep the bundle, it is the evidence; do not rely on this log; tell whoever holds the root key,"
    " and the other reviewers, over a way that is not the service's"
)
_ADVICE = {
    Cause.SHRANK: _EVIDENCE,
    Cause.FORKED: _EVIDENCE,
    Cause.UNSIGNED: _EVIDENCE,
    Cause.UNREADABLE: _EVIDENCE,
    Cause.UNLINKED: "import what another courier of the channel brought; or take the day before"
    " from the service's public log and name it with --head. Until then nobody can tell whether an"
    " envelope is missing",
    Cause.MISSING: "import what another courier of the channel brought; if it is not there either,"
    " ask the operator and whoever holds the root key what became of it: what the service was to"
    " keep is not lost by itself",
    Cause.UNLOGGED: "it was left in the bundle: keep that, and ask the courier where it came from",
}
_COUNTED = {
    Cause.MISSING: (
        "1 envelope of {day} is in the log of {channel} and was not handed over",
        "{count} envelopes of {day} are in the log of {channel} and were not handed over",
    ),
    Cause.UNLOGGED: (
        "1 envelope came for {channel} that is in no day of its log",
        "{count} envelopes came for {channel} that are in no day of its log",
    ),
}
"""Of causes with envelopes: what is said of one, and of several."""


@dataclass(frozen=True, slots=True)
class RaisedAlarm:
    """An alarm, its number, and whether somebody has dealt with it."""

    number: int
    alarm: Alarm
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class AlarmGroup:
    """All alarms of one number: what is said in one sentence.

    Attributes:
        envelopes: the hashes of those that it is about.
    """

    number: int
    cause: Cause
    channel: str | None
    day: date | None
    envelopes: tuple[bytes, ...]
    acknowledged: bool

    @property
    def sentence(self) -> str:
        """What happened."""
        one, several = _COUNTED.get(self.cause, ("", ""))
        count = len(self.envelopes)
        if not one:
            return Alarm(self.cause, self.channel, self.day).sentence
        sentence = one if count == 1 else several
        return sentence.format(count=count, channel=self.channel, day=self.day)

    @property
    def advice(self) -> str:
        """What to do."""
        return _ADVICE.get(self.cause) or Alarm(self.cause).advice


@dataclass(frozen=True, slots=True)
class AlarmBook:
    """Every alarm that was raised, in the order of the numbers.

    Attributes:
        last: the last number that was given; none is given twice.
    """

    raised: tuple[RaisedAlarm, ...] = ()
    last: int = 0

    @property
    def groups(self) -> tuple[AlarmGroup, ...]:
        """The alarms, those of one number together."""
        found: dict[int, list[RaisedAlarm]] = {}
        for entry in self.raised:
            found.setdefault(entry.number, []).append(entry)
        return tuple(_group(entries) for entries in found.values())

    @property
    def waiting(self) -> tuple[AlarmGroup, ...]:
        """What nobody has acknowledged."""
        return tuple(group for group in self.groups if not group.acknowledged)

    def with_alarms(self, alarms: Iterable[Alarm]) -> "AlarmBook":
        """Raise alarms; one that was raised before stays what it is."""
        raised = {entry.alarm: entry for entry in self.raised}
        numbers = {
            _kind(entry.alarm): entry.number for entry in self.raised if not entry.acknowledged
        }
        last = self.last
        for alarm in alarms:
            if alarm in raised:
                continue
            if _kind(alarm) not in numbers:
                last += 1
                numbers[_kind(alarm)] = last
            raised[alarm] = RaisedAlarm(numbers[_kind(alarm)], alarm)
        return AlarmBook(tuple(sorted(raised.values(), key=lambda entry: entry.number)), last)

    def settled(self, came: Container[bytes]) -> "AlarmBook":
        """Take back the alarms about missing envelopes that have come."""
        left = (
            entry
            for entry in self.raised
            if entry.alarm.cause is not Cause.MISSING or entry.alarm.envelope not in came
        )
        return replace(self, raised=tuple(left))

    def acknowledge(self, number: int) -> "AlarmBook":
        """Note that somebody has dealt with the alarms of a number.

        Raises:
            UnknownAlarmError: there is none.
        """
        if number not in {entry.number for entry in self.raised}:
            raise UnknownAlarmError(f"there is no alarm {number}: `candor status` lists them")
        raised = (
            replace(entry, acknowledged=True) if entry.number == number else entry
            for entry in self.raised
        )
        return replace(self, raised=tuple(raised))


def book_object(book: AlarmBook) -> dict[str, object]:
    """Return what a state file says about alarms."""
    raised = [
        {
            "acknowledged": entry.acknowledged,
            "alarm": alarm_object(entry.alarm),
            "number": entry.number,
        }
        for entry in book.raised
    ]
    return {"last": book.last, "raised": raised}


def read_book_object(content: object) -> AlarmBook:
    """Read what a state file says about alarms.

    Raises:
        MalformedLogError: something else.
    """
    match content:
        case {"last": int(last), "raised": list(raised)}:
            return AlarmBook(tuple(map(_read_entry, raised)), last)
        case _:
            raise MalformedLogError("not a book of alarms")


def _read_entry(content: object) -> RaisedAlarm:
    match content:
        case {"number": int(number), "acknowledged": bool(acknowledged), "alarm": alarm}:
            return RaisedAlarm(number, read_alarm_object(alarm), acknowledged)
        case _:
            raise MalformedLogError("not an alarm of an import")


def _group(entries: list[RaisedAlarm]) -> AlarmGroup:
    first = entries[0]
    cause, channel, day = _kind(first.alarm)
    envelopes = tuple(_envelopes(entries))
    return AlarmGroup(first.number, cause, channel, day, envelopes, first.acknowledged)


def _envelopes(entries: Iterable[RaisedAlarm]) -> Iterator[bytes]:
    return (entry.alarm.envelope for entry in entries if entry.alarm.envelope is not None)


def _kind(alarm: Alarm) -> tuple[Cause, str | None, date | None]:
    return alarm.cause, alarm.channel, alarm.day
