"""Merkle trees against implementations and vectors that nobody here made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from crypto.errors import MalformedLogError
from crypto.merkle import (
    EMPTY_ROOT,
    EMPTY_TREE,
    MAX_SIZE,
    Tree,
    leaf_hash,
    prove_inclusion,
    root_of_path,
)

# The entries and roots that implementations of Certificate Transparency test themselves with.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
entries = st.lists(st.binary(max_size=40), max_size=70)


def theirs(added: list[bytes]) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for entry in added:
        tree.append_entry(entry)
    return tree


def test_the_roots_are_those_of_certificate_transparency() -> None:
    for size, root in enumerate(ROOTS):
        assert EMPTY_TREE.grow(ENTRIES[:size]).root.hex() == root


def test_the_path_of_certificate_transparencys_first_entry() -> None:
    assert [part.hex() for part in prove_inclusion(EMPTY_TREE, ENTRIES, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert EMPTY_TREE.root == EMPTY_ROOT
    assert EMPTY_TREE.grow([]) == EMPTY_TREE


@given(added=entries)
def test_pymerkle_comes_to_the_same_root(added: list[bytes]) -> None:
    tree = theirs(added)
    if added:  # for nothing at all it has an error instead of a hash in some of its versions
        assert EMPTY_TREE.grow(added).root == tree.get_root()


@given(before=entries, added=entries)
def test_growing_twice_is_growing_once(before: list[bytes], added: list[bytes]) -> None:
    grown = EMPTY_TREE.grow(before).grow(added)
    assert grown == EMPTY_TREE.grow([*before, *added])
    assert len(grown.peaks) == grown.size.bit_count()


@given(before=entries, added=entries.filter(bool), data=st.data())
def test_a_path_is_pymerkles_whatever_of_the_tree_is_known(before, added, data) -> None:
    index = data.draw(st.integers(len(before), len(before) + len(added) - 1))
    tree = theirs([*before, *added])
    path = prove_inclusion(EMPTY_TREE.grow(before), added, index)
    # its indices begin at 1, and its paths with the leaf
    proof = tree.prove_inclusion(index + 1, tree.get_size()).serialize()
    assert [part.hex() for part in path] == proof["path"][1:]
    assert root_of_path(added[index - len(before)], index, tree.get_size(), path) == tree.get_root()


@given(added=st.lists(st.binary(max_size=8), min_size=1, max_size=40, unique=True), data=st.data())
def test_another_place_size_entry_or_path_leads_to_another_root(added, data) -> None:
    size, index = len(added), data.draw(st.integers(0, len(added) - 1))
    path, root = prove_inclusion(EMPTY_TREE, added, index), EMPTY_TREE.grow(added).root
    other_index, other_size = data.draw(st.integers(0, 60)), data.draw(st.integers(0, 60))
    assert lead_to(added[index] + b"!", index, size, path) != root
    if other_index != index and other_index < size:
        assert lead_to(added[index], other_index, size, path) != root
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = bytearray(path[place])
        flipped[bit // 8] ^= 1 << bit % 8
        changed = (*path[:place], bytes(flipped), *path[place + 1 :])
        assert lead_to(added[index], index, size, changed) != root
        assert lead_to(added[index], index, size, path[:-1]) is None
    assert lead_to(added[index], index, size, (*path, bytes(32))) is None
    if other_size <= index:
        assert lead_to(added[index], index, other_size, path) is None


def lead_to(entry: bytes, index: int, size: int, path: tuple[bytes, ...]) -> bytes | None:
    try:
        return root_of_path(entry, index, size, path)
    except MalformedLogError:
        return None


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0), (0, -1), (0, MAX_SIZE + 1)])
def test_an_index_that_no_tree_has_is_refused(index: int, size: int) -> None:
    with pytest.raises(MalformedLogError):
        root_of_path(b"", index, size, ())


@pytest.mark.parametrize("index", [-1, 0, 2, 5])
def test_only_an_entry_that_was_added_can_be_proved(index: int) -> None:
    with pytest.raises(ValueError, match="not that of an added entry"):
        prove_inclusion(EMPTY_TREE.grow(ENTRIES[:3]), ENTRIES[3:5], index)


@pytest.mark.parametrize(
    ("size", "peaks"),
    [(-1, ()), (0, (bytes(32),)), (1, ()), (3, (bytes(32),)), (4, (bytes(32),) * 2), (1, (b"",))],
)
def test_peaks_that_the_size_does_not_ask_for_are_refused(size, peaks) -> None:
    with pytest.raises(MalformedLogError):
        Tree(size, peaks)


def test_a_leaf_is_no_node() -> None:
    """Else an inner node could be passed off as an entry."""
    tree = EMPTY_TREE.grow(ENTRIES[:2])
    both = leaf_hash(ENTRIES[0]) + leaf_hash(ENTRIES[1])
    assert EMPTY_TREE.grow([both]).root != tree.root
