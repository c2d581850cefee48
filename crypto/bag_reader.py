"""Read bags: reports, messages, replies and the rest, from anything that can be seeked in.

Opening checks the structure of the ZIP, the signature, the tag files, and everything small: text,
answers, the list of attachments, identity.age. An attachment is checked before the first byte of it
is handed out, or while it is copied; `verify` checks all that is left. Memory stays flat whatever
the size, and nothing is written anywhere.
"""

import io
from collections.abc import Sequence
from typing import Any

from crypto.attachments import MAX_ATTACHMENTS_JSON_BYTES, Attachment, parse_attachments
from crypto.bag_info import BagKind, ReplyInfo
from crypto.bag_info_file import PayloadCount, parse_bag_info
from crypto.bag_layout import (
    ANSWERS,
    ATTACHMENTS_JSON,
    BAGIT,
    FOLDER,
    IDENTITY,
    IDENTITY_FILE_BYTES,
    INFO,
    MANIFEST,
    MAX_ANSWERS_BYTES,
    MAX_IDENTITY_TEXT_BYTES,
    MAX_MEMBERS,
    MAX_TEXT_BYTES,
    PADDING,
    SIGNATURE,
    TAG_MANIFEST,
    TEXT,
    attachment_path,
    filled_bytes,
    is_attachment,
    is_known,
    payload_files,
)
from crypto.errors import DamagedBagError
from crypto.minisign import VerifyKey
from crypto.signed_bag import BLOCK_BYTES, Progress, SignedBag
from crypto.sinks import Sink
from crypto.strict_json import parse_json
from crypto.zip_reader import SeekableFile, ZipReader

_ZEROS = bytes(BLOCK_BYTES)


class BagReader:
    """One bag whose signature is verified.

    Args:
        file: the plaintext of an envelope; it stays the caller's, and one thread's at a time.
        signers: who may have signed a reply, request or disclosure. The bag of a source names its
            own key: what that key is worth, the thread tells.

    Attributes:
        kind, channel, info, sealed, status: as bag-info.txt has them.
        signer: whose signature it is.
        hash: identifies the bag, whatever envelope it came in (32 bytes).
        text: report.txt.
        answers: report.json; empty for a kind that has none.
        attachments: what came with it.
        identity_file: identity.age, for the custodian; None for a kind that has none.

    Raises:
        DamagedBagError: damaged or forged, and what exactly failed.
    """

    def __init__(self, file: SeekableFile, *, signers: Sequence[VerifyKey] = ()) -> None:
        self._reviewers = tuple(signers)
        zipped = ZipReader(file, is_known, max_members=MAX_MEMBERS)
        self._bag = SignedBag(zipped, FOLDER, self._judge)
        self.signer, self.hash = self._bag.signer, self._bag.hash
        self._require_files()
        self._require_lengths(zipped.size)
        self.text = self._read_text()
        self.answers = self._read_answers()
        self.attachments = self._read_attachments()
        self.identity_file = self._read_identity()
        self._checked: set[str] = set()

    @property
    def bytes_to_verify(self) -> int:
        """How many bytes `verify` reads: the attachments and the padding."""
        return self._bag.size(PADDING) + sum(attachment.size for attachment in self.attachments)

    def read_texts(self) -> dict[str, bytes]:
        """Return the payload that is no attachment, as it was signed: report.txt and the like."""
        return {
            name.removeprefix("data/"): self._bag.read(name, max_bytes=self._bag.size(name))
            for name in self._bag.manifest
            if not is_attachment(name)
        }

    def open_attachment(
        self, attachment: Attachment, progress: Progress | None = None
    ) -> io.BufferedReader:
        """Check an attachment, unless that is done, and open it for reading anywhere.

        Raises:
            DamagedBagError: it is not what was signed.
        """
        self._check(attachment, progress)
        return io.BufferedReader(self._bag.open(attachment_path(attachment.stored_name)))

    def copy_attachment(
        self, attachment: Attachment, out: Sink, progress: Progress | None = None
    ) -> None:
        """Write an attachment out and check it, in one pass; after an error, throw it away.

        Raises:
            DamagedBagError: it is not what was signed.
        """
        path = attachment_path(attachment.stored_name)
        self._bag.check(path, progress, out)
        self._checked.add(path)

    def verify(self, progress: Progress | None = None) -> None:
        """Check everything that opening has not checked.

        Raises:
            DamagedBagError: naming every attachment that is not what was signed.
        """
        damaged = [
            attachment.stored_name
            for attachment in self.attachments
            if not self._is_intact(attachment, progress)
        ]
        if damaged:
            raise DamagedBagError(f"not what was signed: attachment {', '.join(damaged)}")
        self._bag.each_block(PADDING, lambda block: _require_zeros(block, progress))

    def _is_intact(self, attachment: Attachment, progress: Progress | None) -> bool:
        try:
            self._check(attachment, progress)
        except DamagedBagError:
            return False
        return True

    def _check(self, attachment: Attachment, progress: Progress | None) -> None:
        path = attachment_path(attachment.stored_name)
        if path not in self._checked:
            self._bag.check(path, progress)
            self._checked.add(path)

    def _judge(self, bag_info: bytes) -> tuple[str, Sequence[VerifyKey]]:
        """Take the fields, and tell who may have signed: the source they name, or a reviewer."""
        details, self._count = parse_bag_info(bag_info)
        self.kind, self.channel, self.info = details.kind, details.channel, details.about
        self.sealed, self.status = details.sealed, details.status
        by_reviewer = self.kind in {BagKind.REQUEST, BagKind.DISCLOSURE}
        if by_reviewer or isinstance(self.info, ReplyInfo):
            return self.kind, self._reviewers
        return self.kind, (self.info.key,)

    def _require_files(self) -> None:
        """Refuse any file more or less, and any other order."""
        attachments = [name for name in self._bag.files if is_attachment(name)]
        payload = payload_files(self.kind, attachments)
        files = (BAGIT, *payload, INFO, MANIFEST, PADDING, TAG_MANIFEST, SIGNATURE)
        if self._bag.files != files or tuple(self._bag.manifest) != payload:
            raise DamagedBagError("the files are not those of such a bag, in their order")

    def _require_lengths(self, size: int) -> None:
        if size != filled_bytes(self.kind, size - self._bag.size(PADDING)):
            raise DamagedBagError("the padding is not as long as it is to be")
        sizes = [self._bag.size(name) for name in self._bag.manifest]
        if self._count != PayloadCount(sum(sizes), len(sizes)):
            raise DamagedBagError("bag-info.txt counts another payload")

    def _read_text(self) -> str:
        is_identity = self.kind is BagKind.IDENTITY
        limit = MAX_IDENTITY_TEXT_BYTES if is_identity else MAX_TEXT_BYTES
        try:
            return self._bag.read(TEXT, max_bytes=limit).decode("utf-8")
        except UnicodeDecodeError:
            raise DamagedBagError("report.txt is not UTF-8") from None

    def _read_answers(self) -> dict[str, Any]:
        if ANSWERS not in self._bag.manifest:
            return {}
        answers = parse_json(self._bag.read(ANSWERS, max_bytes=MAX_ANSWERS_BYTES), "report.json")
        if not isinstance(answers, dict):
            raise DamagedBagError("report.json is not an object")
        return answers

    def _read_attachments(self) -> tuple[Attachment, ...]:
        """Read attachments.json, and hold it against the manifest and the ZIP."""
        if ATTACHMENTS_JSON not in self._bag.manifest:
            return ()
        data = self._bag.read(ATTACHMENTS_JSON, max_bytes=MAX_ATTACHMENTS_JSON_BYTES)
        attachments = parse_attachments(data)
        listed = [(attachment_path(a.stored_name), a.size, a.sha256) for a in attachments]
        stored = [
            (name, self._bag.size(name), sha256)
            for name, sha256 in self._bag.manifest.items()
            if is_attachment(name)
        ]
        if listed != stored:
            raise DamagedBagError("attachments.json lists other attachments")
        return attachments

    def _read_identity(self) -> bytes | None:
        """Read identity.age: sealed to the custodian, and always of one length."""
        if IDENTITY not in self._bag.manifest:
            return None
        identity = self._bag.read(IDENTITY, max_bytes=IDENTITY_FILE_BYTES)
        if len(identity) != IDENTITY_FILE_BYTES:
            raise DamagedBagError("identity.age is not as long as it always is")
        return identity


def _require_zeros(block: memoryview, progress: Progress | None) -> None:
    if block.tobytes() != _ZEROS[: len(block)]:
        raise DamagedBagError("the padding is not zeros")
    if progress is not None:
        progress(len(block))
