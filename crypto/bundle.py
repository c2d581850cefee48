"""Outbound bundles: sealed replies on their way from a reviewer to the service.

A BagIt bag in a ZIP of the same profile as a report's, without padding:

    bundle/bagit.txt
    bundle/data/<32 hex>.age                  a reply's envelope, under a name drawn at random
    bundle/data/replies.json                  to which mailbox each goes
    bundle/bag-info.txt                       Candor-Kind: bundle, Direction: outbound, Payload-Oxum
    bundle/manifest-sha256.txt
    bundle/tagmanifest-sha256.txt
    bundle/tagmanifest-sha256.txt.minisig     by the reviewer, of kind `bundle`

replies.json is sorted by file and written in one way (sorted keys, two spaces, LF):

    {
      "replies": [
        {"address": "<64 hex>", "file": "<32 hex>.age"}
      ]
    }

A bundle always carries the same number of replies. Dummies fill it up: envelopes that nobody can
open, to addresses that nobody has, as long as a real one beside them. So whoever sees bundles pass
does not learn how many sources were answered.
"""

import io
import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from crypto.bag_info import ADDRESS_BYTES, PayloadCount, serialize_fields
from crypto.bag_layout import BAGIT, INFO, MANIFEST, SIGNATURE, TAG_MANIFEST
from crypto.bag_writer import BagWriter
from crypto.envelope import EnvelopeWriter
from crypto.errors import BundleError, DamagedBagError, DamagedEnvelopeError
from crypto.header import header_bytes
from crypto.minisign import SignedKind, SigningKey, VerifyKey
from crypto.padding import SMALLEST_BYTES, is_padded
from crypto.payload import ciphertext_bytes, plaintext_bytes
from crypto.reply import MAX_REPLY_BYTES, REPLY_SLOTS
from crypto.signed_bag import SignedBag
from crypto.sinks import Sink
from crypto.strict_json import parse_json
from crypto.zip_reader import SeekableFile, ZipReader

FOLDER = "bundle"
REPLIES = 8
MAX_REPLIES = 64

_LIST = "data/replies.json"
_NAME_BYTES = 16
_MAX_LIST_BYTES = 64 * 1024
_FIXED = frozenset({BAGIT, INFO, MANIFEST, TAG_MANIFEST, SIGNATURE, _LIST})
_ENVELOPE = re.compile(r"[0-9a-f]{32}\.age")
_ADDRESS = re.compile(r"[0-9a-f]{64}")
_BLOCK_BYTES = 1 << 16
_SMALLEST_REPLY = header_bytes(REPLY_SLOTS) + ciphertext_bytes(SMALLEST_BYTES)
_ZEROS = bytes(_BLOCK_BYTES)


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
        with _refusing():
            archive = ZipReader(file, _is_known, max_members=len(_FIXED) + MAX_REPLIES)
            self._bag = SignedBag(archive, FOLDER, lambda _: (SignedKind.BUNDLE, signers))
            self.signer, self.hash = self._bag.signer, self._bag.hash
            self.replies = tuple(self._read_list())
            self._require_files()

    def open(self, reply: BundledReply) -> io.RawIOBase:
        """Check a reply's envelope against the signature, and open it for reading.

        Raises:
            BundleError: not what was signed.
        """
        name = f"data/{reply.file}"
        with _refusing():
            self._bag.check(name)
            return self._bag.open(name)

    def _read_list(self) -> Iterator[BundledReply]:
        data = self._bag.read(_LIST, max_bytes=_MAX_LIST_BYTES)
        listed = _parse_list(data)
        if _serialize_list(listed) != data:
            raise DamagedBagError("replies.json is not written in the one way that is read")
        for file, address in listed.items():
            size = self._bag.size(f"data/{file}")
            if size > MAX_REPLY_BYTES:
                raise DamagedBagError("a reply is larger than it may be")
            yield BundledReply(address, file, size)

    def _require_files(self) -> None:
        """Hold the bag to exactly the files that its list and its kind ask for, in their order."""
        payload = [*(f"data/{reply.file}" for reply in self.replies), _LIST]
        files = [BAGIT, *payload, INFO, MANIFEST, TAG_MANIFEST, SIGNATURE]
        if list(self._bag.files) != files or list(self._bag.manifest) != payload:
            raise DamagedBagError("the bundle's files are not those that it lists")
        size = sum(self._bag.size(name) for name in payload)
        if self._bag.info != _info(PayloadCount(size, len(payload))):
            raise DamagedBagError("bag-info.txt is not that of an outbound bundle")


def read_bundle(file: SeekableFile, signers: Sequence[VerifyKey]) -> OutboundBundle:
    """Open an outbound bundle of one of these signers.

    Raises:
        BundleError: damaged, forged or not such a bundle; the message says what failed.
    """
    return OutboundBundle(file, signers)


def write_bundle(
    sink: Sink,
    replies: Sequence[tuple[bytes, SeekableFile]],
    signing: SigningKey,
    *,
    count: int = REPLIES,
) -> None:
    """Write an outbound bundle.

    Args:
        sink: takes the ZIP as it grows.
        replies: mailbox address (32 bytes) and sealed envelope of each.
        signing: the reviewer's.
        count: how many replies the bundle is to carry, dummies among them.

    Raises:
        ValueError: more replies than that, or something that is no sealed reply.
    """
    if not len(replies) <= count <= MAX_REPLIES:
        raise ValueError(f"a bundle carries {count} replies")
    lengths = [_length_of(address, envelope) for address, envelope in replies]
    entries: list[tuple[bytes, Callable[[BagWriter], None]]] = [
        (address, _copy_of(envelope)) for address, envelope in replies
    ]
    for _ in range(count - len(replies)):
        length = secrets.choice(lengths or [_SMALLEST_REPLY])
        entries.append((secrets.token_bytes(ADDRESS_BYTES), _dummy_of(length)))
    _write(sink, {secrets.token_hex(_NAME_BYTES): entry for entry in entries}, signing)


def _write(
    sink: Sink,
    entries: dict[str, tuple[bytes, Callable[[BagWriter], None]]],
    signing: SigningKey,
) -> None:
    """Write the bag; the order is that of the names, so that it tells nothing."""
    bag = BagWriter(sink, FOLDER)
    listed = {}
    for name in sorted(entries):
        address, write_envelope = entries[name]
        bag.begin(f"data/{name}.age")
        write_envelope(bag)
        bag.end()
        listed[f"{name}.age"] = address
    bag.add(_LIST, _serialize_list(listed))
    bag.finish(_info, SignedKind.BUNDLE, signing, filled_bytes=None)


def _copy_of(envelope: SeekableFile) -> Callable[[BagWriter], None]:
    def write(bag: BagWriter) -> None:
        envelope.seek(0)
        with memoryview(bytearray(_BLOCK_BYTES)) as buffer:
            while count := envelope.readinto(buffer):
                bag.write(buffer[:count])

    return write


def _dummy_of(length: int) -> Callable[[BagWriter], None]:
    """Seal zeros to nobody, as long as a real reply: an envelope of blank stanzas only."""

    def write(bag: BagWriter) -> None:
        envelope = EnvelopeWriter(bag, [], slots=REPLY_SLOTS)
        left = _plaintext_bytes(length)
        while left:
            part = min(left, _BLOCK_BYTES)
            envelope.write(_ZEROS[:part])
            left -= part
        envelope.close()

    return write


def _length_of(address: bytes, envelope: SeekableFile) -> int:
    """Return the length of a reply's envelope."""
    length = envelope.seek(0, io.SEEK_END)
    try:
        fits = is_padded(_plaintext_bytes(length)) and length <= MAX_REPLY_BYTES
    except DamagedEnvelopeError:
        fits = False
    if not fits or len(address) != ADDRESS_BYTES:
        raise ValueError("an address or an envelope has a length that no reply has")
    return length


def _plaintext_bytes(length: int) -> int:
    """Return how much a reply's envelope of this length holds."""
    return plaintext_bytes(length - header_bytes(REPLY_SLOTS))


def _serialize_list(listed: dict[str, bytes]) -> bytes:
    replies = [{"address": listed[file].hex(), "file": file} for file in sorted(listed)]
    return (json.dumps({"replies": replies}, indent=2, sort_keys=True) + "\n").encode("ascii")


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


def _info(payload: PayloadCount) -> bytes:
    return serialize_fields(
        [
            ("Candor-Kind", SignedKind.BUNDLE),
            ("Direction", "outbound"),
            ("Payload-Oxum", f"{payload.size}.{payload.files}"),
        ]
    )


def _is_known(member: str) -> bool:
    folder, _, name = member.partition("/")
    is_envelope = name.startswith("data/") and _ENVELOPE.fullmatch(name.removeprefix("data/"))
    return folder == FOLDER and (name in _FIXED or bool(is_envelope))


@contextmanager
def _refusing() -> Iterator[None]:
    """Say of a damaged bag that it is not a bundle that is wanted."""
    try:
        yield
    except DamagedBagError as error:
        raise BundleError(str(error)) from error
