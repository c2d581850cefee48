"""ZIPs with one thing wrong each, and some with none; vectors for others too.

`python -m tests.crypto.zip_forgeries` writes tests/vectors/zip.json anew.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.crypto.zip_forge import (
    FAR,
    LOCAL_EXTRA,
    ONE,
    TIME_EXTRA,
    TWO,
    Fields,
    Forged,
    both,
    descriptor,
    first,
    forge,
    local,
    second,
)

VECTORS = Path(__file__).parents[1] / "vectors" / "zip.json"


def accepted() -> dict[str, tuple[list[Forged], bytes]]:
    members = [first(), second()]
    empty = [Forged(ONE), second()]
    attachments = [Forged(b"report/data/attachments/050.pdf", bytes(range(256))), second()]
    return {
        "two members": (members, forge(*members)),
        "an empty member": (empty, forge(*empty)),
        "an attachment": (attachments, forge(*attachments)),
        "no member": ([], forge()),
    }


def _structures() -> Iterator[tuple[str, bytes]]:
    good = forge(first(), second())
    yield "nothing at all", b""
    yield "end records only half", good[-50:]
    yield "last byte cut off", good[:-1]
    yield "first byte cut off", good[1:]
    yield "a gap between members", forge(first(), second(gap=b"\0"))
    yield "a gap before the first member", forge(first(gap=b"\0"), second())
    yield "a gap before the directory", forge(first(), second(), before_directory=b"\0")
    yield "a gap behind the directory", forge(first(), second(), before_locator=b"\0")
    yield "more in the directory than members", forge(first(), second(), after_directory=b"\0")
    yield "a gap before the end record", forge(first(), second(), before_end=b"\0")
    yield "a prefix that offsets ignore", b"MZ" + good
    yield "a prefix that offsets know", forge(first(), second(), prefix=b"MZ")
    yield "a suffix", good + b"\0"
    yield "a second ZIP behind it", good + good
    comment = {"comment": 3}
    yield "a comment", forge(first(), second(), end=comment, suffix=b"any")
    yield "a comment of no length", forge(first(), second(), end=comment)
    yield "directory in another order", forge(first(), second(), order=[1, 0])
    yield "a member left out of the directory", forge(first(), second(), order=[1])


def _overlaps() -> Iterator[tuple[str, bytes]]:
    one_entry = len(local(first())) + 3 + 24
    yield "two members over the same bytes", forge(first(), second(real={"offset": 0}))
    inner = second()
    size = len(local(inner) + inner.data + descriptor(inner)) + 3
    outer = Forged(ONE, local(inner) + inner.data + descriptor(inner))
    quoted = forge(outer, Forged(TWO, b"two two", real={"offset": len(local(outer))}))
    yield "a member inside another", quoted
    yield (
        "a size that reaches into the next member",
        forge(first(real={"size": size, "stored": size}), second()),
    )
    yield "an offset beyond the file", forge(first(), second(real={"offset": 1 << 62}))
    yield (
        "a size beyond the file",
        forge(first(), second(real={"size": 1 << 63, "stored": 1 << 63})),
    )
    yield "an offset off by one", forge(first(), second(real={"offset": one_entry + 1}))
    yield "stored size is not size", forge(first(real={"stored": 2}), second())


def _ends() -> Iterator[tuple[str, bytes]]:
    def ends(**changes: Fields) -> bytes:
        return forge(first(), second(), **changes)

    yield "a second disk in the end record", ends(end={"disk": 1})
    yield "a directory on a second disk", ends(end={"start_disk": 1})
    yield "the number of members in the end record", ends(end={"here": 2, "members": 2})
    yield "the directory's length in the end record", ends(end={"size": 10})
    yield "the directory's offset in the end record", ends(end={"offset": 10})
    yield "another signature of the end record", ends(end={"signature": 0x06054B51})
    yield "a second disk in the zip64 record", ends(end64={"disk": 1})
    yield "a second disk for the directory in zip64", ends(end64={"start_disk": 1})
    yield "fewer members on this disk", ends(end64={"here": 1})
    yield "one member more than there are", ends(end64={"here": 3, "members": 3})
    yield "one member fewer than there are", ends(end64={"here": 1, "members": 1})
    yield "more members than a bag has", ends(end64={"here": 1 << 32, "members": 1 << 32})
    yield "another maker in the zip64 record", ends(end64={"made": 0x32D})
    yield "another version in the zip64 record", ends(end64={"needed": 20})
    yield "another signature of the zip64 record", ends(end64={"signature": 0x06064B51})
    yield "another directory length", ends(end64={"size": 3})
    yield "another directory offset", ends(end64={"offset": 3})
    yield "a directory offset near 2^64", ends(end64={"offset": (1 << 64) - 1})
    extension = struct.pack("<HI", 1, 0)
    longer = {"length": 44 + len(extension)}
    yield "an extended zip64 record", ends(end64=longer, end64_extension=extension)
    yield "a second disk in the locator", ends(locator={"disks": 2})
    yield "a zip64 record on a second disk", ends(locator={"disk": 1})
    yield "a locator to elsewhere", ends(locator={"offset": 0})
    yield "another signature of the locator", ends(locator={"signature": 0x07064B51})
    yield "no zip64 records", forge(first(), second(), zip64=False)


def _headers() -> Iterator[tuple[str, bytes]]:
    wrong: dict[str, Fields] = {
        "the encryption bit": {"flags": 0x0809},
        "the strong encryption bit": {"flags": 0x0848},
        "bit 3 off": {"flags": 0x0800},
        "bit 11 off": {"flags": 0x0008},
        "another bit": {"flags": 0x080A},
        "method 8": {"method": 8},
        "method 99": {"method": 99},
        "another time": {"time": 1},
        "another date": {"date": 0x5D77},
        "another version": {"needed": 20},
    }
    for what, fields in wrong.items():
        yield what, both(**fields)
        yield f"{what}, in the local header only", forge(first(local=fields), second())
        yield f"{what}, in the directory only", forge(first(central=fields), second())


def _locals() -> Iterator[tuple[str, bytes]]:
    def one(**fields: int | bytes) -> bytes:
        return forge(first(local=fields), second())

    yield "a CRC-32 in the local header", one(crc=zlib.crc32(b"one"))
    yield "a size in the local header", one(size=3)
    yield "a stored size in the local header", one(stored=3)
    yield "sizes of zip64 in the local header", one(size=FAR, stored=FAR)
    yield "real sizes in the local zip64 field", one(extra=struct.pack("<HHQQ", 1, 16, 3, 3))
    yield "another extra field in the local header", one(extra=LOCAL_EXTRA + TIME_EXTRA)
    yield "no extra field in the local header", one(extra=b"")
    yield "another name in the local header", one(stored_name=b"report/bagit.TXT")
    yield "another signature of the local header", one(signature=0x04034B51)
    yield "a longer name in the local header", one(name=len(ONE) + 1)


def _centrals() -> Iterator[tuple[str, bytes]]:
    def one(**fields: int | bytes) -> bytes:
        return forge(first(central=fields), second())

    yield "made by Unix", one(made=0x32D)
    yield "another signature of the central header", one(signature=0x02014B51)
    yield "a size in the directory", one(size=3)
    yield "a stored size in the directory", one(stored=3)
    yield "an offset in the directory", one(offset=0)
    yield "a disk in the directory", one(disk=0)
    yield "a disk in the directory's zip64 field", forge(first(real={"disk": 1}), second())
    yield "a member's comment", one(comment_text=b"any")
    yield "a comment's length without a comment", one(comment=1)
    yield "internal attributes", one(internal=1)
    yield "external attributes", one(external=0o644 << 16)
    real = struct.pack("<HHQQQI", 1, 28, 3, 3, 0, 0)
    yield "another extra field in the directory", one(extra=real + TIME_EXTRA)
    yield "another extra field before zip64", one(extra=TIME_EXTRA + real)
    yield "two zip64 fields", one(extra=real + real)
    yield "no extra field in the directory", one(extra=b"")
    yield "a zip64 field without a disk", one(extra=struct.pack("<HHQQQ", 1, 24, 3, 3, 0))
    yield "an extra field of another kind", one(extra=struct.pack("<HHQQQI", 2, 28, 3, 3, 0, 0))
    yield "a name longer than the directory", one(name=0xFFFF)
    yield "another CRC-32 in the directory", one(crc=1)


def _descriptors() -> Iterator[tuple[str, bytes]]:
    crc = zlib.crc32(b"one")
    raw = {
        "no descriptor": b"",
        "a descriptor of 32 bits": struct.pack("<IIII", 0x08074B50, crc, 3, 3),
        "a descriptor without signature": struct.pack("<IQQ", crc, 3, 3),
    }
    for what, data in raw.items():
        yield what, forge(first(raw_descriptor=data), second())
    wrong: dict[str, Fields] = {
        "another CRC-32 in the descriptor": {"crc": 0},
        "another size in the descriptor": {"size": 4},
        "another stored size in the descriptor": {"stored": 4},
        "another signature of the descriptor": {"signature": 0x08074B51},
    }
    for what, fields in wrong.items():
        yield what, forge(first(descriptor=fields), second())


def _names() -> Iterator[tuple[str, bytes]]:
    yield "a name twice", forge(first(), first())
    names = {
        "an unknown name": b"report/extra.txt",
        "another folder": b"bundle/bagit.txt",
        "no folder": b"bagit.txt",
        "a folder's entry": b"report/",
        "a way out of the folder": b"report/../bagit.txt",
        "an absolute name": b"/report/bagit.txt",
        "a backslash": b"report\\bagit.txt",
        "upper case": b"report/BAGIT.TXT",
        "a NUL behind the name": b"report/bagit.txt\0",
        "a NUL within the name": b"report/bagit.txt\0.exe",
        "letters that look alike": "report/b\u0430git.txt".encode(),
        "bytes that are no UTF-8": b"report/bagit.t\xff\xfe",
        "no name": b"",
        "attachment 000": b"report/data/attachments/000.pdf",
        "attachment 051": b"report/data/attachments/051.pdf",
        "an attachment with an extension that runs": b"report/data/attachments/001.exe",
        "an attachment without a number": b"report/data/attachments/one.pdf",
        "an attachment with other digits": "report/data/attachments/00\u0661.pdf".encode(),
    }
    for what, name in names.items():
        yield what, forge(Forged(name, b"one"), second())


_FAMILIES: tuple[Callable[[], Iterator[tuple[str, bytes]]], ...] = (
    *(_structures, _overlaps, _ends, _headers, _locals, _centrals, _descriptors, _names),
)


def refused() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for family in _FAMILIES:
        for what, data in family():
            assert what not in found, what
            found[what] = data
    return found


def vectors() -> str:
    good = [
        {
            "name": what,
            "members": [{"name": m.name.decode(), "data": m.data.hex()} for m in members],
            "zip": data.hex(),
        }
        for what, (members, data) in accepted().items()
    ]
    bad = [{"name": what, "zip": data.hex()} for what, data in refused().items()]
    return json.dumps({"accepted": good, "refused": bad}, indent=1) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(vectors())
