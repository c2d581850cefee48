"""The floor of an upload: one process on one core, without HTTP.

`python -m benchmarks.upload_floor SIZE FILE` parses a form with a file of SIZE bytes that lies in
memory, hashes and seals it with PyNaCl's public functions, writes and fsyncs it, and prints the
seconds.
"""

import hashlib
import os
import sys
import time
import zlib
from pathlib import Path

from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt as seal
from python_multipart.multipart import MultipartParser

from benchmarks import form
from benchmarks.content import Content

CHUNK_BYTES = 65_536


class _Floor:
    """Takes the file's bytes as the parser finds them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._sha256 = hashlib.sha256()
        self._crc32 = 0
        self._key = os.urandom(32)
        self._counter = 0

    def take(self, data: bytes, start: int, end: int) -> None:
        for place in range(start, end, CHUNK_BYTES):
            chunk = data[place : min(place + CHUNK_BYTES, end)]
            self._sha256.update(chunk)
            self._crc32 = zlib.crc32(chunk, self._crc32)
            nonce = self._counter.to_bytes(11, "big") + b"\0"
            self._counter += 1
            os.write(self._descriptor, seal(chunk, None, nonce, self._key))


def run(size: int, path: Path) -> float:
    """Take one upload, and give the seconds."""
    body = [form.file_head(), *Content().blocks(size), form.END]
    os.sync()
    started = time.perf_counter()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    floor = _Floor(descriptor)
    parser = MultipartParser(form.BOUNDARY.encode(), {"on_part_data": floor.take})
    for block in body:
        parser.write(block)
    parser.finalize()
    os.fsync(descriptor)
    os.close(descriptor)
    return time.perf_counter() - started


def main() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(run(int(sys.argv[1]), Path(sys.argv[2])))


if __name__ == "__main__":
    main()
