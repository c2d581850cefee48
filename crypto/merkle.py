"""Merkle trees as logs use them, built from left to right and never held whole.

    leaf = SHA-256(0x00 || entry)
    node = SHA-256(0x01 || left || right)

A tree of n leaves is cut into perfect subtrees, one for each bit of n that is set, the largest
first. Their roots, its *peaks*, are all that is needed to add leaves and to know the tree's root.

Source: RFC 6962, section 2.1.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from crypto.errors import MalformedLogError

HASH_BYTES = 32
MAX_SIZE = (1 << 53) - 1  # what JavaScript counts exactly
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry to a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees to the one above them."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Tree:
    """What is needed of a tree to go on with it.

    Attributes:
        size: number of leaves.
        peaks: roots of its perfect subtrees, the largest first; as many as `size` has bits set.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.peaks) != self.size.bit_count():
            raise MalformedLogError("a tree has not the peaks that its size asks for")
        if any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise MalformedLogError("a peak of a tree has another length")

    @property
    def root(self) -> bytes:
        """The hash of the whole tree."""
        if not self.peaks:
            return EMPTY_ROOT
        return reduce(lambda right, left: node_hash(left, right), reversed(self.peaks))

    def grow(self, entries: Iterable[bytes]) -> "Tree":
        """Add entries at the right."""
        size, peaks = self.size, list(self.peaks)
        for entry in entries:
            peak = leaf_hash(entry)
            for _ in range(_trailing_ones(size)):
                peak = node_hash(peaks.pop(), peak)
            peaks.append(peak)
            size += 1
        return Tree(size, tuple(peaks))


EMPTY_TREE = Tree()


def prove_inclusion(before: Tree, entries: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Prove that an entry stands in the tree that `before` becomes with these entries.

    The peaks of `before` and the entries after it are enough: what stands to the left of `index`
    hangs together from them.

    Args:
        before: the tree without the entries.
        entries: all that were added.
        index: of the entry in the whole tree, one of those that were added.

    Returns:
        The audit path: from the leaf's sibling up to a child of the root.

    Raises:
        ValueError: the index is not that of an added entry.
    """
    if not before.size <= index < before.size + len(entries):
        raise ValueError("the index is not that of an added entry")
    peaks = dict(_places(before))
    leaves = [leaf_hash(entry) for entry in entries]
    path: list[bytes] = []
    start, end = 0, before.size + len(entries)
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(peaks, leaves, before.size, middle, end))
            end = middle
        else:
            path.append(_subtree(peaks, leaves, before.size, start, middle))
            start = middle
    return tuple(reversed(path))


def root_of_path(entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root of the tree in which an audit path puts an entry.

    Raises:
        MalformedLogError: no tree of this size has such a path at this index.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise MalformedLogError("the tree has no such index")
    found, left = leaf_hash(entry), list(reversed(path))
    last = size - 1
    while last:
        if index & 1 or index < last:  # otherwise the node is carried up as it is
            if not left:
                raise MalformedLogError("the proof is too short")
            sibling = left.pop()
            found = node_hash(sibling, found) if index & 1 else node_hash(found, sibling)
        index, last = index >> 1, last >> 1
    if left:
        raise MalformedLogError("the proof is too long")
    return found


def _subtree(
    peaks: dict[tuple[int, int], bytes], leaves: Sequence[bytes], known: int, start: int, end: int
) -> bytes:
    """Return the hash of the leaves from `start` to `end`, of which `known` are in the peaks."""
    if (start, end) in peaks:
        return peaks[start, end]
    if end - start == 1:
        return leaves[start - known]
    middle = start + _split(end - start)
    return node_hash(
        _subtree(peaks, leaves, known, start, middle), _subtree(peaks, leaves, known, middle, end)
    )


def _places(tree: Tree) -> Iterable[tuple[tuple[int, int], bytes]]:
    """Say from which leaf to which each peak reaches."""
    start = 0
    for peak in tree.peaks:
        end = start + (1 << ((tree.size - start).bit_length() - 1))
        yield (start, end), peak
        start = end


def _split(leaves: int) -> int:
    """Return how many leaves stand in the left subtree: the largest power of two below."""
    return 1 << ((leaves - 1).bit_length() - 1)


def _trailing_ones(number: int) -> int:
    return (number ^ (number + 1)).bit_length() - 1
