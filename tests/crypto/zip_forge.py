"""ZIPs made field by field, without the code under test, so that any one can be wrong."""

import struct
import zlib
from dataclasses import dataclass, field

FAR = 0xFFFFFFFF
LOCAL_EXTRA = struct.pack("<HHQQ", 1, 16, 0, 0)
TIME_EXTRA = struct.pack("<HHBI", 0x5455, 5, 1, 0)
Fields = dict[str, int | bytes]


@dataclass
class Forged:
    """A member; each dictionary overrides fields of one structure."""

    name: bytes
    data: bytes = b""
    local: Fields = field(default_factory=dict)
    central: Fields = field(default_factory=dict)
    descriptor: Fields = field(default_factory=dict)
    real: Fields = field(default_factory=dict)
    raw_descriptor: bytes | None = None
    gap: bytes = b""


def _pack(layout: str, fields: Fields, overrides: Fields) -> bytes:
    unknown = overrides.keys() - fields.keys()
    assert not unknown, unknown
    return struct.pack(layout, *(fields | overrides).values())


def local(member: Forged) -> bytes:
    overrides = dict(member.local)
    name = overrides.pop("stored_name", member.name)
    extra = overrides.pop("extra", LOCAL_EXTRA)
    fields: Fields = {
        "signature": 0x04034B50,
        "needed": 45,
        "flags": 0x0808,
        "method": 0,
        "time": 0,
        "date": 0x21,
        "crc": 0,
        "stored": 0,
        "size": 0,
        "name": len(name),
        "extra_bytes": len(extra),
    }
    return _pack("<IHHHHHIIIHH", fields, overrides) + name + extra


def descriptor(member: Forged) -> bytes:
    if member.raw_descriptor is not None:
        return member.raw_descriptor
    crc, size = zlib.crc32(member.data), len(member.data)
    fields: Fields = {"signature": 0x08074B50, "crc": crc, "stored": size, "size": size}
    return _pack("<IIQQ", fields, member.descriptor)


def central(member: Forged, offset: int) -> bytes:
    overrides, size = dict(member.central), len(member.data)
    real = {"size": size, "stored": size, "offset": offset, "disk": 0} | member.real
    extra = overrides.pop("extra", struct.pack("<HHQQQI", 1, 28, *real.values()))
    comment = overrides.pop("comment_text", b"")
    fields: Fields = {
        "signature": 0x02014B50,
        "made": 45,
        "needed": 45,
        "flags": 0x0808,
        "method": 0,
        "time": 0,
        "date": 0x21,
        "crc": zlib.crc32(member.data),
        "stored": FAR,
        "size": FAR,
        "name": len(member.name),
        "extra_bytes": len(extra),
        "comment": len(comment),
        "disk": 0xFFFF,
        "internal": 0,
        "external": 0,
        "offset": FAR,
    }
    fixed = _pack("<IHHHHHHIIIHHHHHII", fields, overrides)
    return fixed + member.name + extra + comment


def forge(
    *members: Forged,
    order: list[int] | None = None,
    prefix: bytes = b"",
    before_directory: bytes = b"",
    after_directory: bytes = b"",
    before_locator: bytes = b"",
    before_end: bytes = b"",
    suffix: bytes = b"",
    end64: Fields | None = None,
    end64_extension: bytes = b"",
    locator: Fields | None = None,
    end: Fields | None = None,
    zip64: bool = True,
) -> bytes:
    out, offsets = bytearray(prefix), []
    for member in members:
        out += member.gap
        offsets.append(len(out))
        out += local(member) + member.data + descriptor(member)
    out += before_directory
    at = len(out)
    for index in order or range(len(members)):
        out += central(members[index], offsets[index])
    out += after_directory
    size, at64 = len(out) - at, len(out)
    out += _ends64(len(members), size, at, end64 or {}) + end64_extension if zip64 else b""
    out += before_locator
    fields: Fields = {"signature": 0x07064B50, "disk": 0, "offset": at64, "disks": 1}
    out += _pack("<IIQI", fields, locator or {}) if zip64 else b""
    return bytes(out + before_end + _end(end or {}) + suffix)


def _ends64(members: int, size: int, at: int, overrides: Fields) -> bytes:
    fields: Fields = {
        "signature": 0x06064B50,
        "length": 44,
        "made": 45,
        "needed": 45,
        "disk": 0,
        "start_disk": 0,
        "here": members,
        "members": members,
        "size": size,
        "offset": at,
    }
    return _pack("<IQHHIIQQQQ", fields, overrides)


def _end(overrides: Fields) -> bytes:
    fields: Fields = {
        "signature": 0x06054B50,
        "disk": 0xFFFF,
        "start_disk": 0xFFFF,
        "here": 0xFFFF,
        "members": 0xFFFF,
        "size": FAR,
        "offset": FAR,
        "comment": 0,
    }
    return _pack("<IHHHHIIH", fields, overrides)


ONE, TWO = b"report/bagit.txt", b"report/data/report.txt"


def first(**changes) -> Forged:
    return Forged(ONE, b"one", **changes)


def second(**changes) -> Forged:
    return Forged(TWO, b"two two", **changes)


def both(**changes) -> bytes:
    """Both headers of the first member have the same wrong field."""
    return forge(first(local=changes, central=changes), second())
