"""The machine in words that name no host, and what else was going on on it."""

import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from nacl.bindings import sodium_init

LIBRARIES = (
    "cryptography",
    "fastapi",
    "httptools",
    "pynacl",
    "python-multipart",
    "sqlmodel",
    "starlette",
    "uvicorn",
    "uvloop",
)
_GIBIBYTE = 1 << 30


def describe(directory: Path) -> list[str]:
    """Say what the figures depend on."""
    sodium_init()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIBIBYTE
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    kernel = platform.release().partition("-")[0]
    return [
        f"Date: {datetime.now(UTC).date().isoformat()}",
        f"Processor: {os.cpu_count()} cores, {_processor()}",
        f"Memory: {memory:.0f} GiB; files on {_file_system(directory)}",
        f"System: {platform.system()} {kernel}, Python {platform.python_version()}",
        f"Libraries: {libraries}",
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(directory: Path) -> str:
    """Name the kind of file system: tmpfs would make fsync free."""
    place = directory.resolve()
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    holding = [mount for mount in mounts if place.is_relative_to(mount[1])]
    return max(holding, key=lambda mount: len(mount[1]))[2]


def busy_cores(seconds: float = 2.0) -> float:
    """Measure how many cores are busy with what others do, while we wait."""
    before_busy, before = _ticks()
    time.sleep(seconds)
    after_busy, after = _ticks()
    return (after_busy - before_busy) / (after - before) * (os.cpu_count() or 1)


def wait_until_quiet(limit: float = 0.15, patience: float = 120.0) -> float:
    """Wait, within reason, for others to be done; give how many cores they still take."""
    end = time.monotonic() + patience
    while (busy := busy_cores()) > limit and time.monotonic() < end:
        time.sleep(5)
    return busy


def _ticks() -> tuple[int, int]:
    user, nice, system, idle, iowait, *rest = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    )
    busy = user + nice + system + sum(rest)
    return busy, busy + idle + iowait
