"""Following a log from day to day, and what is found on the way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from console.errors import UnwitnessedDayError
from crypto.checkpoint import end_of_day, witness_name
from crypto.errors import ForkedLogError, LogError, UnlinkedDayError, UnsignedHeadError
from crypto.log_day import Followed, LogDay
from crypto.log_watch import Alarm, alarm_of
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
        return tuple(name.rpartition("/")[2] for name in found)


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
        linked: the first day of the bundle went with what was known.
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
        taken = self._follow(days)
        self.linked = taken > 0

    def _begin(self, day: LogDay) -> None:
        if not self.keys.check(day):
            raise UnwitnessedDayError(
                f"no courier of the roster has witnessed {day.day}: a log can begin in its middle"
                " only at a witnessed day"
            )
        self.followed = Followed.at(day)
        self.kept.append(day)

    def _follow(self, days: Sequence[LogDay]) -> int:
        """Return how many days went with what was known."""
        for number, day in enumerate(days):
            try:
                self._take(day)
            except LogError as error:
                if self.alarm is None:
                    self.disputed, self.alarm = day, alarm_of(error, self.channel, day.day)
                return number
        return len(days)

    def _take(self, day: LogDay) -> None:
        self.keys.check(day)
        if self.followed.day is not None and day.day <= self.followed.day:
            self._compare(day)
            return
        if self.followed.day is None and day.before.size:
            raise UnlinkedDayError("the log has days before this one")
        self.followed = self.followed.follow(day, self.keys.log_keys)
        self.new.append(day)
        self.kept.append(day)

    def _compare(self, day: LogDay) -> None:
        """Hold a day to what was seen of it; what was before the beginning, nobody knows."""
        known = self._known(day.day)
        if known is None:
            return
        if (known.before, known.leaves, known.head.body) != (day.before, day.leaves, day.head.body):
            raise ForkedLogError("a day says something else than it did")
        renewed = self._with_witnesses(known, day)
        if renewed.head != known.head:
            self.kept.append(renewed)

    def _known(self, day: date) -> LogDay | None:
        """Return a day that was followed, in this run or before it."""
        for kept in reversed(self.kept):
            if kept.day == day:
                return kept
        return self.known(day)

    def _with_witnesses(self, known: LogDay, day: LogDay) -> LogDay:
        """Add the signatures of witnesses that were not there yet."""
        new = set(self.keys.check(day)) - set(self.keys.check(known))
        head = known.head
        for line in day.head.signatures:
            if line.name in self.keys.witnesses and line.name.rpartition("/")[2] in new:
                head = head.with_cosignature(line)
        return known.with_head(head)
