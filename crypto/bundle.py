"""Outbound bundles: sealed envelopes on their way from a reviewer to the service.

A BagIt bag in a ZIP of the same profile as a report's, without padding:

    bundle/bagit.txt
    bundle/data/<32 hex>.age                  an envelope, under a name drawn at random
    bundle/data/replies.json                  where each goes
    bundle/bag-info.txt                       Candor-Kind: bundle, Direction: outbound, Payload-Oxum
    bundle/manifest-sha256.txt
    bundle/tagmanifest-sha256.txt
    bundle/tagmanifest-sha256.txt.minisig     by the reviewer or the custodian, of kind `bundle`

replies.json is sorted by file and written in one way (sorted keys, two spaces, LF). A reply goes to
a mailbox; a request or disclosure goes to a channel, as an envelope of that channel:

    {
      "replies": [
        {"address": "<64 hex>", "file": "<32 hex>.age"},
        {"channel": "general", "file": "<32 hex>.age"}
      ]
    }

A bundle always carries the same number of envelopes. Dummies fill it up: replies that nobody can
open, to addresses that nobody has, as long as a real one beside them. So whoever sees bundles pass
does not learn how many sources were answered. They do see that something goes to a channel.
"""

import io
import json
import secrets
from collections.abc import Callable, Sequence
from typing import TypeAlias

from crypto.bag_info import ADDRESS_BYTES, require_id
from crypto.bag_info_file import PayloadCount, serialize_fields
from crypto.bag_writer import BagWriter
from crypto.envelope import EnvelopeWriter
from crypto.errors import DamagedEnvelopeError
from crypto.header import MAX_SLOTS, header_bytes
from crypto.minisign import SignedKind, SigningKey
from crypto.padding import SMALLEST_BYTES, is_padded
from crypto.payload import ciphertext_bytes, plaintext_bytes
from crypto.reply import MAX_REPLY_BYTES, REPLY_SLOTS
from crypto.sinks import Sink
from crypto.zip_reader import SeekableFile

FOLDER = "bundle"
ENVELOPES = 8
MAX_ENVELOPES = 64
LIST = "data/replies.json"
CHANNEL_LENGTHS = frozenset(
    header_bytes(slots) + ciphertext_bytes(SMALLEST_BYTES) for slots in range(1, MAX_SLOTS + 1)
)
"""How long what goes to a channel may be: any number of slots, and the smallest padded text."""

Destination: TypeAlias = bytes | str
"""Where an envelope goes: the address of a mailbox (32 bytes), or the id of a channel."""

_NAME_BYTES = 16
_BLOCK_BYTES = 1 << 16
_SMALLEST_REPLY = header_bytes(REPLY_SLOTS) + ciphertext_bytes(SMALLEST_BYTES)
_ZEROS = bytes(_BLOCK_BYTES)


def write_bundle(
    sink: Sink,
    envelopes: Sequence[tuple[Destination, SeekableFile]],
    signing: SigningKey,
    *,
    count: int = ENVELOPES,
) -> None:
    """Write an outbound bundle.

    Args:
        sink: takes the ZIP as it grows.
        envelopes: what is carried, and where each goes.
        signing: the reviewer's, or the custodian's.
        count: how many envelopes the bundle is to carry, dummies among them.

    Raises:
        ValueError: more than that, or something that may not go there.
    """
    if not len(envelopes) <= count <= MAX_ENVELOPES:
        raise ValueError(f"a bundle carries {count} envelopes")
    entries: list[tuple[Destination, Callable[[BagWriter], None]]] = []
    lengths = []
    for destination, envelope in envelopes:
        length = envelope.seek(0, io.SEEK_END)
        _require_fit(destination, length)
        entries.append((destination, _copy_of(envelope)))
        if isinstance(destination, bytes):
            lengths.append(length)
    for _ in range(count - len(envelopes)):
        length = secrets.choice(lengths or [_SMALLEST_REPLY])
        entries.append((secrets.token_bytes(ADDRESS_BYTES), _dummy_of(length)))
    _write(sink, {secrets.token_hex(_NAME_BYTES): entry for entry in entries}, signing)


def may_be_as_long(destination: Destination, length: int) -> bool:
    """Tell whether an envelope that goes there may have this length."""
    if isinstance(destination, str):
        return length in CHANNEL_LENGTHS
    return length <= MAX_REPLY_BYTES


def _write(
    sink: Sink,
    entries: dict[str, tuple[Destination, Callable[[BagWriter], None]]],
    signing: SigningKey,
) -> None:
    """Write the bag; the order is that of the names, so that it tells nothing."""
    bag = BagWriter(sink, FOLDER)
    listed = {}
    for name in sorted(entries):
        destination, write_envelope = entries[name]
        bag.begin(f"data/{name}.age")
        write_envelope(bag)
        bag.end()
        listed[f"{name}.age"] = destination
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


def _require_fit(destination: Destination, length: int) -> None:
    """Refuse what its destination would refuse, as far as the length tells.

    Raises:
        ValueError: it would not be taken there.
    """
    if isinstance(destination, str):
        require_id(destination)
        fits = True
    else:
        fits = len(destination) == ADDRESS_BYTES and _is_replys(length)
    if not fits or not may_be_as_long(destination, length):
        raise ValueError("an address or an envelope has a length that nothing has that goes there")


def _is_replys(length: int) -> bool:
    """Tell whether a reply's padding gives this length."""
    try:
        return is_padded(_plaintext_bytes(length))
    except DamagedEnvelopeError:
        return False


def _plaintext_bytes(length: int) -> int:
    """Return how much a reply's envelope of this length holds."""
    return plaintext_bytes(length - header_bytes(REPLY_SLOTS))


def serialize_list(listed: dict[str, Destination]) -> bytes:
    """Write replies.json."""
    entries = [{**_destination(listed[file]), "file": file} for file in sorted(listed)]
    return (json.dumps({"replies": entries}, indent=2, sort_keys=True) + "\n").encode("ascii")


def _destination(destination: Destination) -> dict[str, str]:
    if isinstance(destination, str):
        return {"channel": destination}
    return {"address": destination.hex()}


def bundle_info(payload: PayloadCount) -> bytes:
    """Write bag-info.txt."""
    return serialize_fields(
        [
            ("Candor-Kind", SignedKind.BUNDLE),
            ("Direction", "outbound"),
            ("Payload-Oxum", f"{payload.size}.{payload.files}"),
        ]
    )
