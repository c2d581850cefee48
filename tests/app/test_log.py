"""Nothing that a source sent, and no time finer than a day, gets into a log."""

import asyncio
import io
import logging
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from app.log import DayFormatter, Event, configure_logging, log
from tests.app.conftest import ORIGIN, Web
from tests.support.service import ROOT

MARKER = "marker-4711-from-10.1.2.3"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Configure this process's logging, and put everything back."""
    root, levels = logging.root, {}
    for name in ("uvicorn.error", "uvicorn.access", "candor"):
        logger = logging.getLogger(name)
        levels[logger] = (logger.level, logger.disabled)
    before = (root.handlers[:], root.level, logging.raiseExceptions)
    hooks = (sys.excepthook, sys.unraisablehook, threading.excepthook)
    stream = io.StringIO()
    configure_logging(stream)
    try:
        yield stream
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:], level, logging.raiseExceptions = before
        root.setLevel(level)
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        for logger, (level, disabled) in levels.items():
            logger.setLevel(level)
            logger.disabled = disabled


def failure() -> ValueError:
    return ValueError(MARKER)


def test_an_event_is_written_with_its_counts_and_the_day(lines: io.StringIO) -> None:
    log(Event.BATCH_DONE, envelopes=3)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d info daily batch done envelopes=3\n", lines.getvalue())


def test_of_an_exception_only_the_type_is_written(lines: io.StringIO) -> None:
    log(Event.FAILED, level=logging.ERROR, cause=failure())
    assert lines.getvalue().endswith(" error request failed exception=builtins.ValueError\n")


@pytest.mark.parametrize(
    "name", ["uvicorn.error", "sqlalchemy.engine", "asyncio", "root", "candor"]
)
def test_of_a_library_only_the_logger_and_the_type_are_written(
    lines: io.StringIO, name: str
) -> None:
    logging.getLogger(name).error("%s happened to %s", MARKER, MARKER, exc_info=failure())
    assert "library message" in lines.getvalue()
    assert f"logger={name}" in lines.getvalue()
    assert MARKER not in lines.getvalue()


def test_a_counter_that_is_no_number_is_not_written() -> None:
    record = logging.LogRecord("candor", logging.INFO, "", 0, Event.STARTED, (), None)
    record.counts = {"n": MARKER}
    with pytest.raises(ValueError, match="invalid literal"):
        DayFormatter().format(record)


def test_a_warning_is_a_librarys_message(lines: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(MARKER, stacklevel=1)
    assert "logger=py.warnings" in lines.getvalue()
    assert MARKER not in lines.getvalue()


def test_the_event_loops_handler_writes_the_type_only(lines: io.StringIO) -> None:
    loop = asyncio.new_event_loop()
    try:
        loop.call_exception_handler({"message": MARKER, "exception": failure()})
    finally:
        loop.close()
    assert "logger=asyncio exception=builtins.ValueError" in lines.getvalue()
    assert MARKER not in lines.getvalue()


def test_a_thread_that_fails_writes_the_type_only(lines: io.StringIO) -> None:
    thread = threading.Thread(target=lambda: (_ for _ in ()).throw(failure()))
    thread.start()
    thread.join()
    assert "logger=thread exception=builtins.ValueError" in lines.getvalue()
    assert MARKER not in lines.getvalue()


def test_a_process_that_dies_of_an_exception_writes_the_type_only() -> None:
    program = f"from app.log import configure_logging as c; c(); raise ValueError({MARKER!r})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "logger=uncaught exception=builtins.ValueError" in done.stderr
    assert MARKER not in done.stderr + done.stdout


def test_a_record_that_cannot_be_written_prints_nothing(
    lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("candor").info(Event.STARTED, extra={"counts": {"n": MARKER}})
    assert MARKER not in lines.getvalue() + "".join(capsys.readouterr())


def test_a_fault_of_ours_gives_a_plain_page_and_no_marker(
    web: Web, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(MARKER)

    monkeypatch.setattr("app.routes.report.receive_report", fail)
    answer = web.post_form(MARKER.encode())
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert MARKER not in answer.text
    assert MARKER not in lines.getvalue()


@pytest.mark.parametrize("path", [f"/en/{MARKER}", f"/{MARKER}/report", f"/en/mailbox?{MARKER}"])
def test_no_answer_repeats_the_address(web: Web, lines: io.StringIO, path: str) -> None:
    headers = {"User-Agent": MARKER, "Referer": f"{ORIGIN}/{MARKER}", "Cookie": f"session={MARKER}"}
    answer = web.client.get(path, headers=headers)
    assert MARKER not in answer.text
    assert MARKER not in str(answer.headers)
    assert MARKER not in lines.getvalue()
