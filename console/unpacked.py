"""A bag that somebody has unzipped, read as the ZIP that it came from.

Its files stand between the headers that the profile would write for them, so that the one strict
reader judges a directory as well. Checksums in those headers are zero: what counts are the
manifests.
"""

import io
import os
import stat
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from crypto.bag_layout import (
    ANSWERS,
    ATTACHMENTS_JSON,
    BAGIT,
    FOLDER,
    IDENTITY,
    INFO,
    MANIFEST,
    MAX_MEMBERS,
    PADDING,
    SIGNATURE,
    TAG_MANIFEST,
    TEXT,
    is_attachment,
)
from crypto.errors import DamagedBagError
from crypto.raw_reader import RawReader
from crypto.zip_profile import Member, central_header, descriptor, end_records, local_header

_BEFORE = (BAGIT, TEXT, ANSWERS)
_AFTER = (ATTACHMENTS_JSON, IDENTITY, INFO, MANIFEST, PADDING, TAG_MANIFEST, SIGNATURE)


class UnpackedBag(RawReader):
    """The ZIP of a directory; closing closes the files.

    Args:
        path: the folder with bagit.txt in it, or the one that holds that folder.

    Raises:
        DamagedBagError: something there is no file of any bag.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(0)
        root = path / FOLDER if (path / FOLDER).is_dir() else path
        self._files = ExitStack()
        self._parts: list[BinaryIO] = []
        self._starts: list[int] = []
        members = [self._add_member(root, name) for name in _names(root)]
        directory = b"".join(map(central_header, members))
        self._add(io.BytesIO(directory + end_records(len(members), self.size, len(directory))))

    def _add_member(self, root: Path, name: str) -> Member:
        path = f"{FOLDER}/{name}"
        offset = self.size
        self._add(io.BytesIO(local_header(path)))
        start = self.size
        self._add(_open_file(root / name))
        member = Member(path, self.size - start, 0, offset)
        self._add(io.BytesIO(descriptor(member.size, 0)))
        return member

    def _add(self, part: BinaryIO) -> None:
        self._files.enter_context(part)
        self._parts.append(part)
        self._starts.append(self.size)
        self.size += part.seek(0, io.SEEK_END)

    def _read_at(self, place: int, out: memoryview) -> int:
        index = bisect_right(self._starts, place) - 1
        part = self._parts[index]
        part.seek(place - self._starts[index])
        return int(part.readinto(out))  # type: ignore[attr-defined]  # files and BytesIO have it

    def close(self) -> None:
        """Close the files."""
        self._files.close()
        super().close()


def _open_file(path: Path) -> BinaryIO:
    """Open a plain file; a pipe would keep us waiting for ever.

    Raises:
        DamagedBagError: something else has its name.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise DamagedBagError("the directory holds what is no plain file")
    return file


def _names(root: Path) -> Iterator[str]:
    """Bring the files into the order of a bag.

    Raises:
        DamagedBagError: a file that no bag has.
    """
    found = {
        path.relative_to(root).as_posix() for path in root.rglob("*") if not _is_directory(path)
    }
    attachments = sorted(filter(is_attachment, found))
    known = [*_BEFORE, *attachments, *_AFTER]
    if found - set(known) or len(found) > MAX_MEMBERS:
        raise DamagedBagError("the directory holds a file that no bag has")
    return (name for name in known if name in found)


def _is_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
