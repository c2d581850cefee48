"""Servers that start in a moment: each is forked from a process that has imported everything."""

import contextlib
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from app.settings import load_settings
from tests.support.service import START_SECONDS, House

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["app.serve", "app.routes", "tests.support.service"])


def _serve(config: str, log: str) -> None:
    """Be a service, with standard error in a file."""
    from app.serve import serve

    with Path(log).open("ab") as errors:
        os.dup2(errors.fileno(), sys.stderr.fileno())
    serve(load_settings(Path(config)))


@contextlib.contextmanager
def forked_service(house: House) -> Iterator[ForkServerProcess]:
    """Serve a directory until the block ends, or the process is killed in it."""
    process = _CONTEXT.Process(target=_serve, args=(str(house.config), str(log_of(house))))
    process.start()
    try:
        _wait_until_it_answers(house, process)
        yield process
    finally:
        process.terminate()
        process.join()


def log_of(house: House) -> Path:
    return house.directory / "log"


def _wait_until_it_answers(house: House, process: ForkServerProcess) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.is_alive():
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", house.settings.port), 1.0).close()
            return
        time.sleep(0.01)
    raise RuntimeError(f"the service did not start: {log_of(house).read_text()}")
