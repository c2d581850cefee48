"""The ZIP profile: one way only to write a list of names, sizes and checksums as a ZIP.

    member     := local header || data || descriptor
    ZIP        := member* || central header* || zip64 end record || zip64 locator || end record

Members are stored, and everything is written as zip64 whatever its size, so that the length of a
ZIP is linear in the length of its data. All numbers are little-endian; time is 1980-01-01 00:00.

    local header (50 + name)    central header (78 + name)     descriptor (24)
    4 PK 03 04                  4 PK 01 02                     4 PK 07 08
    2 version needed 45         2 made by 45 (MS-DOS: no       4 CRC-32
    2 flags 0x0808                permission bits are kept)    8 stored size
    2 method 0                  2 version needed 45            8 size
    2 time 0                    2 flags 0x0808
    2 date 0x0021               2 method 0                     zip64 end record (56)
    4 CRC-32 0                  2 time 0                       4 PK 06 06
    4 stored size 0             2 date 0x0021                  8 bytes that follow: 44
    4 size 0                    4 CRC-32                       2 made by 45
    2 length of name            4 stored size 0xFFFFFFFF       2 version needed 45
    2 length of extra: 20       4 size 0xFFFFFFFF              4 this disk 0
    . name                      2 length of name               4 disk of the directory 0
    2 zip64: 1                  2 length of extra: 32          8 members on this disk
    2 16                        2 length of comment 0          8 members
    8 size 0                    2 disk 0xFFFF                  8 length of the directory
    8 stored size 0             2 internal attributes 0        8 offset of the directory
                                4 external attributes 0
    end record (22)             4 offset 0xFFFFFFFF            zip64 locator (20)
    4 PK 05 06                  . name                         4 PK 06 07
    2+2 disks 0xFFFF            2 zip64: 1                     4 disk of the end record 0
    2+2 members 0xFFFF          2 28                           8 offset of the zip64 end record
    4 length 0xFFFFFFFF         8 size                         4 disks 1
    4 offset 0xFFFFFFFF         8 stored size
    2 length of comment 0       8 offset of the local header
                                4 disk 0

Flags: bit 3 says that sizes follow the data, bit 11 that names are UTF-8. The local CRC-32 and
sizes are zero, since the header is written before the data is known.

Source: APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct

from crypto.errors import DamagedBagError

_VERSION = 45
_FLAGS = 1 << 3 | 1 << 11
_STORED = 0
_TIME, _DATE = 0, 1 << 5 | 1
_ZIP64 = 1
_IN_ZIP64_16, _IN_ZIP64_32 = 0xFFFF, 0xFFFFFFFF

MAX_NAME_BYTES = 80
"""Names are fixed ones and short; longer than this is a name that no bag has."""


@dataclass(frozen=True, slots=True)
class Record:
    """The layout of one structure, with a word for each field so that a refusal can name it."""

    name: str
    layout: Struct
    fields: tuple[str, ...]

    def require(self, found: bytes, expected: bytes) -> None:
        """Refuse anything but the expected bytes.

        Raises:
            DamagedBagError: naming the first field that differs.
        """
        if found == expected:
            return
        if len(found) < self.layout.size:
            raise DamagedBagError(f"the ZIP's {self.name} is cut short")
        pairs = zip(self.layout.unpack_from(found), self.layout.unpack_from(expected), strict=True)
        for field, (is_, should_be) in zip(self.fields, pairs, strict=True):
            if is_ != should_be:
                raise DamagedBagError(f"the ZIP's {self.name} has a wrong {field}")
        raise DamagedBagError(f"the ZIP's {self.name} has a wrong name or extra field")


LOCAL = Record(
    "local header",
    Struct("<4s5H3I2H"),
    (
        *("signature", "version", "flag", "method", "time", "date"),
        *("CRC-32", "stored size", "size", "name length", "extra field length"),
    ),
)
CENTRAL = Record(
    "central header",
    Struct("<4s6H3I5H2I"),
    (
        *("signature", "maker", "version", "flag", "method", "time", "date"),
        *("CRC-32", "stored size", "size", "name length", "extra field length"),
        *("comment length", "disk", "internal attribute", "external attribute", "offset"),
    ),
)
DESCRIPTOR = Record("descriptor", Struct("<4sI2Q"), ("signature", "CRC-32", "stored size", "size"))
END64 = Record(
    "zip64 end record",
    Struct("<4sQ2H2I4Q"),
    (
        *("signature", "record length", "maker", "version", "disk", "disk of the directory"),
        *("number of members on this disk", "number of members"),
        *("directory length", "directory offset"),
    ),
)
LOCATOR = Record(
    "zip64 locator",
    Struct("<4sIQI"),
    ("signature", "disk", "offset", "number of disks"),
)
END = Record(
    "end record",
    Struct("<4s4H2IH"),
    (
        *("signature", "disk", "disk of the directory"),
        *("number of members on this disk", "number of members"),
        *("directory length", "directory offset", "comment length"),
    ),
)
_LOCAL_EXTRA = Struct("<2H2Q")
CENTRAL_EXTRA = Struct("<2H3QI")
END_BYTES = END64.layout.size + LOCATOR.layout.size + END.layout.size


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a ZIP; `offset` is where its local header begins."""

    name: str
    size: int
    crc32: int
    offset: int

    @property
    def data_offset(self) -> int:
        """Where its data begins."""
        return self.offset + len(local_header(self.name))

    @property
    def end(self) -> int:
        """Where the next member, or the central directory, begins."""
        return self.offset + member_bytes(self.name, self.size)


def member_bytes(name: str, size: int) -> int:
    """Return the length of local header, data and descriptor."""
    return LOCAL.layout.size + len(name) + _LOCAL_EXTRA.size + size + DESCRIPTOR.layout.size


def central_bytes(name: str) -> int:
    """Return the length of a central header."""
    return CENTRAL.layout.size + len(name) + CENTRAL_EXTRA.size


def zip_bytes(members: Iterable[tuple[str, int]]) -> int:
    """Return the length of the ZIP that holds these names and sizes."""
    return END_BYTES + sum(member_bytes(name, size) + central_bytes(name) for name, size in members)


def local_header(name: str) -> bytes:
    """Write what stands before the data: nothing of it depends on the data."""
    fixed = LOCAL.layout.pack(
        *(b"PK\x03\x04", _VERSION, _FLAGS, _STORED, _TIME, _DATE),
        *(0, 0, 0, len(name), _LOCAL_EXTRA.size),
    )
    return fixed + name.encode("ascii") + _LOCAL_EXTRA.pack(_ZIP64, _LOCAL_EXTRA.size - 4, 0, 0)


def descriptor(size: int, crc32: int) -> bytes:
    """Write what stands behind the data."""
    return DESCRIPTOR.layout.pack(b"PK\x07\x08", crc32, size, size)


def central_header(member: Member) -> bytes:
    """Write a member's line in the central directory."""
    fixed = CENTRAL.layout.pack(
        *(b"PK\x01\x02", _VERSION, _VERSION, _FLAGS, _STORED, _TIME, _DATE),
        *(member.crc32, _IN_ZIP64_32, _IN_ZIP64_32, len(member.name), CENTRAL_EXTRA.size),
        *(0, _IN_ZIP64_16, 0, 0, _IN_ZIP64_32),
    )
    sizes = (member.size, member.size, member.offset, 0)
    extra = CENTRAL_EXTRA.pack(_ZIP64, CENTRAL_EXTRA.size - 4, *sizes)
    return fixed + member.name.encode("ascii") + extra


def end_records(members: int, directory_offset: int, directory_bytes: int) -> bytes:
    """Write everything behind the central directory."""
    following = END64.layout.size - 12
    end64 = END64.layout.pack(
        *(b"PK\x06\x06", following, _VERSION, _VERSION, 0, 0),
        *(members, members, directory_bytes, directory_offset),
    )
    locator = LOCATOR.layout.pack(b"PK\x06\x07", 0, directory_offset + directory_bytes, 1)
    many, far = _IN_ZIP64_16, _IN_ZIP64_32
    return end64 + locator + END.layout.pack(b"PK\x05\x06", many, many, many, many, far, far, 0)
