"""Make a screenshot small: an indexed PNG of colours in 32 steps, which no eye tells apart.

Source: W3C, Portable Network Graphics (Third Edition), sections 5, 9 and 11.
"""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_COLOURS = 256
STEP = 8
_HEAD = ">IIBBBBB"
_TRUECOLOUR, _INDEXED = 2, 3


def shrink(png: bytes) -> bytes:
    """Write an 8-bit RGB picture again, with a palette if that suffices."""
    chunks = dict(_chunks(png))
    width, height, depth, colour, *_, interlaced = struct.unpack(_HEAD, chunks[b"IHDR"])
    if (depth, colour, interlaced) != (8, _TRUECOLOUR, 0):
        return png
    pixels = _coarse(_unfiltered(zlib.decompress(chunks[b"IDAT"]), width * 3, height))
    colours = sorted({pixels[at : at + 3] for at in range(0, len(pixels), 3)})
    if len(colours) > MOST_COLOURS:
        return png
    place = {colour: number for number, colour in enumerate(colours)}
    rows = bytearray()
    for top in range(0, len(pixels), width * 3):
        row = pixels[top : top + width * 3]
        rows += b"\0" + bytes(place[row[at : at + 3]] for at in range(0, len(row), 3))
    head = struct.pack(_HEAD, width, height, 8, _INDEXED, 0, 0, 0)
    parts = {
        b"IHDR": head,
        b"PLTE": b"".join(colours),
        b"IDAT": zlib.compress(rows, 9),
        b"IEND": b"",
    }
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts.items())


def _coarse(pixels: bytes) -> bytes:
    steps = bytes(min(255, (value + STEP // 2) // STEP * STEP) for value in range(256))
    return pixels.translate(steps)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield chunks, the picture's data joined into one."""
    at, data = len(SIGNATURE), b""
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        content = png[at + 8 : at + 8 + length]
        at += length + 12
        if kind == b"IDAT":
            data += content
        else:
            yield kind, content
    yield b"IDAT", data


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", check)


def _unfiltered(data: bytes, stride: int, height: int) -> bytes:
    above = bytearray(stride)
    pixels = bytearray()
    for row in range(height):
        start = row * (stride + 1)
        above = _row(data[start], bytearray(data[start + 1 : start + 1 + stride]), above)
        pixels += above
    return bytes(pixels)


def _row(kind: int, row: bytearray, above: bytearray) -> bytearray:
    """Undo one row's filter, of three bytes a pixel."""
    for at in range(len(row)):
        left = row[at - 3] if at > 2 else 0
        corner = above[at - 3] if at > 2 else 0
        guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[kind]
        row[at] = (row[at] + guess) & 0xFF
    return row


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))
