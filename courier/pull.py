"""`pull`: fetch what is new of every channel, and write bundles of it."""

import hashlib
import random
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from courier.bundles import (
    Counting,
    Papers,
    batches,
    bundle_name,
    hand_out,
    make_bundle,
    remove_old_bundles,
)
from courier.channel import ChannelDirectory
from courier.client import Client
from courier.envelopes import fetch_envelopes
from courier.errors import CourierError, SetupError, TroubleError, UnreachableError
from courier.files import write_file
from courier.log import Witness, follow, hand_in_cosignatures
from courier.rosters import AlarmingRosterError, compare_with_public, fetch_roster, own_entry
from courier.service import Service, form_file
from courier.signing import client_of
from courier.state import CourierDirectory
from crypto.log_day import LogDay
from crypto.log_watch import LATE_AFTER, Alarm, Cause, expected_leaves, missing_envelopes
from crypto.roster import Roster
from crypto.roster_entries import FormReference


@dataclass(frozen=True, slots=True)
class Shown:
    """How a run shows what it does to whoever started it.

    Attributes:
        counting: opens a meter of things that are done, by its label and their number.
        copying: opens a meter of bytes, likewise.
        say: takes a line that explains, and is no result.
    """

    counting: Counting
    copying: Counting
    say: Callable[[str], None]


@dataclass(slots=True)
class Pulled:
    """What a run came to.

    Attributes:
        bundles: written where they were wanted.
        alarms: raised in this run; they are kept.
        failed: what could not be done now, in words, by channel.
    """

    bundles: list[Path] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def pull(
    courier: CourierDirectory, out: Path, shown: Shown, *, today: Callable[[], date]
) -> Pulled:
    """Fetch every channel's new days with their envelopes, and write bundles to a directory.

    Raises:
        BusyError, SetupError, UnreachableError, StrangerError, TroubleError: nothing was written.
        RosterError: the service's roster cannot be taken.
    """
    if not out.is_dir():
        raise SetupError(f"there is no directory {out}: is the stick there, and mounted?")
    with courier.alone():
        courier.remove_unfinished()
        with client_of(courier) as client:
            return _Run(courier, out, shown, today, client).run()


class _Run:
    """One run, over every channel.

    However slow a service is, a run has an end, and no channel takes the time of those after it.
    """

    def __init__(
        self,
        courier: CourierDirectory,
        out: Path,
        shown: Shown,
        today: Callable[[], date],
        client: Client,
    ) -> None:
        self._courier, self._out, self._shown, self._today = courier, out, shown, today
        self._client, self._service = client, Service(client)
        self._pulled = Pulled()
        self._witness = Witness(courier.settings.id, courier.key)
        self._end = time.monotonic() + courier.settings.run_seconds
        self._left = 1  # channels, as far as is known

    def run(self) -> Pulled:
        try:
            roster = self._fetch_roster()
            channels = own_entry(self._courier, roster).channels
            self._left = len(channels)
            look = random.SystemRandom().randint(0, len(channels))
            self._pull_channels(channels[:look], roster)
            roster = self._compare(roster)
            named = own_entry(self._courier, roster).channels
            self._pull_channels([one for one in channels[look:] if one in named], roster)
        except AlarmingRosterError as error:
            self._raise_alarms([error.alarm])
            return self._pulled
        self._remove_old_bundles()
        return self._pulled

    def _pull_channels(self, channels: Sequence[str], roster: Roster) -> None:
        for channel in channels:
            try:
                with self._client.within(self._share(self._left)):
                    self._pull_channel(self._courier.channel(channel), roster)
            except UnreachableError as error:
                self._pulled.failed[channel] = f"{error}"
                break
            self._left -= 1

    def _share(self, count: int) -> float:
        """Return how many seconds are left for each of so many things to do."""
        return max(0.0, self._end - time.monotonic()) / count

    def _fetch_roster(self) -> Roster:
        with self._client.within(self._share(self._left + 1)):
            return fetch_roster(self._courier, self._service, self._today())

    def _compare(self, roster: Roster) -> Roster:
        """Ask for the roster as sources do; once more if it was being replaced just now.

        When in a run, and how long after what came before, is left to chance: a service that tells
        this look from a source's could show each another roster.
        """
        time.sleep(random.SystemRandom().uniform(0, self._courier.settings.look_seconds))
        compared = compare_with_public(self._courier, roster)
        if compared.differs:
            roster = self._fetch_roster()
            compared = compare_with_public(self._courier, roster)
        if compared.differs:
            self._raise_alarms([Alarm(Cause.ROSTERS)])
        if not compared.reached:
            self._shown.say("the roster that sources are shown could not be compared this time")
        return roster

    def _pull_channel(self, kept: ChannelDirectory, roster: Roster) -> None:
        """Do all that is to be done for one channel; what fails does not keep back the others."""
        try:
            self._hand_out(kept)  # what a run before this one left
            self._follow(kept, roster)
            self._hand_in_cosignatures(kept, roster)
            days = kept.new_days()
            if days:
                self._fetch(kept, roster, days)
                self._write(kept, roster, days)
            kept.forget_envelopes()
        except UnreachableError:
            raise
        except CourierError as error:
            self._pulled.failed[kept.id] = f"{error}"

    def _follow(self, kept: ChannelDirectory, roster: Roster) -> None:
        """Follow the log; a day that does not come holds none of those before it back."""
        try:
            alarm = follow(self._service, kept, roster, self._witness, self._today())
        except TroubleError as error:
            self._pulled.failed[kept.id] = f"{error}"
        else:
            self._raise_alarms([alarm] if alarm else [])

    def _hand_in_cosignatures(self, kept: ChannelDirectory, roster: Roster) -> None:
        """Hand them in; that the service has them matters less than that the envelopes go on."""
        try:
            hand_in_cosignatures(self._service, kept, roster, self._witness)
        except UnreachableError:
            raise
        except CourierError as error:
            self._shown.say(f"{kept.id}: the heads could not all be witnessed now: {error}")

    def _fetch(self, kept: ChannelDirectory, roster: Roster, days: Sequence[LogDay]) -> None:
        """Fetch the days' envelopes; raise alarms for those that are not to be had.

        Since when they are waited for is recorded first: a run that is killed counts like others.

        Raises:
            TroubleError: some have not come yet, and may come the next time.
            UnreachableError: likewise, and nothing more can be had now.
        """
        retention = roster.channel(kept.id).retention_days
        expected = expected_leaves(days, today=self._today(), retention_days=retention)
        wanted = expected.keys() - kept.there()
        self._note_waiting(kept, wanted)
        gone: set[bytes] = set()
        try:
            gone = self._fetch_wanted(kept, wanted)
        except UnreachableError:
            if self._waiting(kept, wanted):
                raise
        absent = wanted - kept.there() - gone
        self._note_waiting(kept, absent)
        if left := self._waiting(kept, absent):
            raise TroubleError(
                f"{left} of the new envelopes did not come whole: nothing is lost, run it again"
            )
        self._raise_alarms(
            missing_envelopes(
                days,
                kept.there(),
                channel=kept.id,
                today=self._today(),  # at midnight the service may have purged what was expected
                retention_days=retention,
            )
        )

    def _fetch_wanted(self, kept: ChannelDirectory, wanted: Collection[bytes]) -> set[bytes]:
        with self._shown.counting(f"Fetching {kept.id}", len(wanted)) as meter:
            return fetch_envelopes(
                self._client,
                kept,
                wanted,
                at_once=self._courier.settings.requests_at_once,
                meter=meter,
            )

    def _note_waiting(self, kept: ChannelDirectory, absent: Iterable[bytes]) -> None:
        """Record since when envelopes are waited for."""
        before = kept.troubles()
        troubles = {leaf: before.get(leaf, self._today()) for leaf in absent}
        if troubles != before:
            kept.keep_troubles(troubles)

    def _waiting(self, kept: ChannelDirectory, absent: AbstractSet[bytes]) -> int:
        """Count those that have not come, and have been waited for no longer than some days."""
        missing, oldest = absent - kept.there(), self._today() - LATE_AFTER
        return sum(since >= oldest for leaf, since in kept.troubles().items() if leaf in missing)

    def _write(self, kept: ChannelDirectory, roster: Roster, days: Sequence[LogDay]) -> None:
        place = self._courier.bundles
        papers = self._papers(kept, roster)
        for batch in batches(kept, days):
            make_bundle(kept, place, batch, papers)
            self._hand_out(kept)

    def _papers(self, kept: ChannelDirectory, roster: Roster) -> Papers:
        known = self._courier.roster()
        if known is None:
            raise SetupError("the roster that this run has fetched is gone: run it again")
        form = self._form(roster.channel(kept.id).form)
        return Papers(self._courier.settings.id, form, known, self._courier.key)

    def _form(self, form: FormReference) -> tuple[str, bytes]:
        """Return a form and the name of its file; fetched, where it is not there as it is now."""
        name = form_file(form)
        path = self._courier.forms / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).digest() != form.sha256:
            write_file(path, self._service.form(form))
        return name, path.read_bytes()

    def _hand_out(self, kept: ChannelDirectory) -> None:
        own = self._courier.settings.id
        written = hand_out(kept, self._courier.bundles, self._out, own, self._shown.copying)
        if written is not None:
            self._pulled.bundles.append(written)

    def _remove_old_bundles(self) -> None:
        """Make room, and keep here what nobody needs any more no longer than it is said."""
        courier, waiting = self._courier, set()
        for channel in courier.channels():
            position = courier.channel(channel).position()
            if not position.handed_out:
                waiting.add(bundle_name(courier.settings.id, channel, position.serial))
        remove_old_bundles(courier.bundles, courier.settings.keep_days, waiting)

    def _raise_alarms(self, alarms: Sequence[Alarm]) -> None:
        """Keep alarms at once, before anything goes on without what they are about."""
        self._courier.keep_alarms(alarm for alarm in alarms if not alarm.is_warning)
        self._pulled.alarms += alarms
