"""One day of a log: its leaves, and everything that is needed to check and to prove them.

A day's file is one JSON object, its keys sorted, indented by two spaces, LF, with a line end at its
end, and the bytes are the only way to write what they say:

    {
      "day": "2026-11-23",
      "head": "…",                  the head after this day, as `crypto.checkpoint` writes it
      "leaves": ["<64 hex>", …],    the envelope hashes of the day, in the order of the log
      "peaks_before": ["…", …],     of the tree without them, the largest first
      "size_before": 12
    }

A day without envelopes has a file, too. Whoever holds the file of one day can add the next to it,
and prove a leaf of it, without any other.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from crypto.checkpoint import MAX_HEAD_BYTES, Head
from crypto.errors import (
    DamagedBagError,
    ForkedLogError,
    MalformedLogError,
    ShrunkLogError,
    UnlinkedDayError,
)
from crypto.merkle import EMPTY_TREE, HASH_BYTES, Tree
from crypto.minisign import VerifyKey
from crypto.strict_json import parse_json

MAX_DAY_LEAVES = 1 << 20
MAX_DAY_BYTES = 96 << 20  # so many leaves, each on its line
# its leaves and peaks, its five keys, and whatever the names in its head have of commas
MAX_DAY_VALUES = MAX_DAY_LEAVES + MAX_HEAD_BYTES + 1024
_HASH = re.compile(r"[0-9a-f]{64}")
_KEYS = frozenset({"day", "head", "leaves", "peaks_before", "size_before"})


@dataclass(frozen=True, slots=True)
class LogDay:
    """One day of a log, consistent in itself: its head is that of the tree with its leaves.

    Attributes:
        day: UTC; every leaf is an envelope that arrived by its end.
        before: the tree without this day.
        leaves: envelope hashes (32 bytes each); as entries of the tree they are hashed again.
        head: after this day; whose signatures it bears is not checked here.
    """

    day: date
    before: Tree
    leaves: tuple[bytes, ...]
    head: Head

    def __post_init__(self) -> None:
        if len(self.leaves) > MAX_DAY_LEAVES:
            raise MalformedLogError(f"a day of the log has more than {MAX_DAY_LEAVES} leaves")
        if any(len(leaf) != HASH_BYTES for leaf in self.leaves):
            raise MalformedLogError("a leaf of the log has another length")
        if len(set(self.leaves)) != len(self.leaves):
            raise MalformedLogError("a day of the log has a leaf twice")
        after = self.after
        if (after.size, after.root) != (self.head.size, self.head.root):
            raise MalformedLogError("a day's head is not that of its leaves")

    @property
    def after(self) -> Tree:
        """The tree with this day."""
        return self.before.grow(self.leaves)

    def with_head(self, head: Head) -> "LogDay":
        """Return the same day with other signatures."""
        return replace(self, head=head)


@dataclass(frozen=True, slots=True)
class Followed:
    """What a reader has seen of one log: how far, and which tree that was.

    Attributes:
        origin: which log.
        tree: the tree at the end of `day`.
        day: the last day that was seen; None before the first.
    """

    origin: str
    tree: Tree = EMPTY_TREE
    day: date | None = None

    @classmethod
    def at(cls, day: LogDay) -> "Followed":
        """Begin at the end of a day that is trusted for another reason: a witness's, perhaps."""
        return cls(day.head.origin, day.after, day.day)

    def follow(self, day: LogDay, log_keys: Sequence[VerifyKey]) -> "Followed":
        """Take the next day.

        Raises:
            UnsignedHeadError: no log key signed its head.
            ForkedLogError: it is of another log, or does not continue the tree that was seen.
            ShrunkLogError: the tree that it continues is smaller than the one that was seen.
            UnlinkedDayError: it is not the day after the last one.
        """
        day.head.require_signed(log_keys)
        if day.head.origin != self.origin:
            raise ForkedLogError("the day is of another log")
        if self.day is not None and day.day != self.day + timedelta(days=1):
            raise UnlinkedDayError(f"after {self.day} comes {day.day}: days between are missing")
        if day.before.size < self.tree.size:
            raise ShrunkLogError(
                f"the log had {self.tree.size} leaves and has {day.before.size} before {day.day}"
            )
        if day.before != self.tree:
            raise ForkedLogError(f"{day.day} does not continue the log that was seen")
        return Followed(self.origin, day.after, day.day)


def serialize_day(day: LogDay) -> bytes:
    """Write a day's file."""
    return f"{json.dumps(day_object(day), ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()


def parse_day(data: bytes) -> LogDay:
    """Read a day's file.

    Raises:
        MalformedLogError: not one, or its head is not that of its leaves.
    """
    if len(data) > MAX_DAY_BYTES:
        raise MalformedLogError(f"a day's file has more than {MAX_DAY_BYTES} bytes")
    try:
        day = read_day_object(parse_json(data, "a day's file", max_values=MAX_DAY_VALUES))
    except DamagedBagError as error:
        raise MalformedLogError(str(error)) from None
    if serialize_day(day) != data:
        raise MalformedLogError("a day's file is not written in the one way that is read")
    return day


def day_object(day: LogDay) -> dict[str, object]:
    """Return what a day's file says, for a document that holds several."""
    return {
        "day": day.day.isoformat(),
        "head": day.head.serialize(),
        "leaves": [leaf.hex() for leaf in day.leaves],
        "peaks_before": [peak.hex() for peak in day.before.peaks],
        "size_before": day.before.size,
    }


def read_day_object(content: object) -> LogDay:
    """Read what a day's file says.

    Raises:
        MalformedLogError: something else, or its head is not that of its leaves.
    """
    match content:
        case dict() as keys if keys.keys() != _KEYS:
            raise MalformedLogError("a day of a log has other keys")
        case {
            "day": str(day),
            "head": str(head),
            "leaves": list(leaves),
            "peaks_before": list(peaks),
            "size_before": int(size),
        } if not isinstance(size, bool):
            before = Tree(size, tuple(map(_hash, peaks)))
            return LogDay(_day(day), before, tuple(map(_hash, leaves)), Head.parse(head))
        case _:
            raise MalformedLogError("not a day of a log")


def _hash(value: object) -> bytes:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise MalformedLogError("a hash is not 64 digits of lower-case hex")
    return bytes.fromhex(value)


def _day(value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise MalformedLogError("a day is not YYYY-MM-DD") from None
    if day.isoformat() != value:
        raise MalformedLogError("a day is not YYYY-MM-DD")
    return day
