"""Run a service: sweep, keep the days, serve, and stop in order."""

import ctypes
import logging
import resource as limits
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import FastAPI

from app.courier_app import create_courier_app
from app.decoys import send_decoys
from app.factory import create_app
from app.log import Event, configure_logging, log
from app.opening import StartError, open_service
from app.roster_watch import RosterWatch
from app.server import make_server, run_servers
from app.settings import Place, Settings
from app.state import Service
from crypto.errors import CandorError
from intake.errors import IntakeError

ROSTER_WARNING: Final = timedelta(days=45)
# a clock may be set, and a machine may sleep: look again at least this often
_LOOK_SECONDS: Final = 600.0
_PR_SET_DUMPABLE: Final = 4
_RETRY_SECONDS: Final = 15 * 60.0  # a full disk may have room again by then


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let reports on their way arrive.

    Raises:
        StartError: something that the operator must mend first.
    """
    configure_logging()
    set_limits()
    keep_memory_private()
    with open_service(settings) as service:
        _sweep(service)
        apps = _applications(service)

        def use(renewed: Service) -> None:
            for app, _ in apps:
                app.state.service = renewed

        watch = RosterWatch(service, use)
        with keep_days(watch), send_decoys(watch):
            log(Event.STARTED)
            run_servers([make_server(app, settings, place) for app, place in apps])
        say_refusals(service)
    log(Event.STOPPED)


def _applications(service: Service) -> list[tuple[FastAPI, Place]]:
    """Make what is served, each at its place: pages for sources, and what couriers need."""
    settings = service.settings
    apps = [(create_app(service), settings.place)]
    if settings.courier_place is not None:
        apps.append((create_courier_app(service), settings.courier_place))
    return apps


def set_limits() -> None:
    """Allow as many files as the system does, and no core dump: it would hold plaintext."""
    _, most = limits.getrlimit(limits.RLIMIT_NOFILE)
    limits.setrlimit(limits.RLIMIT_NOFILE, (most, most))
    limits.setrlimit(limits.RLIMIT_CORE, (0, 0))


def keep_memory_private() -> None:
    """Let nobody of this user dump or trace the process: plaintext passes through its memory.

    A limit on core dumps alone does not bind a kernel that pipes them to a program (core(5)).

    Source: prctl(2), PR_SET_DUMPABLE.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)


def _sweep(service: Service) -> None:
    """Remove what a killed process left."""
    try:
        swept = service.intake.sweep()
    except IntakeError as error:
        raise StartError(f"{service.settings.data}: {error}") from None
    log(Event.SWEPT, removed=swept.removed, missing=swept.missing)


@contextmanager
def keep_days(watch: RosterWatch) -> Iterator[None]:
    """Close days beside the service: what is overdue now, and then each at 00:00 UTC."""
    stop = threading.Event()
    thread = threading.Thread(target=_keep_days, args=(watch, stop), name="days")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _keep_days(watch: RosterWatch, stop: threading.Event) -> None:
    closed = None
    while not stop.is_set():
        watch.look()
        service = watch.service
        service.sessions.turn_keys()
        today = service.today()
        wait = min(_seconds_to_midnight(), _LOOK_SECONDS)
        if today != closed:
            if close_days(service):
                closed = today
            else:
                wait = _RETRY_SECONDS
        stop.wait(wait)


def close_days(service: Service) -> bool:
    """Run the batch that closes every day before today, and say how the roster stands.

    Returns:
        Whether the batch was done; one that failed is tried again.
    """
    _warn_of_roster(service)
    _warn_of_room(service)
    say_refusals(service)
    try:
        batched = service.intake.run_batch(service.log_signer)
    except (IntakeError, CandorError, OSError) as error:
        log(Event.BATCH_FAILED, level=logging.ERROR, cause=error)
        return False
    log(Event.BATCH_DONE, envelopes=batched.envelopes, replies=batched.replies)
    return True


def say_refusals(service: Service) -> None:
    """Say how many requests of couriers were refused since this was said before, if any were."""
    if refused := service.desk.refusals.take():
        log(Event.COURIERS_REFUSED, level=logging.WARNING, count=refused)


def _warn_of_roster(service: Service) -> None:
    left = service.roster.expires - service.today()
    if left < timedelta():
        log(Event.ROSTER_EXPIRED, level=logging.ERROR)
    elif left < ROSTER_WARNING:
        log(Event.ROSTER_ENDS_SOON, level=logging.WARNING, days=left.days)


def _warn_of_room(service: Service) -> None:
    """Say that decoys have stopped: from then on a kept-out reviewer may conclude something."""
    if service.roster.decoys is not None and not service.intake.has_room_for_decoys():
        log(Event.DECOYS_PAUSED, level=logging.WARNING)


def _seconds_to_midnight() -> float:
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return (midnight - now).total_seconds()
