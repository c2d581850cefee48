"""Inbound bundles: whole days of one channel on their way from the service to the reviewers.

A BagIt bag in a ZIP of the same profile as a report's, without padding:

    bundle/bagit.txt
    bundle/data/<32 hex>.age                     an envelope; the first half of its hash; sorted
    bundle/data/forms/<id>-<version>.toml        the form that the channel names
    bundle/data/log.json                         {"days": […]}, as `crypto.log_day` has them
    bundle/data/roster.json                      the newest that the courier knows
    bundle/data/roster.json.minisig
    bundle/bag-info.txt
    bundle/manifest-sha256.txt                   SHA-256 of an envelope is the envelope hash
    bundle/tagmanifest-sha256.txt
    bundle/tagmanifest-sha256.txt.minisig        by the courier, of kind `bundle`

bag-info.txt:

    Candor-Kind: bundle
    Direction: inbound
    Courier: <id>
    Channel: <id>
    Serial: 1, 2, 3 …                            of this courier and channel
    Previous: <64 hex>                           hash of the bundle before; zeros for the first
    Old-Head: <leaves> <64 hex>                  size and root of the log before its days
    New-Head: <leaves> <64 hex>                  and after them
    Payload-Oxum: <bytes>.<files>

The hash of a bundle is SHA-256 of its tag manifest. With it and the serial nobody who carries
bundles can leave one out, or change their order, without being noticed.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crypto.bag_info import require_id
from crypto.bag_info_file import PayloadCount, serialize_fields
from crypto.bag_writer import BagWriter
from crypto.bundle import FOLDER
from crypto.log_day import LogDay, day_object
from crypto.merkle import Tree
from crypto.minisign import SignedKind, SigningKey
from crypto.sinks import Readable, Sink

MAX_ENVELOPES = 65_536
MAX_FORMS = 64
MAX_DAYS = 16_384  # 44 years: nobody waits so long, and few enough to be read at once
MAX_SERIAL = (1 << 53) - 1  # what JavaScript counts exactly
HASH_BYTES = 32
NO_PREVIOUS = bytes(HASH_BYTES)
LOG = "data/log.json"
ROSTER = "data/roster.json"
ROSTER_SIGNATURE = "data/roster.json.minisig"
_FORMS = "data/forms/"
_FORM_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?-[1-9][0-9]{0,6}\.toml")
_ENVELOPE = re.compile(r"data/[0-9a-f]{32}\.age")
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class InboundInfo:
    """Which bundle it is.

    Attributes:
        serial: of this courier and channel, from 1.
        previous: hash of the bundle before; zeros, and only then, for the first.
    """

    courier: str
    channel: str
    serial: int
    previous: bytes = NO_PREVIOUS

    def __post_init__(self) -> None:
        require_id(self.courier)
        require_id(self.channel)
        if not 1 <= self.serial <= MAX_SERIAL or len(self.previous) != HASH_BYTES:
            raise ValueError("a bundle has a serial from 1, and the hash of the one before")
        if (self.serial == 1) != (self.previous == NO_PREVIOUS):
            raise ValueError("the first bundle, and no other, has none before it")


@dataclass(frozen=True, slots=True)
class RosterDocument:
    """A roster as it is handed on, for whoever reads it to verify: roster.json, and .minisig."""

    document: bytes
    signature: bytes


def write_inbound(  # noqa: PLR0913 - all that a bundle holds
    sink: Sink,
    info: InboundInfo,
    envelopes: Iterable[tuple[bytes, Readable]],
    *,
    days: Sequence[LogDay],
    forms: Mapping[str, bytes],
    roster: RosterDocument,
    signing: SigningKey,
) -> bytes:
    """Write an inbound bundle in one pass, and return its hash: the next one's `previous`.

    Args:
        sink: takes the ZIP as it grows.
        info: which bundle it is.
        envelopes: hash and content of each, in the order of their hashes; each is read to its end
            before the next is asked for, so that one at a time need be open.
        days: of the log, in order, from 1 to `MAX_DAYS`; every envelope is a leaf of one of them.
        forms: by name, `<id>-<version>.toml`.
        roster: the newest that the courier knows.
        signing: the courier's.

    Raises:
        ValueError: an envelope that is not what its hash says, is no leaf, or out of order.
    """
    if not 1 <= len(days) <= MAX_DAYS or len(forms) > MAX_FORMS:
        raise ValueError("a bundle has one day or more, not too many, and few forms")
    bag = BagWriter(sink, FOLDER)
    _write_envelopes(bag, envelopes, {leaf for day in days for leaf in day.leaves})
    for name in sorted(forms):
        bag.add(form_path(name), forms[name])
    bag.add(LOG, serialize_days(days))
    bag.add(ROSTER, roster.document)
    bag.add(ROSTER_SIGNATURE, roster.signature)
    return bag.finish(
        lambda payload: serialize_inbound_info(info, days, payload),
        SignedKind.BUNDLE,
        signing,
        filled_bytes=None,
    )


def _write_envelopes(
    bag: BagWriter, envelopes: Iterable[tuple[bytes, Readable]], leaves: set[bytes]
) -> None:
    last, count = "", 0
    for envelope_hash, file in envelopes:
        path, count = envelope_path(envelope_hash), count + 1
        if envelope_hash not in leaves or path <= last or count > MAX_ENVELOPES:
            raise ValueError("an envelope is no leaf, out of order, or one too many")
        bag.begin(path)
        while block := file.read(_BLOCK_BYTES):
            bag.write(block)
        if bag.end().sha256 != envelope_hash:
            raise ValueError("an envelope is not what its hash says")
        last = path


def envelope_path(envelope_hash: bytes) -> str:
    """Return where an envelope stands in a bundle."""
    return f"data/{envelope_hash[: HASH_BYTES // 2].hex()}.age"


def is_envelope(name: str) -> bool:
    """Tell whether a file of a bundle is an envelope."""
    return _ENVELOPE.fullmatch(name) is not None


def form_path(name: str) -> str:
    """Return where a form stands in a bundle.

    Raises:
        ValueError: not `<id>-<version>.toml`.
    """
    if not _FORM_NAME.fullmatch(name):
        raise ValueError("a form's file is named by its id and version")
    return _FORMS + name


def is_form(name: str) -> bool:
    """Tell whether a file of a bundle is a form."""
    return name.startswith(_FORMS) and bool(_FORM_NAME.fullmatch(name.removeprefix(_FORMS)))


def serialize_days(days: Sequence[LogDay]) -> bytes:
    """Write log.json."""
    content = {"days": [day_object(day) for day in days]}
    return f"{json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()


def serialize_inbound_info(
    info: InboundInfo, days: Sequence[LogDay], payload: PayloadCount
) -> bytes:
    """Write bag-info.txt."""
    return serialize_fields(
        [
            ("Candor-Kind", SignedKind.BUNDLE),
            ("Direction", "inbound"),
            ("Courier", info.courier),
            ("Channel", info.channel),
            ("Serial", str(info.serial)),
            ("Previous", info.previous.hex()),
            ("Old-Head", _head(days[0].before)),
            ("New-Head", _head(days[-1].after)),
            ("Payload-Oxum", f"{payload.size}.{payload.files}"),
        ]
    )


def _head(tree: Tree) -> str:
    return f"{tree.size} {tree.root.hex()}"
