"""Every place on this machine where a server could have left something."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tests.leaks.needles import Find, Needles

TEMPORARY = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))


def files_below(directory: Path, *, since: float = 0.0, but: tuple[Path, ...] = ()) -> list[Path]:
    """List regular files that were made or changed since then."""
    return [path for path in _walk(directory, but) if _is_file_since(path, since)]


def search(paths: list[Path], needles: Needles) -> list[Find]:
    """Look through files and their names."""
    return [find for path in paths for find in needles.within_file(path)]


def _walk(directory: Path, but: tuple[Path, ...]) -> Iterator[Path]:
    for base, names, files in os.walk(directory):
        # What is mounted below belongs to somebody else: reading another's /proc may never end.
        # `Path.is_mount` would fail on what another test has just removed.
        names[:] = [
            name
            for name in names
            if (path := Path(base, name)) not in but and not os.path.ismount(path)
        ]
        yield from (Path(base, name) for name in files)


def _is_file_since(path: Path, since: float) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_ctime >= since
