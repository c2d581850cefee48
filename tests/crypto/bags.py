"""Keys and bags for the tests of bags."""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from crypto import minisign
from crypto.bag_info import BagKind, ReplyInfo, Sealed, StatusCode
from crypto.bag_layout import BAGIT, FOLDER, INFO, MANIFEST, PADDING, SIGNATURE, TAG_MANIFEST
from crypto.bag_reader import BagReader
from crypto.keys import Identity
from crypto.manifest import serialize_manifest
from crypto.minisign import SigningKey
from crypto.reply import write_reply
from crypto.source_keys import SourceKeys
from crypto.submission import SubmissionWriter
from crypto.zip_profile import zip_bytes
from crypto.zip_writer import ZipWriter


def source_keys(seed: int) -> SourceKeys:
    """Make a source's keys, without the stretch that takes a while."""
    return SourceKeys(
        bytes([seed] * 32), Identity(bytes([seed] * 32)), SigningKey(bytes([seed] * 32))
    )


SOURCE, OTHER_SOURCE = source_keys(1), source_keys(2)
CUSTODIAN = Identity(bytes([3] * 32))
REVIEWER, STRANGER = SigningKey(bytes([4] * 32)), SigningKey(bytes([5] * 32))
File = tuple[str, str, bytes]


class CountingSink:
    """Counts what is written, and forgets it."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data, /):
        self.size += len(data)


def write_submission(
    sink,
    *,
    files: Sequence[File] = (),
    kind: BagKind = BagKind.REPORT,
    channel: str = "main",
    sealed: Sealed = Sealed.ARRIVAL,
    text: str = "what I saw",
    answers: bytes = b'{"form": "default"}\n',
    identity_text: str = "",
    keys: SourceKeys = SOURCE,
) -> None:
    writer = SubmissionWriter(
        sink, kind=kind, channel=channel, sealed=sealed, text=text, answers=answers
    )
    for name, claimed_type, data in files:
        writer.begin_attachment(name, claimed_type)
        writer.write(data)
        writer.end_attachment()
    writer.finish(keys, identity_text=identity_text, custodian=CUSTODIAN.recipient)


def submission(**parts) -> bytes:
    sink = io.BytesIO()
    write_submission(sink, **parts)
    return sink.getvalue()


def reply_info(**changes) -> ReplyInfo:
    fields = {
        "mailbox": SOURCE.address,
        "recipient": SOURCE.identity.recipient,
        "in_reply_to": bytes(32),
        "number": 1,
        "readers": ("anna", "boris"),
        "day": date(2026, 11, 23),
    }
    return ReplyInfo(**(fields | changes))


def reply(
    *,
    info: ReplyInfo | None = None,
    text: str = "thank you",
    status: StatusCode | None = None,
    next_day: date | None = None,
    signing: SigningKey = REVIEWER,
) -> bytes:
    sink = io.BytesIO()
    write_reply(
        sink,
        channel="main",
        info=info or reply_info(),
        text=text,
        status=status,
        next_day=next_day,
        signing=signing,
    )
    return sink.getvalue()


def open_bag(data: bytes, *signers: SigningKey) -> BagReader:
    return BagReader(io.BytesIO(data), signers=[key.verify_key for key in signers])


def files_of(data: bytes, reviewer: SigningKey = REVIEWER) -> dict[str, bytes]:
    """Take a bag apart; the names are those within the folder."""
    bag = open_bag(data, reviewer)
    return {name: bag._bag.open(name).readall() for name in bag._bag.files}


Change = Callable[[dict[str, bytes]], None]


def forged(
    data: bytes,
    change: Change = lambda _files: None,
    *,
    signing: SigningKey = SOURCE.signing,
    kind: str = "report",
    tags: Mapping[str, bytes] | None = None,
    manifest: Change | None = None,
    pad: bool = True,
    reviewer: SigningKey = REVIEWER,
) -> bytes:
    """Take a bag apart, change its files, and sign it again as somebody who wants to deceive.

    Args:
        change: of the files; the manifest, tag manifest and signature are made anew.
        tags: what the tag manifest says instead.
        manifest: changes what the manifest says.
        pad: whether to fit the padding to the new length.
        reviewer: who signed the bag, if it is no source's.
    """
    files = files_of(data, reviewer)
    change(files)
    payload = {name: _sha256(d) for name, d in files.items() if name.startswith("data/")}
    listed = dict(payload)
    if manifest is not None:
        manifest(listed)
    files[MANIFEST] = serialize_manifest(listed)
    tags = tags or {name: _sha256(files[name]) for name in (BAGIT, INFO, MANIFEST) if name in files}
    files[TAG_MANIFEST] = serialize_manifest(tags)
    files[SIGNATURE] = signing.sign(kind, minisign.digest(files[TAG_MANIFEST]))
    if pad:
        size = 65_536 - _length(files | {PADDING: b""})
        files[PADDING] = bytes(size)
    return zipped(files)


def zipped(files: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    writer = ZipWriter(sink)
    for name, data in files.items():
        writer.begin(f"{FOLDER}/{name}")
        writer.write(data)
        writer.end()
    writer.finish()
    return sink.getvalue()


def _length(files: Mapping[str, bytes]) -> int:
    return zip_bytes((f"{FOLDER}/{name}", len(data)) for name, data in files.items())


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


FILES = [("a.pdf", "application/pdf", b"first " * 50), ("b.jpg", "image/jpeg", b"second " * 50)]
REPORT = submission(files=FILES, text="what I saw", answers=b'{"form": "default"}\n')
REPLY = reply()


def read_all(data: bytes) -> None:
    open_bag(data, REVIEWER).verify()
