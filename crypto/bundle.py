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
import secrets
from collections.abc import Callable, Sequence

from crypto.bag_info import ADDRESS_BYTES
from crypto.bag_info_file import PayloadCount, serialize_fields
from crypto.bag_writer import BagWriter
from crypto.envelope import EnvelopeWriter
from crypto.errors import DamagedEnvelopeError
from crypto.header import header_bytes
from crypto.minisign import SignedKind, SigningKey
from crypto.padding import SMALLEST_BYTES, is_padded
from crypto.payload import ciphertext_bytes, plaintext_bytes
from crypto.reply import MAX_REPLY_BYTES, REPLY_SLOTS
from crypto.sinks import Sink
from crypto.zip_reader import SeekableFile

FOLDER = "bundle"
REPLIES = 8
MAX_REPLIES = 64
LIST = "data/replies.json"
_NAME_BYTES = 16
_BLOCK_BYTES = 1 << 16
_SMALLEST_REPLY = header_bytes(REPLY_SLOTS) + ciphertext_bytes(SMALLEST_BYTES)
_ZEROS = bytes(_BLOCK_BYTES)


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
    bag.add(LIST, serialize_list(listed))
    bag.finish(bundle_info, SignedKind.BUNDLE, signing, filled_bytes=None)


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


def serialize_list(listed: dict[str, bytes]) -> bytes:
    """Write replies.json."""
    replies = [{"address": listed[file].hex(), "file": file} for file in sorted(listed)]
    return (json.dumps({"replies": replies}, indent=2, sort_keys=True) + "\n").encode("ascii")


def bundle_info(payload: PayloadCount) -> bytes:
    """Write bag-info.txt."""
    return serialize_fields(
        [
            ("Candor-Kind", SignedKind.BUNDLE),
            ("Direction", "outbound"),
            ("Payload-Oxum", f"{payload.size}.{payload.files}"),
        ]
    )
