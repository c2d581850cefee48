"""Open identities and envelopes: from paths to bags whose signature holds."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from console.errors import UnknownAttachmentError, UnreadableIdentityError
from console.filetype import HEAD_BYTES, FileType, file_type
from console.progress import Meter
from crypto.attachments import Attachment
from crypto.bag_info import ReplyInfo
from crypto.bag_reader import BagReader
from crypto.errors import MalformedIdentityFileError, NotAddressedError, WrongPassphraseError
from crypto.identity_bag import open_identity_bag
from crypto.identity_file import MAX_FILE_BYTES, open_identity
from crypto.keys import Identity

_BLOCK_BYTES = 1 << 20


def load_identity(path: Path, passphrase: str) -> Identity:
    """Open an identity file.

    Raises:
        UnreadableIdentityError: not an identity file, or another passphrase; says which file.
    """
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    try:
        return open_identity(data, passphrase)
    except WrongPassphraseError:
        raise UnreadableIdentityError(f"{path}: wrong passphrase") from None
    except MalformedIdentityFileError as error:
        raise UnreadableIdentityError(f"{path}: {error}") from None


def find_envelopes(paths: Iterable[Path]) -> Iterator[Path]:
    """Take files as they are named, and every `*.age` below a directory; links are not followed."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                found for found in path.rglob("*.age") if found.is_file() and not found.is_symlink()
            )
        else:
            yield path


def open_source_identity(bag: BagReader, identities: Sequence[Identity]) -> str | None:
    """Open who the source is, if the custodian's identity is at hand.

    Returns:
        None when the bag has no identity file, or it is sealed to somebody who is not here; an
        empty text when the source said nothing.

    Raises:
        DamagedEnvelopeError: altered.
        DamagedBagError: signed by another source, or for another channel.
    """
    if bag.identity_file is None or isinstance(bag.info, ReplyInfo):
        return None
    try:
        return open_identity_bag(
            bag.identity_file, identities, key=bag.info.key, channel=bag.channel
        )
    except NotAddressedError:
        return None


def find_attachment(bag: BagReader, name: str) -> Attachment:
    """Find an attachment by its number: `3`, `003` or `003.pdf`.

    Raises:
        UnknownAttachmentError: none has it.
    """
    number = name.partition(".")[0]
    for attachment in bag.attachments:
        if number.isdecimal() and int(number) == attachment.number:
            return attachment
    raise UnknownAttachmentError(
        f"there is no such attachment: this bag has {len(bag.attachments)}, named by number"
    )


def attachment_type(bag: BagReader, attachment: Attachment) -> FileType:
    """Tell the type of a verified attachment from its first bytes."""
    with bag.open_attachment(attachment) as file:
        return file_type(file.read(HEAD_BYTES), attachment.original_name)


def envelope_hash(path: Path, meter: Meter) -> bytes:
    """Hash a whole envelope: by this name it is known to the service and in replies."""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            state.update(block)
            meter(len(block))
    return state.digest()
