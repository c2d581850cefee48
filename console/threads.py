"""Threads, and the number that each reply in them gets.

A thread is the triple (Source-Key, Source-Mailbox, Source-Recipient) of its first bag. A later bag
that shares one of the three but not all would turn a source's answers elsewhere: it is forged.

The book of numbers lies beside the identity file, sealed to that identity alone, since whom a
reviewer answers is as secret as what: `reviewer-a.age` has `reviewer-a.threads.age`.

    {"version": 1, "threads": [{"key": "RW…", "mailbox": "<64 hex>", "recipient": "age1pq1…",
                                "replies": 3}]}
"""

import fcntl
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from console.errors import ForgedThreadError, ThreadBookError
from console.files import replaced_file_at
from crypto.bag_info import SourceInfo
from crypto.envelope import EnvelopeWriter, open_envelope
from crypto.errors import CandorError, KeyFormatError
from crypto.keys import Identity, Recipient
from crypto.minisign import VerifyKey

_VERSION = 1
_MAX_BOOK_BYTES = 256 << 20  # about a hundred thousand sources


@dataclass(frozen=True, slots=True)
class Thread:
    """One source, and how many replies this reviewer has written to them."""

    source: SourceInfo
    replies: int = 0

    def shares_a_mark(self, other: SourceInfo) -> bool:
        """Tell whether one of the three is the same."""
        mine = self.source
        return (
            mine.key == other.key
            or mine.mailbox == other.mailbox
            or mine.recipient == other.recipient
        )


@dataclass(frozen=True, slots=True)
class ThreadBook:
    """Every thread that was answered, or met in this run."""

    threads: tuple[Thread, ...] = ()

    def find(self, source: SourceInfo) -> Thread:
        """Find the thread of a bag; a new one begins with it.

        Raises:
            ForgedThreadError: shares one mark of a known thread, and not all three.
        """
        for thread in self.threads:
            if thread.shares_a_mark(source):
                if thread.source != source:
                    raise ForgedThreadError(
                        "forged: it names a key, mailbox or recipient of another source's thread"
                    )
                return thread
        return Thread(source)

    def with_thread(self, thread: Thread) -> Self:
        """Put a thread in the place of its earlier state."""
        others = tuple(known for known in self.threads if known.source != thread.source)
        return replace(self, threads=(*others, thread))


def book_path(identity_path: Path) -> Path:
    """Name the book that belongs to an identity file."""
    return identity_path.with_name(f"{identity_path.stem}.threads.age")


def read_book(path: Path, identity: Identity) -> ThreadBook:
    """Read a book; there is an empty one before the first reply.

    Raises:
        ThreadBookError: damaged, or sealed to another identity.
    """
    try:
        with path.open("rb") as file:
            data = open_envelope(file, [identity]).read(_MAX_BOOK_BYTES)
    except FileNotFoundError:
        return ThreadBook()
    except CandorError as error:
        raise ThreadBookError(
            f"the record of reply numbers {path} cannot be read ({error}): restore it from a"
            " copy, so that no number is given twice"
        ) from None
    return parse_book(data)


def read_books(identities: Iterable[tuple[Path, Identity]]) -> ThreadBook:
    """Read the books of several identities as one, to find threads in; it is nobody's to write.

    Raises:
        ThreadBookError: one of them is damaged, or sealed to another identity.
    """
    books = [read_book(book_path(path), identity) for path, identity in identities]
    return ThreadBook(tuple({t.source: t for book in books for t in book.threads}.values()))


def write_book(path: Path, book: ThreadBook, identity: Identity) -> None:
    """Replace the book in one durable step."""
    with replaced_file_at(path) as file:
        envelope = EnvelopeWriter(file, [identity.recipient], slots=1)
        envelope.write(serialize_book(book))
        envelope.close()


def serialize_book(book: ThreadBook) -> bytes:
    """Write the book as JSON."""
    threads = [
        {
            "key": thread.source.key.serialize(),
            "mailbox": thread.source.mailbox.hex(),
            "recipient": thread.source.recipient.serialize(),
            "replies": thread.replies,
        }
        for thread in book.threads
    ]
    return json.dumps({"version": _VERSION, "threads": threads}).encode()


def parse_book(data: bytes) -> ThreadBook:
    """Read the book's JSON.

    Raises:
        ThreadBookError: not as `serialize_book` writes it.
    """
    try:
        found = json.loads(data)
        if found["version"] != _VERSION:
            raise ThreadBookError(
                "the record of reply numbers is of a newer Candor: update this one"
            )
        return ThreadBook(tuple(map(_parse_thread, found["threads"])))
    except (ValueError, KeyError, TypeError, KeyFormatError):
        raise ThreadBookError("the record of reply numbers is not one") from None


def _parse_thread(entry: dict[str, str | int]) -> Thread:
    source = SourceInfo(
        mailbox=bytes.fromhex(str(entry["mailbox"])),
        recipient=Recipient.parse(str(entry["recipient"])),
        key=VerifyKey.parse(str(entry["key"])),
    )
    return Thread(source, int(entry["replies"]))


@contextmanager
def one_writer(identity_path: Path) -> Iterator[None]:
    """Let one command at a time give out numbers of one identity."""
    with identity_path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
