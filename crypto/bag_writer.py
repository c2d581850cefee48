"""A streaming writer of signed BagIt bags in the ZIP profile.

Whatever bag: bagit.txt, the payload, bag-info.txt, manifest-sha256.txt, if wanted padding.bin,
tagmanifest-sha256.txt and its signature. One pass and constant memory: the length of everything
behind the padding is known before the padding is written.

Source: RFC 8493.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from crypto import minisign
from crypto.bag_info_file import PayloadCount
from crypto.bag_layout import BAGIT, BAGIT_TXT, INFO, MANIFEST, PADDING, SIGNATURE, TAG_MANIFEST
from crypto.manifest import serialize_manifest
from crypto.minisign import SigningKey
from crypto.sinks import Buffer, Sink
from crypto.zip_profile import zip_bytes
from crypto.zip_writer import ZipWriter

_ZEROS = bytes(65_536)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What a manifest says about a file."""

    size: int
    sha256: bytes


class BagWriter:
    """Write one bag: payload files by `add`, or `begin`, `write` and `end`; then `finish`.

    Args:
        sink: takes the ZIP as it grows; a buffer passes through without being copied.
        folder: the one top-level folder.
    """

    def __init__(self, sink: Sink, folder: str) -> None:
        self._zip = ZipWriter(sink)
        self._folder = folder
        self._payload: dict[str, WrittenFile] = {}
        self._tags: dict[str, bytes] = {}
        self._name = ""
        self._sha256 = hashlib.sha256()
        self._add_tag(BAGIT, BAGIT_TXT)

    def begin(self, name: str) -> None:
        """Start a payload file, named as in the manifest: `data/…`."""
        self._zip.begin(self._path(name))
        self._name, self._sha256 = name, hashlib.sha256()

    def write(self, data: Buffer) -> None:
        """Add to the payload file that was begun."""
        self._sha256.update(data)
        self._zip.write(data)

    def end(self) -> WrittenFile:
        """End the payload file that was begun."""
        member = self._zip.end()
        written = WrittenFile(member.size, self._sha256.digest())
        self._payload[self._name] = written
        return written

    def add(self, name: str, data: Buffer) -> WrittenFile:
        """Write a whole payload file."""
        self.begin(name)
        self.write(data)
        return self.end()

    def finish(
        self,
        bag_info: Callable[[PayloadCount], bytes],
        kind: str,
        signing: SigningKey,
        *,
        filled_bytes: Callable[[int], int] | None,
    ) -> bytes:
        """Write everything behind the payload; the sink stays open.

        Args:
            bag_info: makes bag-info.txt, once the payload is counted.
            kind: what the signature is for.
            signing: whose signature it is.
            filled_bytes: tells from the length of the ZIP with an empty padding.bin what it is to
                be; None for a bag without padding.bin.

        Returns:
            SHA-256 of the tag manifest: it identifies the bag.

        Raises:
            ValueError: the ZIP is longer already.
        """
        size = sum(written.size for written in self._payload.values())
        self._add_tag(INFO, bag_info(PayloadCount(size, len(self._payload))))
        hashes = {name: written.sha256 for name, written in self._payload.items()}
        self._add_tag(MANIFEST, serialize_manifest(hashes))
        tag_manifest = serialize_manifest(self._tags)
        signature = signing.sign(kind, minisign.digest(tag_manifest))
        if filled_bytes is not None:
            self._add_padding(filled_bytes, len(tag_manifest), len(signature))
        self._store(TAG_MANIFEST, tag_manifest)
        self._store(SIGNATURE, signature)
        self._zip.finish()
        return hashlib.sha256(tag_manifest).digest()

    def _add_padding(
        self, filled_bytes: Callable[[int], int], tag_manifest: int, signature: int
    ) -> None:
        behind = {PADDING: 0, TAG_MANIFEST: tag_manifest, SIGNATURE: signature}
        members = [(member.name, member.size) for member in self._zip.members]
        members += [(self._path(name), size) for name, size in behind.items()]
        unpadded = zip_bytes(members)
        left = filled_bytes(unpadded) - unpadded
        if left < 0:
            raise ValueError("the bag is longer than what it is to be filled up to")
        self._zip.begin(self._path(PADDING))
        with memoryview(_ZEROS) as zeros:
            while left:
                part = zeros[:left]
                self._zip.write(part)
                left -= len(part)
        self._zip.end()

    def _add_tag(self, name: str, data: bytes) -> None:
        self._store(name, data)
        self._tags[name] = hashlib.sha256(data).digest()

    def _store(self, name: str, data: bytes) -> None:
        self._zip.begin(self._path(name))
        self._zip.write(data)
        self._zip.end()

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"
