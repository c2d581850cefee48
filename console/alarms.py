"""The alarms of an import directory: kept until somebody has acknowledged each.

An alarm has a number, by which it is acknowledged. What was found wrong with the same day, in the
same way, shares one until then; what another bundle shows afterwards is another alarm, however much
alike they are. Envelopes are counted, and only the first of them named: whoever signs a log may
invent a million a day.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, islice

from console.errors import UnknownAlarmError
from crypto.errors import MalformedLogError
from crypto.log_watch import Alarm, Cause, alarm_object, read_alarm_object

NAMED = 32
"""So many envelopes of an alarm are named; the others are counted."""
_HASH = re.compile(r"[0-9a-f]{64}")

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
class Finding:
    """Something that an import found wrong.

    Attributes:
        alarm: what, about which channel and day; about no single envelope.
        evidence: the hash of the bundle or document that shows it (32 bytes).
        count: of the envelopes that it is about.
        envelopes: the hashes of the first of them.
    """

    alarm: Alarm
    evidence: bytes
    count: int = 0
    envelopes: tuple[bytes, ...] = ()

    def about(self, envelopes: Iterable[bytes]) -> "Finding":
        """Return the same about these envelopes; any number of them may pass."""
        left = iter(envelopes)
        named = tuple(islice(left, NAMED))
        return replace(self, count=len(named) + sum(1 for _ in left), envelopes=named)


@dataclass(frozen=True, slots=True)
class RaisedAlarm:
    """A finding, its number, and whether somebody has dealt with it."""

    number: int
    finding: Finding
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class AlarmGroup:
    """All findings of one number: what is said in one sentence.

    Attributes:
        count: of the envelopes that it is about.
        envelopes: the hashes of the first of them.
    """

    number: int
    alarm: Alarm
    count: int
    envelopes: tuple[bytes, ...]
    acknowledged: bool

    @property
    def cause(self) -> Cause:
        """What it is about."""
        return self.alarm.cause

    @property
    def sentence(self) -> str:
        """What happened."""
        one, several = _COUNTED.get(self.cause, ("", ""))
        if not one:
            return self.alarm.sentence
        sentence = one if self.count == 1 else several
        return sentence.format(count=self.count, channel=self.alarm.channel, day=self.alarm.day)

    @property
    def advice(self) -> str:
        """What to do."""
        return _ADVICE.get(self.cause) or self.alarm.advice


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

    def with_findings(self, findings: Iterable[Finding]) -> "AlarmBook":
        """Raise alarms; what the same evidence has raised before stays what it is."""
        raised = {_identity(entry.finding): entry for entry in self.raised}
        numbers = {
            entry.finding.alarm: entry.number for entry in self.raised if not entry.acknowledged
        }
        last = self.last
        for finding in findings:
            if _identity(finding) in raised:
                continue
            if finding.alarm not in numbers:
                last += 1
                numbers[finding.alarm] = last
            raised[_identity(finding)] = RaisedAlarm(numbers[finding.alarm], finding)
        return AlarmBook(tuple(sorted(raised.values(), key=lambda entry: entry.number)), last)

    def missing_days(self, channel: str) -> frozenset[date]:
        """Return the days of a channel's log of which envelopes are missing."""
        alarms = (entry.finding.alarm for entry in self.raised)
        return frozenset(
            alarm.day
            for alarm in alarms
            if (alarm.cause, alarm.channel) == (Cause.MISSING, channel) and alarm.day
        )

    def with_missing(self, channel: str, day: date, envelopes: Iterable[bytes]) -> "AlarmBook":
        """Say anew which envelopes of a day are missing; an alarm without any is taken back.

        They can only become fewer: what somebody took out of the inbox since had come.
        """
        alarm, missing = Alarm(Cause.MISSING, channel, day), tuple(envelopes)
        left = []
        for entry in self.raised:
            if entry.finding.alarm != alarm or len(missing) >= entry.finding.count:
                left.append(entry)
            elif missing:
                left.append(replace(entry, finding=entry.finding.about(missing)))
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
            "alarm": alarm_object(entry.finding.alarm),
            "count": entry.finding.count,
            "envelopes": [envelope.hex() for envelope in entry.finding.envelopes],
            "evidence": entry.finding.evidence.hex(),
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
        case {
            "acknowledged": bool(acknowledged),
            "alarm": alarm,
            "count": int(count),
            "envelopes": list(envelopes),
            "evidence": evidence,
            "number": int(number),
        }:
            named = tuple(map(_hash, envelopes))
            finding = Finding(read_alarm_object(alarm), _hash(evidence), count, named)
            return RaisedAlarm(number, finding, acknowledged)
        case _:
            raise MalformedLogError("not an alarm of an import")


def _hash(value: object) -> bytes:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise MalformedLogError("a hash is not 64 digits of lower-case hex")
    return bytes.fromhex(value)


def _group(entries: list[RaisedAlarm]) -> AlarmGroup:
    first = entries[0]
    count = sum(entry.finding.count for entry in entries)
    return AlarmGroup(
        first.number, first.finding.alarm, count, tuple(_named(entries)), first.acknowledged
    )


def _named(entries: Iterable[RaisedAlarm]) -> Iterator[bytes]:
    return chain.from_iterable(entry.finding.envelopes for entry in entries)


def _identity(finding: Finding) -> tuple[Alarm, bytes]:
    return finding.alarm, finding.evidence
