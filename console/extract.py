"""Write a bag's files out, each verified before it has its name.

DIR/                     made with mode 0700 if it is missing
DIR/<bag>/               mode 0700; the first 32 hex digits of the bag's hash
DIR/<bag>-damaged/       the same for a bag that is damaged or forged in part
DIR/<bag>/report.txt     mode 0600, like every file
DIR/<bag>/report.json    and, in a bag that has them, attachments.json and identity.age
DIR/<bag>/001.pdf        attachments under their number: a source's own names are data, no paths

A file that is there already with the same content is left alone, so that a directory that grows can
be extracted again; any other is never overwritten. A damaged copy has the hash of the intact bag
and may come first: in a directory of its own it cannot stand in its way, or be taken for it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.progress import Meter, byte_meter
from crypto.attachments import Attachment
from crypto.bag_reader import BagReader
from disk.files import is_there, new_file, private_directory, private_subdirectory

# 128 bits: with fewer, a source could find two bags of their own that have the same name
_NAME_DIGITS = 32
_DAMAGED = "-damaged"


@dataclass(frozen=True, slots=True)
class Extracted:
    """What came of it.

    Attributes:
        written: the names of the new files.
        left: the names of those that were there already, with the same content.
    """

    directory: Path
    written: tuple[str, ...]
    left: tuple[str, ...]


def bag_name(bag: BagReader) -> str:
    """Give a bag a name that no other bag has."""
    return bag.hash.hex()[:_NAME_DIGITS]


def extract(
    parent: Path, bag: BagReader, attachments: Sequence[Attachment], *, texts: bool, intact: bool
) -> Extracted:
    """Write out attachments of a bag, and everything else of it if `texts`.

    Raises:
        DamagedBagError: an attachment is not what was signed; it never gets its name.
        OutputError: somebody else could write there, or something else has a name.
    """
    name = bag_name(bag) + ("" if intact else _DAMAGED)
    is_new: dict[str, bool] = {}
    with _bag_directory(parent, name) as directory:
        for text, data in bag.read_texts().items() if texts else ():
            is_new[text] = _write_text(directory, text, data)
        with byte_meter("Extracting", sum(attachment.size for attachment in attachments)) as meter:
            for attachment in attachments:
                new = _write_attachment(directory, bag, attachment, meter)
                is_new[attachment.stored_name] = new
    written = tuple(name for name, new in is_new.items() if new)
    left = tuple(name for name, new in is_new.items() if not new)
    return Extracted(parent / name, written, left)


@contextmanager
def _bag_directory(parent: Path, name: str) -> Iterator[int]:
    with (
        private_directory(parent) as outer,
        private_subdirectory(outer, name) as directory,
    ):
        yield directory


def _write_text(directory: int, name: str, data: bytes) -> bool:
    if is_there(directory, name, len(data), hashlib.sha256(data).digest()):
        return False
    with new_file(directory, name) as file:
        file.write(data)
    return True


def _write_attachment(directory: int, bag: BagReader, attachment: Attachment, meter: Meter) -> bool:
    if is_there(directory, attachment.stored_name, attachment.size, attachment.sha256):
        meter(attachment.size)
        return False
    with new_file(directory, attachment.stored_name) as out:
        bag.copy_attachment(attachment, out, meter)
    return True
