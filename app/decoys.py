"""Send decoys: at moments that nothing foretells, through the door that reports come in by.

The moments are those of a Poisson process, as many for each channel as the roster publishes. Such
a process has no memory, so that a start needs no state, and to wait in pieces, drawing anew after
each, is to wait at once.

Nothing marks a decoy, here or anywhere: no column, no line in the log, not even about one that
failed. It is written as slowly as an upload comes through Tor, or files would tell it until the
day's batch. It takes no place among the uploads and no thread of theirs, and none is sent while
room is short: a source is never kept out for it.
"""

import random
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Final

from app.roster_watch import RosterWatch
from app.state import Service
from crypto.decoys import draw_length, seal_decoy
from crypto.roster import Channel
from crypto.sinks import Buffer, Sink
from intake.errors import IntakeError
from intake.values import Door

_DAY_SECONDS: Final = 86_400.0
_LOOK_SECONDS: Final = 600.0  # how late a newer roster may change the pace
_AT_ONCE: Final = 8
# a circuit's pace, in bytes a second; each upload has its own
_SLOWEST: Final = 40_000
_FASTEST: Final = 800_000
# one decoy in so many has the slots of a roster before, as long as these are taken
_OLDER_SLOTS: Final = 8

_CHANCE: Final = secrets.SystemRandom()


@contextmanager
def send_decoys(watch: RosterWatch) -> Iterator[None]:
    """Send decoys beside the service; those on their way at the end leave nothing."""
    stop = threading.Event()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="decoys") as writers:
        thread = threading.Thread(target=_keep_sending, args=(watch, stop, writers), name="decoys")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            writers.shutdown(cancel_futures=True)


def seconds_to_next(service: Service, source: random.Random = _CHANCE) -> float | None:
    """Draw how long until a decoy of any channel is due; None while none are sent.

    A closed service takes no reports, so that whatever came then would be a decoy.
    """
    decoys = service.roster.decoys
    if decoys is None or service.is_closed:
        return None
    return source.expovariate(decoys.mean_per_day * len(service.roster.channels) / _DAY_SECONDS)


def send_decoy(service: Service, wait: Callable[[float], object]) -> None:
    """Send one decoy through the door of a channel, each channel as likely as the others.

    Args:
        service: with a roster that publishes decoys.
        wait: spends some seconds, or raises to give up.

    Raises:
        IntakeError: it could not be stored; nothing of it is kept.
    """
    decoys = service.roster.decoys
    if decoys is None or not service.intake.has_room_for_decoys():
        return
    channel = _CHANCE.choice(service.roster.channels)
    door = service.door(channel)
    with service.intake.begin(door) as arrival:
        seal_decoy(_Slow(arrival, wait), draw_length(decoys), _draw_slots(channel, door))
        arrival.commit()


class _Stopped(Exception):  # noqa: N818 - no error
    """The service stops."""


class _Slow:
    """A sink that takes bytes no faster than a circuit brings them."""

    def __init__(self, sink: Sink, wait: Callable[[float], object]) -> None:
        self._sink = sink
        self._wait = wait
        self._pace = _SLOWEST * (_FASTEST / _SLOWEST) ** _CHANCE.random()

    def write(self, data: Buffer) -> None:
        """Let the time pass in which so many bytes come, more or less, and pass them on."""
        self._wait(_CHANCE.expovariate(self._pace / len(data)))
        self._sink.write(data)


def _draw_slots(channel: Channel, door: Door) -> int:
    """Draw the number of slots.

    After a change some reports still come with the old number, sealed before it. Were there no
    decoy among these, each would be known to be a report.
    """
    older = sorted(door.slots - {channel.slots})
    if older and _CHANCE.randrange(_OLDER_SLOTS) == 0:
        return _CHANCE.choice(older)
    return channel.slots


def _keep_sending(watch: RosterWatch, stop: threading.Event, writers: ThreadPoolExecutor) -> None:
    while not stop.is_set():
        due = seconds_to_next(watch.service)
        if due is None or due > _LOOK_SECONDS:
            stop.wait(_LOOK_SECONDS)
        elif not stop.wait(due):
            writers.submit(_send_quietly, watch.service, stop)


def _send_quietly(service: Service, stop: threading.Event) -> None:
    """Send a decoy, and say nothing about it: a line in the log would tell its day."""

    def wait(seconds: float) -> None:
        if stop.wait(seconds):
            raise _Stopped

    with suppress(_Stopped, IntakeError):
        send_decoy(service, wait)
