"""What the service may say about itself: a closed set of events, and never more than a day.

One formatter owns every logger. An event of ours is written with its counts; whatever a library
logs becomes its logger's name and the type of an exception, because a message may hold what a
source sent: uvicorn logs exceptions with their text, python-multipart logs bytes of the body,
SQLAlchemy parameters.

A line is `<day> <level> <event>[ <name>=<count>…]`. The time is cut to the day: a finer one would
tell when a source was here. So the lines stay in order, and say nothing of what lies between two
days.
"""

import logging
import sys
import threading
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Final, TextIO

_LOGGER: Final = "candor"


class Event(StrEnum):
    """Everything the service logs. Adding one is a decision about metadata."""

    STARTED = "service started"
    STOPPED = "service stopped"
    SWEPT = "half-made arrivals removed"
    BATCH_DONE = "daily batch done"
    BATCH_FAILED = "daily batch failed"
    ROSTER_ENDS_SOON = "roster expires soon"
    ROSTER_EXPIRED = "roster has expired"
    ROSTER_TAKEN = "newer roster taken"
    ROSTER_REFUSED = "roster file refused, the last good one stays in force"
    COURIERS_REFUSED = "requests of couriers refused"
    STORAGE_FULL = "storage is full"
    DECOYS_PAUSED = "room is short, no decoys are sent"
    FAILED = "request failed"
    LIBRARY = "library message"


def log(
    event: Event, *, level: int = logging.INFO, cause: BaseException | None = None, **counts: int
) -> None:
    """Log one event; of `cause` only the type is written."""
    logging.getLogger(_LOGGER).log(level, event, extra={"counts": counts}, exc_info=cause)


class DayFormatter(logging.Formatter):
    """Write events of ours in full, and of anybody else's only where it came from."""

    def format(self, record: logging.LogRecord) -> str:
        """Build one line that cannot hold what a source sent."""
        day = datetime.fromtimestamp(record.created, tz=UTC).date()
        words = [day.isoformat(), record.levelname.lower(), *_words(record)]
        if record.exc_info and record.exc_info[0] is not None:
            words.append(f"exception={_type_name(record.exc_info[0])}")
        return " ".join(words)


def _words(record: logging.LogRecord) -> list[str]:
    if isinstance(record.msg, Event) and record.name == _LOGGER:
        counts: dict[str, int] = getattr(record, "counts", {})
        return [str(record.msg), *(f"{name}={int(count)}" for name, count in counts.items())]
    return [str(Event.LIBRARY), f"logger={record.name}"]


def _type_name(kind: type[BaseException]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def configure_logging(stream: TextIO | None = None) -> None:
    """Give every logger, warning and uncaught exception of this process to the one formatter."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(DayFormatter())
    for name in list(logging.root.manager.loggerDict):
        _hand_over(logging.getLogger(name))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger(_LOGGER).setLevel(logging.INFO)
    # it warns of every bad request, which is nobody's news, and would tell that somebody was here
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(capture=True)
    # `logging` would print a broken record, arguments included, to standard error
    logging.raiseExceptions = False
    sys.excepthook = _log_uncaught
    sys.unraisablehook = lambda problem: _log_type("unraisable", problem.exc_value)
    threading.excepthook = lambda problem: _log_type("thread", problem.exc_value)


def _hand_over(logger: logging.Logger) -> None:
    """Take a library's own handlers away; its records go to the root."""
    logger.handlers.clear()
    logger.propagate = True
    logger.disabled = False


def _log_uncaught(
    kind: type[BaseException], error: BaseException, _trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log_type("uncaught", error)


def _log_type(where: str, error: BaseException | None) -> None:
    logging.getLogger(where).error("exception", exc_info=error)
