"""Payloads under one fixed key, and both ways of reading them."""

import io
from collections.abc import Callable

import pytest

from crypto.payload import (
    NONCE_BYTES,
    PayloadKey,
    PayloadWriter,
)
from crypto.payload_reader import PayloadReader
from crypto.seekable import SeekablePayload

FILE_KEY = bytes(range(16))
NONCE = bytes(range(16, 32))
SIZES = [0, 1, 65535, 65536, 65537, 131072, 200000, 5 * 65536, 6 * 65536 + 1]


def pattern(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def key() -> PayloadKey:
    return PayloadKey(FILE_KEY, NONCE)


def seal(plaintext: bytes) -> bytes:
    out = io.BytesIO()
    writer = PayloadWriter(out, FILE_KEY, NONCE)
    writer.write(plaintext)
    writer.close()
    return out.getvalue()


def read_streaming(payload: bytes) -> PayloadReader:
    file = io.BytesIO(payload)
    return PayloadReader(file, PayloadKey(FILE_KEY, file.read(NONCE_BYTES)))


def read_anywhere(payload: bytes) -> SeekablePayload:
    return SeekablePayload(io.BytesIO(payload), PayloadKey(FILE_KEY, payload[:NONCE_BYTES]), 0)


def read_on(reader: io.RawIOBase, count: int, released: bytearray) -> None:
    while part := reader.read(count):
        released += part


def collect(read: Callable[[bytes], io.RawIOBase], payload: bytes, released: bytearray) -> None:
    with read(bytes(payload)) as reader:
        read_on(reader, 100_000, released)


class Nowhere:
    def write(self, data: object, /) -> None:
        pass


both_readers = pytest.mark.parametrize("read", [read_streaming, read_anywhere])
