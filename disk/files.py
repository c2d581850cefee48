"""Write files that only their owner reads, that replace nothing, and that appear whole."""

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from disk.errors import OutputError

_UNFINISHED = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{16}\.part", re.DOTALL)
_FILE_MODE = 0o600
_MANY = 256  # files; from here on one call for the whole machine is the quicker way
_DIRECTORY_MODE = 0o700
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_TO_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def private_directory(path: Path) -> Iterator[int]:
    """Make a directory with mode 0700, or take an existing one that nobody else can write to.

    Raises:
        OutputError: a symbolic link, or others may write into it and move what is there.
    """
    path.parent.mkdir(_DIRECTORY_MODE, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir(_DIRECTORY_MODE)
    try:
        descriptor = os.open(path, _OPEN_DIRECTORY)
    except NotADirectoryError:
        raise OutputError(f"{path} is a link or not a directory: name another") from None
    try:
        status = os.fstat(descriptor)
        others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        # Whoever can write here could plant a link or move the files away; not so where the
        # sticky bit stands, but it does not bind the directory's owner.
        sticky = status.st_mode & stat.S_ISVTX and status.st_uid in {0, os.geteuid()}
        if others_write and not sticky:
            raise OutputError(f"others may write into {path}: name a directory of your own")
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def private_subdirectory(parent: int, name: str) -> Iterator[int]:
    """Make, or take again, a directory that only its owner can look into.

    Raises:
        OutputError: what has this name is a link, somebody else's, or open to others.
    """
    with suppress(FileExistsError):
        os.mkdir(name, _DIRECTORY_MODE, dir_fd=parent)
    try:
        descriptor = os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
    except NotADirectoryError:
        raise OutputError(f"{name} exists there and is no directory: name another") from None
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise OutputError(f"{name} exists there and is open to others: name another directory")
        yield descriptor
    finally:
        os.close(descriptor)


def is_there(parent: int, name: str, size: int, sha256: bytes) -> bool:
    """Tell whether a file is there already with exactly this content; a link never counts."""
    try:
        descriptor = os.open(name, _OPEN_TO_READ, dir_fd=parent)
    except OSError:
        return False  # whatever is there instead, whoever writes will be refused
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size != size:
            return False
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return hashlib.file_digest(file, "sha256").digest() == sha256
    finally:
        os.close(descriptor)


@contextmanager
def new_file(parent: int, name: str) -> Iterator[BinaryIO]:
    """Write a file that takes its name when the block ends well, and replaces nothing.

    The name appears after fsync, with mode 0600. When the block raises, nothing remains.

    Raises:
        OutputError: the name is taken.
    """
    _require_free(parent, name)
    with _unfinished(parent, name) as (file, temporary):
        yield file
        _settle(file)
        _publish(parent, temporary, name)


@contextmanager
def new_file_at(path: Path) -> Iterator[BinaryIO]:
    """Do as `new_file` does, for a path.

    Raises:
        OutputError: the name is taken.
    """
    with _directory(path.parent) as parent, new_file(parent, path.name) as file:
        yield file


@contextmanager
def replaced_file_at(path: Path) -> Iterator[BinaryIO]:
    """Replace a file of our own in one step: after a crash it is the old or the new one, whole."""
    with (
        _directory(path.parent) as parent,
        _unfinished(parent, path.name) as (file, temporary),
    ):
        yield file
        _settle(file)
        os.rename(temporary, path.name, src_dir_fd=parent, dst_dir_fd=parent)
        os.fsync(parent)


def remove_unfinished(parent: int, name: str | None = None) -> None:
    """Remove what killed processes left of writing a file, or any; nobody may be writing now."""
    for entry in os.listdir(parent):
        match = _UNFINISHED.fullmatch(entry)
        if match and name in {None, match["name"]}:
            with suppress(FileNotFoundError):
                os.unlink(entry, dir_fd=parent)


@contextmanager
def unsettled_file(parent: int, name: str) -> Iterator[BinaryIO]:
    """Write one of many files, which takes its name, from another if need be, when the block ends.

    Only after `settle` is it on the disk for certain; until then a crash may leave the name and not
    the content. For what can be made again from where it came.
    """
    with _unfinished(parent, name) as (file, temporary):
        yield file
        file.flush()
        os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)


def settle(paths: Collection[Path]) -> None:
    """Wait until files and their names are on the disk."""
    if len(paths) > _MANY:
        os.sync()
        return
    for path in [*paths, *{path.parent for path in paths}]:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _directory(path: Path) -> Iterator[int]:
    """Hold a directory open: what is written lands there whatever is renamed meanwhile."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _unfinished(parent: int, name: str) -> Iterator[tuple[BinaryIO, str]]:
    """Make a file under a name nobody guesses, and see that this name is gone afterwards."""
    temporary = f".{name}.{secrets.token_hex(8)}.part"
    descriptor = os.open(temporary, _CREATE, _FILE_MODE, dir_fd=parent)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file, temporary
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=parent)


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _require_free(parent: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.lstat(name, dir_fd=parent)
        raise OutputError(f"{name} exists already and is never overwritten: name another")


def _publish(parent: int, temporary: str, name: str) -> None:
    """Give the file its name; a hard link, since that cannot replace a file as a rename does."""
    try:
        os.link(temporary, name, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)
    except FileExistsError:
        _require_free(parent, name)
    except PermissionError:  # FAT on a USB stick has no hard links
        _require_free(parent, name)
        os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    os.fsync(parent)
