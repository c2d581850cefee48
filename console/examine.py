"""One opened bag, with every check that was asked for, before anything of it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console.extract import bag_directory, extract_attachment, extract_texts
from console.filetype import FileType
from console.opening import attachment_type, find_attachment, open_source_identity
from console.progress import Meter, byte_meter
from crypto.attachments import Attachment
from crypto.bag_reader import BagReader
from crypto.errors import BagError, EnvelopeError
from crypto.keys import Identity


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do with bags.

    Attributes:
        extract: where to write them out, or None.
        attachments: the only ones to read; empty for everything.
    """

    extract: Path | None = None
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One attachment, verified or refused."""

    attachment: Attachment
    type: FileType | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """A bag after its checks.

    Attributes:
        identity: who the source is, if the custodian's identity is at hand.
        items: the attachments that were read.
        problems: what failed, in words.
        whole: everything was checked, not single attachments alone.
        single: only chosen attachments were read.
        directory: where it was written out.
    """

    bag: BagReader
    identity: str | None
    items: tuple[Item, ...]
    problems: tuple[str, ...]
    whole: bool
    single: bool
    directory: Path | None


def examine(bag: BagReader, identities: Sequence[Identity], choice: Choice) -> Examined:
    """Check a bag, or the chosen attachments of it, and write them out if that is wanted.

    Raises:
        UnknownAttachmentError: a chosen one is not there.
        OutputError: it cannot be written there.
    """
    chosen = [find_attachment(bag, name) for name in choice.attachments]
    problems: list[str] = []
    identity = _identity(bag, identities, problems)
    if choice.extract is None:
        items, directory = _read(bag, chosen, None, "Checking"), None
    else:
        with bag_directory(choice.extract, bag) as (directory, descriptor):
            if not chosen:
                extract_texts(descriptor, bag)
            items = _read(bag, chosen, descriptor, "Extracting")
    problems += [f"attachment {i.attachment.stored_name}: {i.problem}" for i in items if i.problem]
    whole = not chosen and not problems and _rest_holds(bag, problems)
    return Examined(bag, identity, items, tuple(problems), whole, bool(chosen), directory)


def _identity(bag: BagReader, identities: Sequence[Identity], problems: list[str]) -> str | None:
    try:
        return open_source_identity(bag, identities)
    except (BagError, EnvelopeError) as error:
        problems.append(f"identity.age: {error}")
        return None


def _read(
    bag: BagReader, chosen: Sequence[Attachment], directory: int | None, doing: str
) -> tuple[Item, ...]:
    wanted = chosen or bag.attachments
    total = sum(attachment.size for attachment in wanted)
    with byte_meter(doing, total) as meter:
        return tuple(_read_one(bag, attachment, directory, meter) for attachment in wanted)


def _read_one(bag: BagReader, attachment: Attachment, directory: int | None, meter: Meter) -> Item:
    try:
        if directory is not None:
            extract_attachment(directory, bag, attachment, meter)
        else:
            bag.open_attachment(attachment, meter).close()
        return Item(attachment, attachment_type(bag, attachment))
    except (BagError, EnvelopeError) as error:
        return Item(attachment, None, str(error))


def _rest_holds(bag: BagReader, problems: list[str]) -> bool:
    """Check what is neither text nor attachment."""
    try:
        bag.verify()
    except (BagError, EnvelopeError) as error:
        problems.append(str(error))
    return not problems
