"""What is left of a bag that is refused: readable behind a warning, and nothing of it verified.

A bag may be damaged or forged and its envelope intact: then these bytes are what somebody sealed to
this reader, and a reader may want to see them. Whoever shows them says first what failed.
"""

import io
from contextlib import suppress
from dataclasses import dataclass

from crypto.bag_info import BagKind
from crypto.bag_info_file import parse_bag_info
from crypto.bag_layout import FOLDER, INFO, MAX_MEMBERS, MAX_TEXT_BYTES, TEXT, is_known
from crypto.errors import DamagedBagError
from crypto.zip_reader import MemberReader, SeekableFile, ZipReader, read_exactly

WHOLE = "bag.zip"
_MAX_INFO_BYTES = 8192


@dataclass(frozen=True, slots=True)
class UnverifiedFile:
    """A stretch of the plaintext; `name` is one of the fixed names of a bag, or `bag.zip`."""

    name: str
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class UnverifiedBag:
    """The files of a refused bag.

    Attributes:
        files: as the ZIP has them; if it is no ZIP of the profile, the whole plaintext as one.
    """

    _file: SeekableFile
    files: tuple[UnverifiedFile, ...]

    @property
    def text(self) -> str:
        """The main text, what is not UTF-8 replaced; empty if there is none."""
        for found in self.files:
            if found.name == TEXT:
                size = min(found.size, MAX_TEXT_BYTES)
                return read_exactly(self._file, found.offset, size).decode("utf-8", "replace")
        return ""

    @property
    def claimed_kind(self) -> BagKind | None:
        """The kind that its bag-info.txt claims; None if that is none of any kind."""
        for found in self.files:
            if found.name == INFO and found.size <= _MAX_INFO_BYTES:
                data = read_exactly(self._file, found.offset, found.size)
                with suppress(DamagedBagError):
                    return parse_bag_info(data)[0].kind
        return None

    def open(self, file: UnverifiedFile) -> io.BufferedReader:
        """Open a file for reading anywhere."""
        return io.BufferedReader(MemberReader(self._file, file.offset, file.size))


def read_damaged(file: SeekableFile) -> UnverifiedBag:
    """Read what can be read of a bag that `BagReader` has refused."""
    try:
        zipped = ZipReader(file, is_known, max_members=MAX_MEMBERS)
    except DamagedBagError:
        return UnverifiedBag(file, (UnverifiedFile(WHOLE, file.seek(0, io.SEEK_END), 0),))
    files = (
        UnverifiedFile(member.name.removeprefix(f"{FOLDER}/"), member.size, member.data_offset)
        for member in zipped.members
    )
    return UnverifiedBag(file, tuple(files))
