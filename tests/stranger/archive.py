"""The ZIP profile of docs/protocol.md section 3, and the padding of section 4."""

import re
import struct
import zlib

ATTACHMENT = re.compile(r"data/attachments/(?!000)(0[0-4][0-9]|050)\.([a-z0-9]+)")
PAYLOAD = ("data/report.txt", "data/report.json", "data/attachments.json", "data/identity.age")
TAGS = (
    "bagit.txt",
    "bag-info.txt",
    "manifest-sha256.txt",
    "padding.bin",
    "tagmanifest-sha256.txt",
    "tagmanifest-sha256.txt.minisig",
)
EXTENSIONS = re.compile(
    r"bin|pdf|txt|rtf|md|csv|log|doc|docx|odt|epub|pages|xls|xlsx|ods|numbers|ppt|pptx|odp|key"
    r"|jpg|jpeg|png|gif|bmp|tif|tiff|webp|heic|heif|avif|mp3|m4a|aac|wav|ogg|oga|opus|flac|amr"
    r"|wma|mp4|m4v|mov|avi|mkv|webm|wmv|mpg|mpeg|3gp|eml|msg|mbox|zip|7z|rar|tar|gz"
)
LOCAL = bytes.fromhex("504b0304 2d00 0808 0000 0000 2100") + bytes(12)
LOCAL_EXTRA = bytes.fromhex("0100 1000") + bytes(16)
CENTRAL = bytes.fromhex("504b0102 2d00 2d00 0808 0000 0000 2100")
END = b"PK\x05\x06" + b"\xff" * 16 + bytes(2)


class ArchiveError(Exception):
    pass


def known_name(name):
    """Is `name` one that a bag in the folder `report/` may hold?"""
    folder, _, rest = name.partition("/")
    found = ATTACHMENT.fullmatch(rest)
    known = rest in PAYLOAD or rest in TAGS or (found and EXTENSIONS.fullmatch(found[2]))
    return folder == "report" and bool(known)


def padme(length):
    exponent = length.bit_length() - 1
    mask = (1 << exponent - exponent.bit_length()) - 1
    return length + mask & ~mask


def padded(length):
    return max(65_536, padme(length))


def _local(name):
    return LOCAL + struct.pack("<HH", len(name), len(LOCAL_EXTRA)) + name + LOCAL_EXTRA


def _descriptor(data):
    return b"PK\x07\x08" + struct.pack("<IQQ", zlib.crc32(data), len(data), len(data))


def _central(name, data, offset):
    sizes = struct.pack("<IIIHHH", zlib.crc32(data), 2**32 - 1, 2**32 - 1, len(name), 32, 0)
    place = struct.pack("<HHII", 0xFFFF, 0, 0, 2**32 - 1)
    extra = struct.pack("<HHQQQI", 1, 28, len(data), len(data), offset, 0)
    return CENTRAL + sizes + place + name + extra


def _ends(count, start, size):
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    return end64 + struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1) + END


def zip_length(files):
    return sum(152 + 2 * len(name) + len(data) for name, data in files) + 98


def write_zip(files):
    """`files` is a list of (name, bytes); there is one way only."""
    body, directory = bytearray(), bytearray()
    for name, data in files:
        raw = name.encode()
        directory += _central(raw, data, len(body))
        body += _local(raw) + data + _descriptor(data)
    return bytes(body + directory + _ends(len(files), len(body), len(directory)))


def read_zip(data, known=known_name):
    """Return the list of (name, bytes), in order.

    As there is one way only to write a list of files, the reader finds out what the list says
    through the directory, writes it again, and refuses whatever is not the same.
    """
    if len(data) < 98:
        raise ArchiveError("too short")
    signature, _, _, _, _, _, _, count, size, start = struct.unpack_from(
        "<4sQHHIIQQQQ", data, len(data) - 98
    )
    if signature != b"PK\x06\x06" or start + size != len(data) - 98 or count > 64:
        raise ArchiveError("end records")
    files, at = [], start
    for _ in range(count):
        if at + 46 > len(data):
            raise ArchiveError("directory")
        length = struct.unpack_from("<H", data, at + 28)[0]
        raw, extra = data[at + 46 : at + 46 + length], data[at + 46 + length : at + 78 + length]
        if len(extra) != 32:
            raise ArchiveError("directory")
        bytes_, offset = struct.unpack_from("<4xQ8xQ", extra)
        begin = offset + 50 + length
        if begin + bytes_ > start:
            raise ArchiveError("beyond the file")
        try:
            files.append((raw.decode(), data[begin : begin + bytes_]))
        except UnicodeDecodeError:
            raise ArchiveError("name") from None
        at += 78 + length
    names = [name for name, _ in files]
    if len(set(names)) != len(names) or not all(known(name) for name in names):
        raise ArchiveError("names")
    if write_zip(files) != data:
        raise ArchiveError("not the profile")
    return files
