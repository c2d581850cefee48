"""Reading an outbound bundle: its signature and list at once, an envelope when it is opened."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from crypto.bag_info_file import PayloadCount
from crypto.bag_layout import BAGIT, INFO, MANIFEST, SIGNATURE, TAG_MANIFEST
from crypto.bundle import FOLDER, LIST, MAX_REPLIES, bundle_info, serialize_list
from crypto.errors import BundleError, DamagedBagError, UnsignedBagError, UnsignedBundleError
from crypto.minisign import SignedKind, VerifyKey
from crypto.reply import MAX_REPLY_BYTES
from crypto.signed_bag import SignedBag
from crypto.strict_json import parse_json
from crypto.zip_reader import SeekableFile, ZipReader

_MAX_LIST_BYTES = 64 * 1024
_FIXED = frozenset({BAGIT, INFO, MANIFEST, TAG_MANIFEST, SIGNATURE, LIST})
_ENVELOPE = re.compile(r"[0-9a-f]{32}\.age")
_ADDRESS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BundledReply:
    """One sealed reply in a bundle, and the mailbox it goes to (32 bytes)."""

    address: bytes
    file: str
    size: int


class OutboundBundle:
    """A bundle whose signature and list are verified, and whose envelopes are as they are opened.

    Args:
        file: stays the caller's, and one thread's at a time.
        signers: the keys of those who may send one.

    Attributes:
        signer: whose bundle it is.
        hash: identifies the bundle (32 bytes).
        replies: dummies among them; nobody here can tell.

    Raises:
        BundleError: not a bundle of one of these signers; the message says what failed.
    """

    def __init__(self, file: SeekableFile, signers: Sequence[VerifyKey]) -> None:
        with refusing():
            zipped = ZipReader(file, _is_known, max_members=len(_FIXED) + MAX_REPLIES)
            self._bag = SignedBag(zipped, FOLDER, lambda _: (SignedKind.BUNDLE, signers))
            self.signer, self.hash = self._bag.signer, self._bag.hash
            self.replies = tuple(self._read_list())
            self._require_files()

    def open(self, reply: BundledReply) -> io.RawIOBase:
        """Check a reply's envelope against the signature, and open it for reading.

        Raises:
            BundleError: not what was signed.
        """
        name = f"data/{reply.file}"
        with refusing():
            self._bag.check(name)
            return self._bag.open(name)

    def _read_list(self) -> Iterator[BundledReply]:
        data = self._bag.read(LIST, max_bytes=_MAX_LIST_BYTES)
        listed = _parse_list(data)
        if serialize_list(listed) != data:
            raise DamagedBagError("replies.json is not written in the one way that is read")
        for file, address in listed.items():
            size = self._bag.size(f"data/{file}")
            if size > MAX_REPLY_BYTES:
                raise DamagedBagError("a reply is larger than it may be")
            yield BundledReply(address, file, size)

    def _require_files(self) -> None:
        """Hold the bag to exactly the files that its list and its kind ask for, in their order."""
        payload = [*(f"data/{reply.file}" for reply in self.replies), LIST]
        files = [BAGIT, *payload, INFO, MANIFEST, TAG_MANIFEST, SIGNATURE]
        if list(self._bag.files) != files or list(self._bag.manifest) != payload:
            raise DamagedBagError("the bundle's files are not those that it lists")
        size = sum(self._bag.size(name) for name in payload)
        if self._bag.info != bundle_info(PayloadCount(size, len(payload))):
            raise DamagedBagError("bag-info.txt is not that of an outbound bundle")


def _parse_list(data: bytes) -> dict[str, bytes]:
    match parse_json(data, "replies.json"):
        case {"replies": list(entries)}:
            return dict(map(_parse_entry, entries))
        case _:
            raise DamagedBagError("replies.json is not a list of replies")


def _parse_entry(entry: object) -> tuple[str, bytes]:
    match entry:
        case {"address": str(address), "file": str(file)} if _ADDRESS.fullmatch(
            address
        ) and _ENVELOPE.fullmatch(file):
            return file, bytes.fromhex(address)
        case _:
            raise DamagedBagError("replies.json has an entry that is no reply")


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
