"""The files of a signed bag, each checked before it is handed out.

The signature covers the tag manifest, that covers bag-info.txt and the manifest, and the manifest
covers the payload. So the signature is checked first, then what it covers, and the payload is
checked file by file: what is not looked at costs nothing, and nothing is looked at unchecked.
"""

import hashlib
import io
from collections.abc import Callable, Iterable

from crypto import minisign
from crypto.bag_layout import BAGIT, BAGIT_TXT, INFO, MANIFEST, SIGNATURE, TAG_MANIFEST, TAGS
from crypto.errors import DamagedBagError, SignatureError, UnsignedBagError
from crypto.manifest import parse_manifest
from crypto.minisign import VerifyKey
from crypto.sinks import Sink
from crypto.zip_reader import ZipReader

BLOCK_BYTES = 1 << 20
MAX_MANIFEST_BYTES = 16 << 20
"""More lines than a bundle has files."""
_MAX_TAG_BYTES = 8192

Progress = Callable[[int], None]
"""Told how many bytes were read since it was told before."""
Judge = Callable[[bytes], tuple[str, Iterable[VerifyKey]]]
"""Tells from bag-info.txt the kind of the bag and who may have signed it."""


class SignedBag:
    """A bag whose signature and tag files are verified, and whose payload is as it is read.

    Args:
        judge: is asked before anything is verified, and decides what counts as verified.

    Attributes:
        signer: the key whose signature it is.
        hash: SHA-256 of the tag manifest: it identifies the bag.
        info: bag-info.txt.
        manifest: the payload's paths and SHA-256, in their order.

    Raises:
        UnsignedBagError: nobody signed it who may.
        DamagedBagError: saying what else failed.
    """

    def __init__(self, zipped: ZipReader, folder: str, judge: Judge) -> None:
        self._zip = zipped
        self._folder = folder
        self.info = self._read(INFO, _MAX_TAG_BYTES)
        tag_manifest = self._read(TAG_MANIFEST, _MAX_TAG_BYTES)
        self.signer = _signer(tag_manifest, self._read(SIGNATURE, _MAX_TAG_BYTES), judge(self.info))
        self.hash = hashlib.sha256(tag_manifest).digest()
        manifest = self._read(MANIFEST, MAX_MANIFEST_BYTES)
        self._require_tags(tag_manifest, manifest)
        self.manifest = parse_manifest(manifest)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the bag, in the order of the ZIP."""
        return tuple(m.name.removeprefix(f"{self._folder}/") for m in self._zip.members)

    def size(self, name: str) -> int:
        """Return the length of a file."""
        return self._zip.member(self._path(name)).size

    def read(self, name: str, *, max_bytes: int) -> bytes:
        """Read a small payload file and check it.

        Raises:
            DamagedBagError: missing, larger than it may be, or not what was signed.
        """
        data = self._read(name, max_bytes)
        self._require_hash(name, hashlib.sha256(data).digest())
        return data

    def check(self, name: str, progress: Progress | None = None, copy: Sink | None = None) -> None:
        """Read a payload file of any size and check it.

        Args:
            name: as in the manifest.
            progress: is told as it goes.
            copy: takes the file as it is read; after an error it holds what is not to be trusted.

        Raises:
            DamagedBagError: missing, or not what was signed.
        """
        state = hashlib.sha256()

        def take(block: memoryview) -> None:
            state.update(block)
            if copy is not None:
                copy.write(block)
            if progress is not None:
                progress(len(block))

        self.each_block(name, take)
        self._require_hash(name, state.digest())

    def each_block(self, name: str, take: Callable[[memoryview], None]) -> None:
        """Hand out a file in blocks of at most 1 MiB, always in the same buffer."""
        with self.open(name) as file, memoryview(bytearray(BLOCK_BYTES)) as buffer:
            filled = 0
            while count := file.readinto(buffer[filled:]):
                filled += count
                if filled == BLOCK_BYTES:
                    take(buffer)
                    filled = 0
            if filled:
                take(buffer[:filled])

    def open(self, name: str) -> io.RawIOBase:
        """Open a file for reading, unchecked."""
        return self._zip.open(self._path(name))

    def _read(self, name: str, max_bytes: int) -> bytes:
        return self._zip.read(self._path(name), max_bytes=max_bytes)

    def _require_tags(self, tag_manifest: bytes, manifest: bytes) -> None:
        bagit = self._read(BAGIT, _MAX_TAG_BYTES)
        files = {BAGIT: bagit, INFO: self.info, MANIFEST: manifest}
        signed = parse_manifest(tag_manifest)
        if tuple(signed) != TAGS or bagit != BAGIT_TXT:
            raise DamagedBagError("the tag files are not those of a bag")
        for name, data in files.items():
            if hashlib.sha256(data).digest() != signed[name]:
                raise DamagedBagError(f"{name} is not what was signed")

    def _require_hash(self, name: str, sha256: bytes) -> None:
        if self.manifest.get(name) != sha256:
            raise DamagedBagError(f"{name} is not what was signed")

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"


def _signer(
    tag_manifest: bytes, signature: bytes, judged: tuple[str, Iterable[VerifyKey]]
) -> VerifyKey:
    kind, candidates = judged
    digest = minisign.digest(tag_manifest)
    for key in candidates:
        try:
            key.verify(kind, digest, signature)
        except SignatureError:
            continue
        return key
    raise UnsignedBagError("the signature is nobody's who may sign such a bag")
