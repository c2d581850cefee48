"""Following a log from day to day, and what is found on the way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from console.errors import UnwitnessedDayError
from crypto.checkpoint import NoteSignature, end_of_day, witness_name
from crypto.errors import ForkedLogError, LogError, UnlinkedDayError, UnsignedHeadError
from crypto.log_day import Followed, LogDay
from crypto.log_watch import Alarm, alarm_of
from crypto.merkle import Tree
from crypto.minisign import VerifyKey
from crypto.roster import Roster


@dataclass(frozen=True, slots=True)
class HeadKeys:
    """Whose signatures on a head mean something.

    Attributes:
        witnesses: couriers' keys, by the names under which they cosign.
    """

    log_keys: Sequence[VerifyKey]
    witnesses: Mapping[str, VerifyKey]

    @classmethod
    def of(cls, roster: Roster) -> "HeadKeys":
        """Take the keys from a roster."""
        witnesses = {
            witness_name(roster.service_id, courier.id): courier.key for courier in roster.couriers
        }
        return cls(roster.log_keys, witnesses)

    def check(self, day: LogDay) -> tuple[str, ...]:
        """Hold a day's head to the log's signature, and return the couriers who witnessed it.

        Raises:
            UnsignedHeadError: not signed by the log, or a line of a known witness does not hold: it
                fails, or was made for the head of another day.
        """
        day.head.require_signed(self.log_keys)
        found = day.head.witnesses(self.witnesses)
        if any(seconds != end_of_day(day.day) for seconds in found.values()):
            raise UnsignedHeadError("a witness signed the head of another day")
        return tuple(map(_courier, found))

    def kept(self, day: LogDay) -> LogDay:
        """Return a day that was checked as it is kept: with one line of each key that is known.

        What others wrote there means nothing now, and may be made to fail once a key is known.
        """
        known = day.head.only(self.log_keys, self.witnesses)
        lines = {line.key: line for line in known.signatures}
        return day.with_head(replace(known, signatures=tuple(lines.values())))

    def sound_lines(self, day: LogDay) -> Iterator[NoteSignature]:
        """Return the lines of couriers that hold, whatever became of the others' keys since."""
        return (line for line in day.head.signatures if self._holds(line, day))

    def couriers(self, day: LogDay) -> tuple[str, ...]:
        """Return the couriers who witnessed a day that was followed."""
        return tuple(dict.fromkeys(_courier(line.name) for line in self.sound_lines(day)))

    def _holds(self, line: NoteSignature, day: LogDay) -> bool:
        known = {name: key for name, key in self.witnesses.items() if name == line.name}
        alone = replace(day.head, signatures=(line,))
        try:
            return end_of_day(day.day) in alone.witnesses(known).values()
        except UnsignedHeadError:
            return False


@dataclass(slots=True)
class LogCourse:
    """One run over days of a channel's log.

    Attributes:
        followed: how far by now.
        keys: whose signatures count.
        known: returns a day that was followed before, or None.
        new: days that were followed now; the envelopes of their leaves are to be here.
        kept: what is to be written: these, and days with more witnesses than they had.
        has_heads: days that no bundle brings were given as well.
        linked: of the bundle's days, the first that could be held to what was known went with it.
        disputed: the day that something is wrong with; nothing is followed behind it.
        alarm: what is wrong with it.
    """

    channel: str
    followed: Followed
    keys: HeadKeys
    known: Callable[[date], LogDay | None]
    new: list[LogDay] = field(default_factory=list)
    kept: list[LogDay] = field(default_factory=list)
    has_heads: bool = False
    linked: bool = False
    disputed: LogDay | None = None
    alarm: Alarm | None = None

    def follow_heads(self, heads: Sequence[LogDay]) -> None:
        """Follow days that no bundle brings; where nothing is known yet, begin at the first.

        Raises:
            UnwitnessedDayError: no courier has witnessed the day to begin at.
            UnsignedHeadError: its head is not the log's.
        """
        own = [day for day in heads if day.head.origin == self.followed.origin]
        days = sorted(own, key=lambda day: day.day)
        self.has_heads = bool(days)
        if days and self.followed.day is None:
            self._begin(days.pop(0))
        self._follow(days)

    def follow(self, days: Sequence[LogDay]) -> None:
        """Follow the days of a bundle as far as they go."""
        self.linked = self._follow(days) > 0

    def _begin(self, day: LogDay) -> None:
        if not self.keys.check(day):
            raise UnwitnessedDayError(
                f"no courier of the roster has witnessed {day.day}: a log can begin in its middle"
                " only at a witnessed day"
            )
        self.followed = Followed.at(day)
        self.kept.append(self.keys.kept(day))

    def _follow(self, days: Sequence[LogDay]) -> int:
        """Return how many days went with what was known, up to the first that does not."""
        held = 0
        for day in days:
            try:
                held += self._take(day)
            except LogError as error:
                if self.alarm is None:
                    self.disputed, self.alarm = day, alarm_of(error, self.channel, day.day)
                break
        return held

    def _take(self, day: LogDay) -> bool:
        """Tell whether a day could be held to what is known: not one before the beginning."""
        if self.followed.day is not None and day.day <= self.followed.day:
            return self._compare(day)
        self.keys.check(day)
        if self.followed.day is None and day.before.size:
            raise UnlinkedDayError("the log has days before this one")
        self.followed = self.followed.follow(day, self.keys.log_keys)
        self.new.append(day)
        self.kept.append(self.keys.kept(day))
        return True

    def _compare(self, day: LogDay) -> bool:
        """Hold a day to what was seen of it; what was before the beginning, nobody knows.

        One that says the same was signed when it was followed: keys may have been replaced since,
        or become known, and nothing that they did or did not sign makes it another day.
        """
        known = self._known(day.day)
        if known and _content(known) == _content(day):
            self._add_witnesses(known, day)
            return True
        self.keys.check(day)  # unsigned, it contradicts nobody
        if known:
            raise ForkedLogError("a day says something else than it did")
        return False

    def _known(self, day: date) -> LogDay | None:
        """Return a day that was followed, in this run or before it."""
        for kept in reversed(self.kept):
            if kept.day == day:
                return kept
        return self.known(day)

    def _add_witnesses(self, known: LogDay, day: LogDay) -> None:
        """Add the signatures of witnesses that were not there yet."""
        head, there = known.head, {line.key for line in self.keys.sound_lines(known)}
        for line in self.keys.sound_lines(day):
            if line.key not in there:
                head = head.with_cosignature(line)
        if head != known.head:
            self.kept.append(known.with_head(head))


def _content(day: LogDay) -> tuple[Tree, tuple[bytes, ...], str]:
    return day.before, day.leaves, day.head.body


def _courier(witness: str) -> str:
    return witness.rpartition("/")[2]
