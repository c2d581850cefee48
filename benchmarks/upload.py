"""How fast is a large attachment taken in?"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from statistics import median

from benchmarks import form
from benchmarks.client import Answer, connected
from benchmarks.context import Context
from benchmarks.processes import CpuTime, Watched
from benchmarks.report import MEGABYTE, Row, Section, at_least, ratio, speed
from benchmarks.service import READERS, child_server, free_address, make_place, running

UPLOAD_BYTES = 500 * MEGABYTE
ROUNDS = 7
FLOOR_TARGET = 0.6
_ABOUT = """\
One attachment of {size:.0f} MB over loopback, by a browser's form: parsed, hashed, put into a
bag, sealed to 16 slots, on the disk (fsynced) before the answer. Against two others, in turn,
{rounds} rounds, after each the disk is let come to rest:

- *the floor*: one process on one core, no HTTP: the same parser, SHA-256, CRC-32, PyNaCl's public
  ChaCha20-Poly1305 on chunks of 64 KiB, write, one fsync;
- *in the clear*: an endpoint on the same server software that takes the file by FastAPI's
  `UploadFile` and copies it, fsynced, to its place. It seals nothing and leaves plaintext."""


def post_file(
    context: Context, address: tuple[str, int], path: str, head: bytes, size: int
) -> Answer:
    """Send a form with one file as fast as the other side takes it."""
    length = len(head) + size + len(form.END)
    with connected(address) as connection:
        body = chain([head], context.content.blocks(size), [form.END])
        return connection.post(path, body, length).require(303)


def measure(context: Context) -> list[Section]:
    size = context.size(UPLOAD_BYTES)
    directory = context.directory / "upload"
    place = make_place(directory)
    clear = free_address()
    sealed_head = form.fields(READERS) + form.file_head()
    clear_head = form.field("text", form.TEXT) + form.file_head()
    floors: list[float] = []
    with ExitStack() as running_servers:
        service = running_servers.enter_context(running(place))
        copying = running_servers.enter_context(_clear_endpoint(directory, clear))
        ours = _Timed(
            service, lambda: post_file(context, place.address, place.form_path, sealed_head, size)
        )
        theirs = _Timed(copying, lambda: post_file(context, clear, "/upload", clear_head, size))
        for server in (ours, theirs):
            server.round()
            server.forget()  # what is loaded on first use is loaded now
        for _ in range(context.times(ROUNDS)):
            floors.append(_floor(directory, size))
            ours.round()
            theirs.round()
    rows = (
        Row("the floor", speed(size, floors)),
        Row("in the clear, by `UploadFile`", speed(size, theirs.seconds)),
        Row("sealed by the service", speed(size, ours.seconds)),
        at_least("sealed, in parts of the floor", ratio(floors, ours.seconds), FLOOR_TARGET),
        at_least("sealed, in parts of in the clear", ratio(theirs.seconds, ours.seconds), 1.0),
        Row("processor time of the service for one upload", ours.cpu_text()),
        Row("processor time of the endpoint in the clear", theirs.cpu_text()),
    )
    about = _ABOUT.format(size=size / MEGABYTE, rounds=len(floors))
    return [Section("Upload", about, rows)]


class _Timed:
    """One of those that take turns."""

    def __init__(self, server: Watched, upload: Callable[[], Answer]) -> None:
        self.seconds: list[float] = []
        self._cpu: list[CpuTime] = []
        self._server = server
        self._upload = upload

    def round(self) -> None:
        os.sync()
        before = self._server.cpu()
        self.seconds.append(self._upload().seconds)
        self._cpu.append(self._server.cpu().since(before))

    def forget(self) -> None:
        self.seconds.clear()
        self._cpu.clear()

    def cpu_text(self) -> str:
        user = median(cpu.user for cpu in self._cpu)
        system = median(cpu.system for cpu in self._cpu)
        share = (user + system) / median(self.seconds)
        return f"{user:.2f} s user, {system:.2f} s system ({share:.2f} cores)"


def _floor(directory: Path, size: int) -> float:
    path = directory / "floor"
    command = [sys.executable, "-m", "benchmarks.upload_floor", str(size), str(path)]
    seconds = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    path.unlink()
    return seconds


@contextmanager
def _clear_endpoint(directory: Path, address: tuple[str, int]) -> Iterator[Watched]:
    place = directory / "clear"
    place.mkdir()
    command = ["benchmarks.clear_endpoint", str(address[1]), str(place)]
    # its spooled file belongs on the same disk
    with child_server(command, address, TMPDIR=str(place)) as watched:
        yield watched
