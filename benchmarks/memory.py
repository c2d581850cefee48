"""How much memory do uploads take?"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle

from benchmarks import form
from benchmarks.client import Connection, FailedError
from benchmarks.context import MEBIBYTE, Context
from benchmarks.processes import Watched
from benchmarks.report import MEGABYTE, Row, Section, at_most, megabytes
from benchmarks.service import READERS, Place, make_place, running
from benchmarks.upload import post_file
from crypto.sodium import ARGON2ID_MEMORY_BYTES

LARGE_BYTES = 4 << 30
LARGE_TARGET = 40 * MEGABYTE
SLOW_UPLOADS = 500
SLOW_TARGET = 250 * MEGABYTE
_FIRST_BYTES = 192 * 1024
_TRICKLE_BYTES = 1024
_STRETCH_SECONDS = 70.0  # in which the words of all are stretched, one at a time
_TRICKLE_SECONDS = 15.0
_ABOUT_LARGE = """\
One attachment of {size:.1f} GiB. *Idle* is the service after its start and one page. The peak is
the kernel's own (`VmHWM`, reset beforehand), over idle. A new report's words are stretched with
64 MiB of memory while the file comes; a second peak is taken after that."""
_ABOUT_SLOW = """\
{count} uploads at once, as over slow circuits: each has sent its answers and {first} KiB of its
file, and then trickles 1 KiB at a time in turn. The words of all are stretched meanwhile, one at a
time; a second peak is taken after that, and then each sends its end. *Unique* is what would be
free without the process."""


def measure(context: Context) -> list[Section]:
    return [_large(context), _slow(context)]


def _large(context: Context) -> Section:
    size = context.size(LARGE_BYTES)
    place = make_place(context.directory / "large", report_limit=size + 2 * MEBIBYTE)
    with running(place) as service:
        idle = service.resident_bytes()
        service.reset_peak()
        peaks: list[int] = []
        with _reset_in_the_middle(service, peaks, 1.0 if context.quick else 3.0):
            head = form.fields(READERS) + form.file_head()
            post_file(context, place.address, place.form_path, head, size)
        peaks.append(service.peak_bytes())
        after = service.resident_bytes()
    rows = (
        Row("idle", megabytes(idle)),
        at_most(
            "peak over idle, the key stretch included",
            max(peaks) - idle,
            LARGE_TARGET + ARGON2ID_MEMORY_BYTES,
            megabytes,
        ),
        at_most(
            "peak over idle, once the key is stretched", peaks[-1] - idle, LARGE_TARGET, megabytes
        ),
        Row("over idle afterwards", megabytes(after - idle)),
    )
    return Section("Memory: one large upload", _ABOUT_LARGE.format(size=size / (1 << 30)), rows)


@contextmanager
def _reset_in_the_middle(service: Watched, peaks: list[int], seconds: float) -> Iterator[None]:
    """Note the peak and begin a new one while an upload is on its way."""

    def reset() -> None:
        peaks.append(service.peak_bytes())
        service.reset_peak()

    timer = threading.Timer(seconds, reset)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def _slow(context: Context) -> Section:
    count = context.times(SLOW_UPLOADS)
    place = make_place(context.directory / "slow")
    with running(place) as service, ExitStack() as closing:
        idle, idle_unique = service.resident_bytes(), service.unique_bytes()
        service.reset_peak()
        uploads = [_begin(context, place, closing) for _ in range(count)]
        _trickle(uploads, service, _STRETCH_SECONDS * count / SLOW_UPLOADS)
        stretching = service.peak_bytes()
        service.reset_peak()
        unique = _trickle(uploads, service, _TRICKLE_SECONDS)
        trickling = service.peak_bytes()
        failed = _end(uploads)
        ending = service.peak_bytes()
    rows = (
        Row("idle", f"{megabytes(idle)}, unique {megabytes(idle_unique)}"),
        at_most(
            f"peak over idle, {count} at once, one key stretch included",
            max(stretching, ending) - idle,
            SLOW_TARGET + ARGON2ID_MEMORY_BYTES,
            megabytes,
        ),
        at_most("the same once the keys are stretched", trickling - idle, SLOW_TARGET, megabytes),
        at_most("unique over idle then", unique - idle_unique, SLOW_TARGET, megabytes),
        Row("for each upload", f"{(trickling - idle) / count / 1000:.0f} KB"),
        at_most("failed", failed, 0, lambda number: f"{number:.0f} of {count}"),
    )
    about = _ABOUT_SLOW.format(count=count, first=_FIRST_BYTES >> 10)
    return Section("Memory: many slow uploads", about, rows)


def _begin(context: Context, place: Place, closing: ExitStack) -> Connection:
    connection = Connection(place.address)
    closing.callback(connection.close)
    connection.begin_chunked(place.form_path)
    connection.send_chunk(form.fields(READERS) + form.file_head())
    first = next(context.content.blocks(_FIRST_BYTES))
    connection.send_chunk(first)
    return connection


def _trickle(uploads: list[Connection], service: Watched, seconds: float) -> int:
    """Let every upload send a little in turn; give the most unique memory seen."""
    end = time.monotonic() + seconds
    unique = 0
    piece = bytes(_TRICKLE_BYTES)
    for number, upload in enumerate(cycle(uploads)):
        upload.send_chunk(piece)
        if number % len(uploads) == 0:
            unique = max(unique, service.unique_bytes())
            if time.monotonic() > end:
                return unique
        time.sleep(0.001)
    return unique


def _end(uploads: list[Connection]) -> int:
    """Let every upload end; give how many were not taken."""
    failed = 0
    for upload in uploads:
        with suppress(OSError):  # its answer, or none, tells
            upload.send_chunk(form.END)
            upload.end_chunks()
    for upload in uploads:
        try:
            failed += upload.receive().status != 303
        except (OSError, FailedError):
            failed += 1
    return failed
