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
from dataclasses import dataclass
from pathlib import Path

from console.errors import ForgedThreadError, ThreadBookError
from crypto.bag_info import SourceInfo
from crypto.envelope import EnvelopeWriter, open_envelope
from crypto.errors import CandorError, KeyFormatError
from crypto.keys import Identity, Recipient
from crypto.minisign import VerifyKey
from disk.files import replaced_file_at

_VERSION = 1
_MAX_BOOK_BYTES = 256 << 20  # about a hundred thousand sources

_Mark = VerifyKey | bytes | Recipient


@dataclass(frozen=True, slots=True)
class Thread:
    """One source, and how many replies this reviewer has written to them."""

    source: SourceInfo
    replies: int = 0


class ThreadBook:
    """Every thread that was answered, or met in this run, to be found by any of its marks."""

    def __init__(self, threads: Iterable[Thread] = ()) -> None:
        self._threads: dict[SourceInfo, Thread] = {}
        self._owners: dict[_Mark, SourceInfo] = {}
        for thread in threads:
            self.put(thread)

    def __iter__(self) -> Iterator[Thread]:
        return iter(self._threads.values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ThreadBook) and self._threads == other._threads

    __hash__ = None  # type: ignore[assignment]  # it changes

    def find(self, source: SourceInfo) -> Thread:
        """Find the thread of a bag; a new one begins with it.

        Raises:
            ForgedThreadError: shares one mark of a known thread, and not all three.
        """
        if any(self._owners.get(mark, source) != source for mark in _marks(source)):
            raise ForgedThreadError(
                "forged: it names a key, mailbox or recipient of another source's thread"
            )
        return self._threads.get(source, Thread(source))

    def put(self, thread: Thread) -> None:
        """Take a thread in, or in the place of its earlier state."""
        self._threads[thread.source] = thread
        for mark in _marks(thread.source):
            # where a book holds two threads with one mark, it is the first one's
            self._owners.setdefault(mark, thread.source)


def _marks(source: SourceInfo) -> tuple[_Mark, ...]:
    return source.key, source.mailbox, source.recipient


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
    return ThreadBook(thread for book in books for thread in book)


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
        for thread in book
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
        return ThreadBook(map(_parse_thread, found["threads"]))
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
