"""Write a source's report or message, in one pass, while its files arrive."""

from crypto.attachments import (
    MAX_ATTACHMENTS,
    Attachment,
    plain_type,
    require_name,
    serialize_attachments,
    stored_name,
)
from crypto.bag_info import SOURCE_KINDS, BagInfo, BagKind, Sealed, SourceInfo, require_id
from crypto.bag_info_file import serialize_bag_info
from crypto.bag_layout import (
    ANSWERS,
    ATTACHMENTS_JSON,
    FOLDER,
    IDENTITY,
    MAX_ANSWERS_BYTES,
    MAX_TEXT_BYTES,
    TEXT,
    attachment_path,
    filled_bytes,
)
from crypto.bag_writer import BagWriter
from crypto.identity_bag import seal_identity_bag
from crypto.keys import Recipient
from crypto.sinks import Buffer, Sink
from crypto.source_keys import SourceKeys


class SubmissionWriter:
    """Write one bag: attachments, each by `begin_attachment`, `write`, `end_attachment`; `finish`.

    The source's keys are needed at the end only, so that stretching a codename and receiving files
    can go on side by side.

    Args:
        sink: usually an `EnvelopeWriter`; closing it is the caller's.
        kind: report, message or canary.
        text: at most 1 MiB of UTF-8.
        answers: report.json.

    Raises:
        ValueError: text or answers are too long, the channel is not an id, or sources send no
            such kind.
    """

    def __init__(  # noqa: PLR0913 - named, and each a part of the bag
        self,
        sink: Sink,
        *,
        kind: BagKind,
        channel: str,
        sealed: Sealed,
        text: str,
        answers: bytes,
    ) -> None:
        if kind not in SOURCE_KINDS:
            raise ValueError("a source sends reports and messages")
        require_id(channel)
        data = text.encode("utf-8")
        if len(data) > MAX_TEXT_BYTES or len(answers) > MAX_ANSWERS_BYTES:
            raise ValueError("the text or the answers are too long")
        self._kind, self._channel, self._sealed = kind, channel, sealed
        self._attachments: list[Attachment] = []
        self._name = self._claimed_type = ""
        self._bag = BagWriter(sink, FOLDER)
        self._bag.add(TEXT, data)
        self._bag.add(ANSWERS, answers)

    def begin_attachment(self, name: str, claimed_type: str) -> None:
        """Start a file.

        Args:
            name: as the source had it; recorded, and never used as a path.
            claimed_type: as the browser had it; recorded if it looks like a type.

        Raises:
            ValueError: there are 50, or attachments.json cannot carry the name.
        """
        if len(self._attachments) == MAX_ATTACHMENTS:
            raise ValueError("there are 50 attachments already")
        require_name(name)
        self._name, self._claimed_type = name, plain_type(claimed_type)
        self._bag.begin(attachment_path(self._stored_name()))

    def write(self, data: Buffer) -> None:
        """Add to the file that was begun; nothing is copied and nothing is kept."""
        self._bag.write(data)

    def end_attachment(self) -> None:
        """End the file that was begun."""
        written = self._bag.end()
        self._attachments.append(
            Attachment(
                number=len(self._attachments) + 1,
                stored_name=self._stored_name(),
                original_name=self._name,
                claimed_type=self._claimed_type,
                size=written.size,
                sha256=written.sha256,
            )
        )

    def finish(self, keys: SourceKeys, *, identity_text: str, custodian: Recipient | None) -> None:
        """Write all that is behind the attachments, signed by the source.

        Args:
            keys: the source's.
            identity_text: who they are, at most 1,500 bytes; empty when they do not say.
            custodian: who alone can open that; None: nobody.
        """
        key = keys.signing.verify_key
        about = SourceInfo(keys.address, keys.identity.recipient, key)
        info = BagInfo(self._kind, self._channel, about, self._sealed)
        identity = seal_identity_bag(
            identity_text, channel=self._channel, signing=keys.signing, custodian=custodian
        )
        self._bag.add(ATTACHMENTS_JSON, serialize_attachments(self._attachments))
        self._bag.add(IDENTITY, identity)
        self._bag.finish(
            lambda count: serialize_bag_info(info, count),
            self._kind,
            keys.signing,
            filled_bytes=lambda unpadded: filled_bytes(self._kind, unpadded),
        )

    def _stored_name(self) -> str:
        return stored_name(len(self._attachments) + 1, self._name)
