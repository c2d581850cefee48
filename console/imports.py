"""Importing a bundle: everything sound of it is kept, and everything that is wrong with it is said.

Whatever is killed at whatever moment, importing the same bundle again goes on: the state is written
last, and what was written before it is what would be written again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from console.alarms import AlarmBook, Finding
from console.bundle_chain import next_in_chain
from console.bundle_judge import BundleJudge, listed_form, require_valid_roster
from console.errors import DamagedBundleError, ForgedBundleError
from console.import_directory import ImportDirectory
from console.import_state import Carried, ImportState
from console.log_course import HeadKeys, LogCourse
from console.on_stick import plain_file
from console.progress import Meter
from crypto.errors import BundleError, ForkedRosterError, UnsignedBundleError
from crypto.inbound_reader import InboundBundle
from crypto.log_day import Followed, LogDay
from crypto.log_watch import Alarm, Cause, is_kept
from crypto.minisign import VerifyKey
from crypto.roster import FormReference
from crypto.zip_reader import SeekableFile

_MANY_DAYS = 14
"""A courier comes more often, and twice within the time that the service keeps envelopes. Whoever
holds bundles back, or dates a log back from its first day so that envelopes count as long erased,
shows here."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an import is given beside its bundles.

    Attributes:
        today: decides what the service must still have kept.
        root: the service's root key; needed the first time only.
        heads: days of logs that no bundle brings: where to begin, or what was lost.
    """

    today: date
    root: VerifyKey | None = None
    heads: tuple[LogDay, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a bundle.

    Attributes:
        first_day, last_day: of those that it brought.
        new: envelopes that were taken now.
        already: envelopes that were here.
        too_late: envelopes of new days that did not come, and need not: their time has passed.
        followed: how far its channel's log was followed by now.
        witnesses: the couriers who witnessed the head there.
        roster_expired: the last day of the newest roster known, if that has passed.
        days_behind: how many days before today the log was followed to, if they are many.
    """

    courier: str
    channel: str
    serial: int
    first_day: date
    last_day: date
    new: int
    already: int
    too_late: int
    followed: Followed
    witnesses: tuple[str, ...]
    roster_expired: date | None
    days_behind: int | None


def import_bundle(
    directory: ImportDirectory, path: Path, occasion: Occasion, meter: Meter
) -> Imported:
    """Import a bundle.

    Raises:
        RefusedBundleError: it is not taken, for the reason that the error is.
        RosterError: the roster that it brings is refused.
        UnpinnedRootError: there is no root key to trust yet.
        OtherRootError: another root key was pinned.
        UnwitnessedDayError: the log cannot be begun at the given day.
        ImportDirectoryError: what is in the directory is damaged.
    """
    judge = BundleJudge(directory, occasion.root)
    with plain_file(path) as file:
        bundle = _open(file, judge)
        work = _Import(directory, judge, bundle, occasion)
        form = listed_form(judge.brought, bundle)
        course = work.follow_log()
        carried = work.next_carried(course)
        new, already = work.take_envelopes(meter)
    work.keep_papers(form, course)
    directory.save(work.next_state(form[0], course, carried))
    return work.summary(course, new, already)


def _open(file: SeekableFile, judge: BundleJudge) -> InboundBundle:
    try:
        bundle = InboundBundle(file, judge)
    except ForkedRosterError:
        judge.keep_second_roster()
        raise
    except UnsignedBundleError:
        raise ForgedBundleError(
            "the signature is not that of the courier that the bundle names: it was forged, or"
            " damaged on the way"
        ) from None
    except BundleError as error:
        raise DamagedBundleError(
            f"the bundle was cut short or damaged on the way, carry it again: {error}"
        ) from None
    require_valid_roster(judge.newest, bundle)
    return bundle


@dataclass(frozen=True, slots=True)
class _Import:
    """A bundle whose signature holds, on its way into a directory."""

    directory: ImportDirectory
    judge: BundleJudge
    bundle: InboundBundle
    occasion: Occasion

    @property
    def channel(self) -> str:
        return self.bundle.info.channel

    @property
    def before(self) -> Carried | None:
        """What came from this courier of this channel."""
        return self.judge.state.carried.get((self.bundle.info.courier, self.channel))

    @property
    def last_day(self) -> date:
        return max(day.day for day in self.bundle.days)

    def follow_log(self) -> LogCourse:
        course = LogCourse(
            self.channel,
            self.judge.state.followed(self.channel),
            HeadKeys.of(self.judge.newest),
            lambda day: self.directory.day(self.channel, day),
        )
        course.follow_heads(self.occasion.heads)
        course.follow(self.bundle.days)
        return course

    def next_carried(self, course: LogCourse) -> Carried:
        """Hold the bundle to those before it, wherever the log does not do so as well.

        A bundle that takes up the log where it was followed to leaves nothing out, even if it is
        not the first of its courier, who may have begun before this directory did. After bundles
        were lost for good, somebody says so by naming the days that they held.
        """
        mid_log = self.before is None and self.bundle.days[0].before.size > 0
        begins = course.linked and (mid_log or course.has_heads)
        serial, roster = self.bundle.info.serial, self.judge.brought.serial
        brought = Carried(serial, (self.bundle.hash,), roster, self.last_day)
        return next_in_chain(self.before, self.bundle.info, brought, begins=begins)

    def take_envelopes(self, meter: Meter) -> tuple[int, int]:
        """Take every envelope that is a leaf; return how many were new, and how many were here.

        Raises:
            DamagedBundleError: some are damaged; all others are taken by then.
        """
        unlogged = frozenset(self.bundle.unlogged)
        new, already, damaged = 0, 0, 0
        for envelope, size in self.bundle.envelopes.items():
            if envelope in unlogged:
                meter(size)
            elif self.directory.has_envelope(self.channel, envelope, size):
                already += 1
                meter(size)
            elif self._take(envelope, meter):
                new += 1
            else:
                damaged += 1
        if damaged:
            raise DamagedBundleError(
                f"of its {len(self.bundle.envelopes)} envelopes {damaged} were damaged on the way:"
                " all others are here; carry the bundle again, and import it again"
            )
        return new, already

    def _take(self, envelope: bytes, meter: Meter) -> bool:
        try:
            with self.directory.new_envelope(self.channel, envelope) as file:
                self.bundle.copy(envelope, file, meter)
        except BundleError:
            return False
        return True

    def keep_papers(self, form: tuple[FormReference, bytes], course: LogCourse) -> None:
        self.directory.write_roster(self.judge.brought.serial, self.bundle.roster)
        self.directory.write_form(*form)
        for day in course.kept:
            self.directory.write_day(self.channel, day)
        if course.disputed is not None:
            self.directory.write_disputed(self.channel, course.disputed)

    def next_state(self, form: FormReference, course: LogCourse, carried: Carried) -> ImportState:
        state, info = self.judge.state, self.bundle.info
        document = sha256(self.bundle.roster.document).digest()
        logs = {self.channel: course.followed} if course.followed.day else {}
        return replace(
            state,
            rosters={**state.rosters, self.judge.brought.serial: document},
            forms=tuple(dict.fromkeys([*state.forms, form])),
            logs={**state.logs, **logs},
            carried={**state.carried, (info.courier, info.channel): carried},
            alarms=self._settled(state.alarms).with_findings(self._findings(course)),
        )

    def _settled(self, alarms: AlarmBook) -> AlarmBook:
        """Take back alarms about envelopes of this bundle's days that have come by now."""
        brought = {day.day for day in self.bundle.days}
        for missing in sorted(alarms.missing_days(self.channel) & brought):
            day = self.directory.day(self.channel, missing)
            if day is not None:
                alarms = alarms.with_missing(self.channel, missing, self._missing(day))
        return alarms

    def _findings(self, course: LogCourse) -> Iterator[Finding]:
        if course.alarm is not None:
            yield Finding(course.alarm, self.bundle.hash)
        if self.before is not None and self.last_day < self.before.day:
            yield self._finding(Cause.SHRANK, self.before.day)
        for finding in (
            self._finding(Cause.UNLOGGED, None).about(self.bundle.unlogged),
            *(
                self._finding(Cause.MISSING, day.day).about(self._missing(day))
                for day in course.new
                if self._is_kept(day)
            ),
        ):
            if finding.count:
                yield finding

    def _finding(self, cause: Cause, day: date | None) -> Finding:
        return Finding(Alarm(cause, self.channel, day), self.bundle.hash)

    def _missing(self, day: LogDay) -> Iterator[bytes]:
        return (
            leaf for leaf in day.leaves if not self.directory.lists_envelope(self.channel, leaf)
        )

    def _is_kept(self, day: LogDay) -> bool:
        """Tell whether the service must still have the envelopes of a day."""
        return is_kept(day.day, self.occasion.today, self._retention_days)

    @property
    def _retention_days(self) -> int:
        return self.judge.newest.channel(self.channel).retention_days

    def summary(self, course: LogCourse, new: int, already: int) -> Imported:
        roster, last = self.judge.newest, course.followed.day
        head = self.directory.day(self.channel, last) if last else None
        return Imported(
            courier=self.bundle.info.courier,
            channel=self.channel,
            serial=self.bundle.info.serial,
            first_day=min(day.day for day in self.bundle.days),
            last_day=self.last_day,
            new=new,
            already=already,
            too_late=self._count_too_late(course),
            followed=course.followed,
            witnesses=course.keys.couriers(head) if head else (),
            roster_expired=roster.expires if roster.expires < self.occasion.today else None,
            days_behind=self._days_behind(last),
        )

    def _count_too_late(self, course: LogCourse) -> int:
        """Count what nobody can tell from what the service has erased in time.

        It may have been held back until then: that is no alarm, and not to be passed over.
        """
        gone = (day for day in course.new if not self._is_kept(day))
        return sum(1 for day in gone for _ in self._missing(day))

    def _days_behind(self, last: date | None) -> int | None:
        behind = (self.occasion.today - last).days if last else 0
        return behind if behind > min(_MANY_DAYS, self._retention_days // 2) else None
