"""Days of a log as files that anybody may have fetched."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from console.errors import LogFileError
from crypto.errors import MalformedLogError
from crypto.log_day import MAX_DAY_BYTES, LogDay, parse_day


def read_day_file(path: Path) -> LogDay:
    """Read a day's file.

    Raises:
        LogFileError: not one; says which file.
    """
    with path.open("rb") as file:
        data = file.read(MAX_DAY_BYTES + 1)
    try:
        return parse_day(data)
    except MalformedLogError as error:
        raise LogFileError(f"{path}: {error}") from None


def find_day_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Take files as they are named, and every `*.json` of a directory; links are not followed."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                found
                for found in path.rglob("*.json")
                if found.is_file() and not found.is_symlink()
            )
        else:
            yield path
