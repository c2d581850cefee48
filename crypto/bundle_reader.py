"""Reading an outbound bundle: its signature and list at once, an envelope when it is opened."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from crypto.bag_info import require_id
from crypto.bag_info_file import PayloadCount
from crypto.bag_layout import BAGIT, INFO, MANIFEST, SIGNATURE, TAG_MANIFEST
from crypto.bundle import (
    FOLDER,
    LIST,
    MAX_ENVELOPES,
    Destination,
    bundle_info,
    may_be_as_long,
    serialize_list,
)
from crypto.errors import BundleError, DamagedBagError, UnsignedBagError, UnsignedBundleError
from crypto.minisign import SignedKind, VerifyKey
from crypto.signed_bag import SignedBag
from crypto.strict_json import parse_json
from crypto.zip_reader import SeekableFile, ZipReader

_MAX_LIST_BYTES = 64 * 1024
_FIXED = frozenset({BAGIT, INFO, MANIFEST, TAG_MANIFEST, SIGNATURE, LIST})
_ENVELOPE = re.compile(r"[0-9a-f]{32}\.age")
_ADDRESS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BundledEnvelope:
    """One sealed envelope in a bundle, and where it goes.

    Attributes:
        hash: SHA-256 of the whole envelope, as the bundle's signature has it.
    """

    destination: Destination
    file: str
    size: int
    hash: bytes


class OutboundBundle:
    """A bundle whose signature and list are verified, and whose envelopes are as they are opened.

    Args:
        file: stays the caller's, and one thread's at a time.
        signers: the keys of those who may send one.

    Attributes:
        signer: whose bundle it is.
        hash: identifies the bundle (32 bytes).
        envelopes: dummies among them; nobody here can tell.

    Raises:
        BundleError: not a bundle of one of these signers; the message says what failed.
    """

    def __init__(self, file: SeekableFile, signers: Sequence[VerifyKey]) -> None:
        with refusing():
            zipped = ZipReader(file, _is_known, max_members=len(_FIXED) + MAX_ENVELOPES)
            self._bag = SignedBag(zipped, FOLDER, lambda _: (SignedKind.BUNDLE, signers))
            self.signer, self.hash = self._bag.signer, self._bag.hash
            self.envelopes = tuple(self._read_list())
            self._require_files()

    def open(self, envelope: BundledEnvelope) -> io.RawIOBase:
        """Check an envelope against the signature, and open it for reading.

        Raises:
            BundleError: not what was signed.
        """
        name = f"data/{envelope.file}"
        with refusing():
            self._bag.check(name)
            return self._bag.open(name)

    def _read_list(self) -> Iterator[BundledEnvelope]:
        data = self._bag.read(LIST, max_bytes=_MAX_LIST_BYTES)
        listed = _parse_list(data)
        if serialize_list(listed) != data:
            raise DamagedBagError("replies.json is not written in the one way that is read")
        for file, destination in listed.items():
            name = f"data/{file}"
            size, sha256 = self._bag.size(name), self._bag.manifest.get(name)
            if not may_be_as_long(destination, size):
                raise DamagedBagError("an envelope is not as long as one may be that goes there")
            if sha256 is None:
                raise DamagedBagError("the bundle's files are not those that it lists")
            yield BundledEnvelope(destination, file, size, sha256)

    def _require_files(self) -> None:
        """Hold the bag to exactly the files that its list and its kind ask for, in their order."""
        payload = [*(f"data/{envelope.file}" for envelope in self.envelopes), LIST]
        files = [BAGIT, *payload, INFO, MANIFEST, TAG_MANIFEST, SIGNATURE]
        if list(self._bag.files) != files or list(self._bag.manifest) != payload:
            raise DamagedBagError("the bundle's files are not those that it lists")
        size = sum(self._bag.size(name) for name in payload)
        if self._bag.info != bundle_info(PayloadCount(size, len(payload))):
            raise DamagedBagError("bag-info.txt is not that of an outbound bundle")


def _parse_list(data: bytes) -> dict[str, Destination]:
    match parse_json(data, "replies.json"):
        case {"replies": list(entries)}:
            return dict(map(_parse_entry, entries))
        case _:
            raise DamagedBagError("replies.json is not a list of envelopes")


def _parse_entry(entry: object) -> tuple[str, Destination]:
    match entry:
        case {"address": str(address), "file": str(file)} if _ADDRESS.fullmatch(address):
            destination: Destination = bytes.fromhex(address)
        case {"channel": str(channel), "file": str(file)} if _is_id(channel):
            destination = channel
        case _:
            raise DamagedBagError("replies.json has an entry that goes nowhere")
    if _ENVELOPE.fullmatch(file) is None:
        raise DamagedBagError("replies.json has an entry that is no envelope")
    return file, destination


def _is_id(text: str) -> bool:
    try:
        require_id(text)
    except ValueError:
        return False
    return True


def _is_known(member: str) -> bool:
    folder, _, name = member.partition("/")
    is_envelope = name.startswith("data/") and _ENVELOPE.fullmatch(name.removeprefix("data/"))
    return folder == FOLDER and (name in _FIXED or bool(is_envelope))


@contextmanager
def refusing() -> Iterator[None]:
    """Say of a damaged bag that it is not a bundle that is wanted."""
    try:
        yield
    except UnsignedBagError as error:
        raise UnsignedBundleError(str(error)) from error
    except DamagedBagError as error:
        raise BundleError(str(error)) from error
