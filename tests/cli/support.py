"""Run the real command: as a process, or on a terminal of its own."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from click.testing import Result
from typer.testing import CliRunner

from cli.main import app

MARKER = "Marker-in-the-text-of-a-source"
PROGRAM = [sys.executable, "-c", "from cli.main import main; main()"]


def run(*arguments: object) -> Result:
    """Run in this process: quick, and without a process's own start and end."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    complaints: str


def candor(*arguments: object, stdin: bytes = b"", **environment: str) -> Done:
    """Run to the end, with no terminal at all."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        start_new_session=True,
        env=clean_environment() | environment,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def clean_environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CANDOR_", "NO_COLOR"))}
    return kept | {"COLUMNS": "80", "TERM": "xterm-256color"}


def on_terminal(*arguments: object, typed: tuple[str, ...] = (), **environment: str) -> Done:
    """Run on a terminal, and answer each question that ends in `: ` with the next line."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - becomes the program
        os.execve(
            sys.executable, [*PROGRAM, *map(str, arguments)], clean_environment() | environment
        )
    said, answers = b"", list(typed)
    deadline = time.monotonic() + 60
    while True:
        if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            os.kill(child, signal.SIGKILL)  # it asks something that nobody answers
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux says so when the program has ended
            break
        if not data:
            break
        said += data
        if answers and said.endswith(b": "):
            time.sleep(0.05)  # the program switches echo off before it reads
            os.write(terminal, answers.pop(0).encode() + b"\n")
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    return Done(os.waitstatus_to_exitcode(status), said.decode().replace("\r\n", "\n"), "")


def is_one_line(complaint: str) -> bool:
    return re.fullmatch(r"candor: [^\n]+\n", complaint) is not None
