"""Write a bag's files out, each verified before it has its name.

DIR/                     made with mode 0700 if it is missing
DIR/<bag>/               mode 0700; the first 16 hex digits of the bag's hash
DIR/<bag>/report.txt     mode 0600, like every file
DIR/<bag>/report.json    and, in a bag that has them, attachments.json and identity.age
DIR/<bag>/001.pdf        attachments under their number: a source's own names are data, no paths
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.files import new_file, private_directory, private_subdirectory
from console.progress import Meter
from crypto.attachments import Attachment
from crypto.bag_reader import BagReader


@contextmanager
def bag_directory(parent: Path, bag: BagReader) -> Iterator[tuple[Path, int]]:
    """Make the directory of a bag, or take it again.

    Raises:
        OutputError: somebody else could write there, or something else has the name.
    """
    name = bag.hash.hex()[:16]
    with (
        private_directory(parent) as outer,
        private_subdirectory(outer, name) as directory,
    ):
        yield parent / name, directory


def extract_texts(directory: int, bag: BagReader) -> None:
    """Write everything but the attachments; opening the bag has verified it.

    Raises:
        OutputError: a name is taken.
    """
    for name, data in bag.read_texts().items():
        with new_file(directory, name) as file:
            file.write(data)


def extract_attachment(
    directory: int, bag: BagReader, attachment: Attachment, meter: Meter
) -> None:
    """Write one attachment in one pass; a damaged one never gets its name.

    Raises:
        DamagedBagError: it is not what was signed.
        OutputError: the name is taken.
    """
    with new_file(directory, attachment.stored_name) as out:
        bag.copy_attachment(attachment, out, meter)
