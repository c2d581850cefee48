"""A strict reader of the ZIP profile.

There is one way to read a file or none: the central directory is where the end records say, which
stand at the very end; every structure is exactly the bytes that the profile's writer would write
for the names, sizes and checksums of the directory; from offset 0 each member ends where the next
begins, and the last where the directory begins. Nothing is ever searched for, so that no second
meaning hides in a gap, an overlap, a prefix or a comment.
"""

import io
from collections.abc import Callable
from typing import Protocol

from crypto.errors import DamagedBagError
from crypto.raw_reader import RawReader
from crypto.zip_profile import (
    CENTRAL,
    CENTRAL_EXTRA,
    DESCRIPTOR,
    END,
    END64,
    END_BYTES,
    LOCAL,
    LOCATOR,
    MAX_NAME_BYTES,
    Member,
    central_bytes,
    central_header,
    descriptor,
    end_records,
    local_header,
)


class SeekableFile(Protocol):
    """What is read from: an opened file, `io.BytesIO`, or the payload of an envelope."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move as `io.IOBase.seek` does."""
        ...

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read as `io.RawIOBase.readinto` does; fewer bytes than asked for are no end."""
        ...


def read_exactly(file: SeekableFile, offset: int, size: int) -> bytes:
    """Read `size` bytes from `offset`, or as many as there are."""
    buffer = bytearray(size)
    file.seek(offset)
    done = 0
    with memoryview(buffer) as view:
        while done < size and (count := file.readinto(view[done:])):
            done += count
    return bytes(buffer[:done])


class ZipReader:
    """The members of a ZIP of the profile, in their order.

    Args:
        is_known: tells whether a name may be there at all.
        max_members: more are refused before they are read.

    Raises:
        DamagedBagError: saying which structure and field is not as the profile has it.
    """

    def __init__(
        self, file: SeekableFile, is_known: Callable[[str], bool], *, max_members: int
    ) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        members, offset, length = self._read_ends(max_members)
        directory = read_exactly(file, offset, length)
        self.members = tuple(_parse_directory(directory, members, is_known))
        self._require_no_gaps(offset)
        for member in self.members:
            self._require_headers(member)
        self._by_name = {member.name: member for member in self.members}

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def member(self, name: str) -> Member:
        """Return the member of this name.

        Raises:
            DamagedBagError: there is none.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise DamagedBagError("a file that every bag has is missing") from None

    def read(self, name: str, *, max_bytes: int) -> bytes:
        """Read a small member as a whole.

        Raises:
            DamagedBagError: there is none, or it is larger than such a file may be.
        """
        member = self.member(name)
        if member.size > max_bytes:
            raise DamagedBagError("a file of the bag is larger than it may be")
        return read_exactly(self._file, member.data_offset, member.size)

    def open(self, name: str) -> "MemberReader":
        """Open a member for reading in pieces; several share one file, so one thread at a time."""
        member = self.member(name)
        return MemberReader(self._file, member.data_offset, member.size)

    def _read_ends(self, max_members: int) -> tuple[int, int, int]:
        """Return number of members, offset and length of the directory."""
        start = self.size - END_BYTES
        if start < 0:
            raise DamagedBagError("the ZIP is too short to be one")
        found = read_exactly(self._file, start, END_BYTES)
        if len(found) < END_BYTES:
            raise DamagedBagError("the ZIP is cut short")
        *_, members, length, offset = END64.layout.unpack_from(found)
        _require_ends(found, start)
        if offset + length != start:
            raise DamagedBagError("the ZIP's directory is not where its end records stand")
        fixed = END64.layout.size
        END64.require(found[:fixed], end_records(members, offset, length)[:fixed])
        if members > max_members or length > members * (central_bytes("") + MAX_NAME_BYTES):
            raise DamagedBagError("the ZIP's directory is larger than it may be")
        return members, offset, length

    def _require_no_gaps(self, directory_offset: int) -> None:
        expected = 0
        for member in self.members:
            if member.offset != expected:
                raise DamagedBagError("the ZIP's members leave a gap, overlap or change places")
            expected = member.end
        if expected != directory_offset:
            raise DamagedBagError("the ZIP's last member does not end where its directory begins")

    def _require_headers(self, member: Member) -> None:
        header = local_header(member.name)
        LOCAL.require(read_exactly(self._file, member.offset, len(header)), header)
        behind = descriptor(member.size, member.crc32)
        at = member.data_offset + member.size
        DESCRIPTOR.require(read_exactly(self._file, at, len(behind)), behind)


class MemberReader(RawReader):
    """A stretch of a file; what it is read from stays open."""

    def __init__(self, file: SeekableFile, start: int, size: int) -> None:
        super().__init__(size)
        self._file = file
        self._start = start

    def _read_at(self, place: int, out: memoryview) -> int:
        self._file.seek(self._start + place)
        return self._file.readinto(out) or 0


def _require_ends(found: bytes, start: int) -> None:
    """Check locator and end record: they are the same whatever the directory holds."""
    expected = end_records(0, start, 0)
    locator, end = END64.layout.size, END64.layout.size + LOCATOR.layout.size
    END.require(found[end:], expected[end:])
    LOCATOR.require(found[locator:end], expected[locator:end])


def _parse_directory(
    directory: bytes, members: int, is_known: Callable[[str], bool]
) -> list[Member]:
    """Parse central headers, each exactly as the writer would write it."""
    found: dict[str, Member] = {}
    at = 0
    for _ in range(members):
        member = _parse_central(directory, at)
        expected = central_header(member)
        CENTRAL.require(directory[at : at + len(expected)], expected)
        if not is_known(member.name):
            raise DamagedBagError("the ZIP has a member of an unknown name")
        if found.setdefault(member.name, member) is not member:
            raise DamagedBagError("the ZIP has two members of one name")
        at += len(expected)
    if at != len(directory):
        raise DamagedBagError("the ZIP's directory has more than its members")
    return list(found.values())


def _parse_central(directory: bytes, at: int) -> Member:
    """Take a member's values from its central header; everything else is compared afterwards."""
    name_at = at + CENTRAL.layout.size
    if name_at > len(directory):
        raise DamagedBagError("the ZIP's central header is cut short")
    fields = CENTRAL.layout.unpack_from(directory, at)
    crc32, name_bytes = int(fields[7]), int(fields[10])
    extra_at = name_at + name_bytes
    if extra_at + CENTRAL_EXTRA.size > len(directory):
        raise DamagedBagError("the ZIP's central header is cut short")
    name = directory[name_at:extra_at]
    if not name.isascii():
        raise DamagedBagError("the ZIP has a member of an unknown name")
    _, _, size, _, offset, _ = CENTRAL_EXTRA.unpack_from(directory, extra_at)
    return Member(name.decode("ascii"), size, crc32, offset)
