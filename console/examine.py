"""One opened bag, with every check that was asked for, before anything of it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console.extract import Extracted, extract
from console.filetype import FileType
from console.opening import attachment_type, find_attachment, open_source_identity
from console.progress import Meter, byte_meter
from crypto.attachments import Attachment
from crypto.bag_info import BagKind
from crypto.bag_reader import BagReader
from crypto.errors import BagError, EnvelopeError
from crypto.keys import Identity
from crypto.roster import Reviewer


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
class Known:
    """What is known of a bag before it is examined.

    Attributes:
        problems: what failed already, in words.
        signer: whose it is, if it is a reviewer's or the custodian's.
    """

    problems: tuple[str, ...] = ()
    signer: Reviewer | None = None


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
        signer: whose it is, if it is a reviewer's or the custodian's.
        identity: who the source is, if the custodian's identity is at hand; never of a request,
            which the custodian decides about first.
        items: the attachments that were read.
        problems: what failed, in words.
        whole: everything was checked, not single attachments alone.
        single: only chosen attachments were read.
        extracted: what was written out.
    """

    bag: BagReader
    signer: Reviewer | None
    identity: str | None
    items: tuple[Item, ...]
    problems: tuple[str, ...]
    whole: bool
    single: bool
    extracted: Extracted | None


def examine(
    bag: BagReader, identities: Sequence[Identity], choice: Choice, known: Known = Known()
) -> Examined:
    """Check a bag, or the chosen attachments of it, and write out what holds if that is wanted.

    Nothing is written before everything has been checked: where it goes depends on that.

    Args:
        bag: the bag.
        identities: may open who the source is.
        choice: what to do.
        known: what is known already.

    Raises:
        DamagedBagError: its envelope was altered between the check and the writing.
        UnknownAttachmentError: a chosen one is not there.
        OutputError: it cannot be written there.
    """
    chosen = [find_attachment(bag, name) for name in choice.attachments]
    problems = [*known.problems]
    identity = _identity(bag, identities, problems)
    items = _check(bag, chosen or bag.attachments)
    problems += [f"attachment {i.attachment.stored_name}: {i.problem}" for i in items if i.problem]
    whole = not chosen and not problems and _rest_holds(bag, problems)
    extracted = None
    if choice.extract is not None:
        sound = [item.attachment for item in items if not item.problem]
        extracted = extract(choice.extract, bag, sound, texts=not chosen, intact=not problems)
    return Examined(
        bag, known.signer, identity, items, tuple(problems), whole, bool(chosen), extracted
    )


def _identity(bag: BagReader, identities: Sequence[Identity], problems: list[str]) -> str | None:
    try:
        identity = open_source_identity(bag, identities)
    except (BagError, EnvelopeError) as error:
        problems.append(f"identity.age: {error}")
        return None
    return None if bag.kind is BagKind.REQUEST else identity


def _check(bag: BagReader, attachments: Sequence[Attachment]) -> tuple[Item, ...]:
    with byte_meter("Checking", sum(attachment.size for attachment in attachments)) as meter:
        return tuple(_check_one(bag, attachment, meter) for attachment in attachments)


def _check_one(bag: BagReader, attachment: Attachment, meter: Meter) -> Item:
    try:
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
