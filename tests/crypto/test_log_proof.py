"""Receipts: made from a day's file alone, and good for one envelope at one place of one log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.checkpoint import MAX_HEAD_BYTES, Head
from crypto.errors import ForkedLogError, MalformedLogError, UnsignedHeadError
from crypto.log_day import LogDay
from crypto.log_proof import LogProof, prove
from crypto.merkle import EMPTY_TREE, MAX_SIZE
from tests.crypto.log_example import DAYS, LOG_KEY, ORIGIN, OTHER, WITNESSES, envelope_hash

KEYS = [LOG_KEY.verify_key]
ENVELOPE = DAYS[2].leaves[1]
PROOF = prove(DAYS[2], ENVELOPE)
TEXT = PROOF.serialize()

proofs = st.builds(
    LogProof,
    st.integers(0, MAX_SIZE),
    st.lists(st.binary(min_size=32, max_size=32), max_size=60).map(tuple),
    st.just(DAYS[0].head),
)


@given(proof=proofs)
def test_what_is_written_is_read(proof: LogProof) -> None:
    assert LogProof.parse(proof.serialize()) == proof


def test_the_layout_is_a_tlog_proof() -> None:
    lines = TEXT.split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 6"]
    assert lines[2 + len(PROOF.path)] == ""
    assert TEXT.endswith(f"\n\n{DAYS[2].head.serialize()}")


@given(
    before=st.integers(0, 40),
    count=st.integers(1, 20),
    data=st.data(),
)
def test_every_envelope_of_a_day_is_proved_from_its_file_alone(before, count, data) -> None:
    tree = EMPTY_TREE.grow(envelope_hash(number) for number in range(before))
    leaves = tuple(envelope_hash(before + number) for number in range(count))
    after = tree.grow(leaves)
    day = LogDay(DAYS[0].day, tree, leaves, Head(ORIGIN, after.size, after.root).sign(LOG_KEY))
    place = data.draw(st.integers(0, count - 1))
    proof = LogProof.parse(prove(day, leaves[place]).serialize())
    assert proof.index == before + place
    proof.verify(leaves[place], KEYS)
    with pytest.raises(ForkedLogError):
        proof.verify(envelope_hash(before + count), KEYS)


def test_a_receipt_is_not_for_another_envelope_key_or_head() -> None:
    PROOF.verify(ENVELOPE, KEYS)
    assert PROOF.head.witnesses(WITNESSES)
    for other in (*DAYS[0].leaves, DAYS[2].leaves[0], DAYS[2].leaves[2], bytes(32), b""):
        with pytest.raises(ForkedLogError):
            PROOF.verify(other, KEYS)
    with pytest.raises(UnsignedHeadError):
        PROOF.verify(ENVELOPE, [OTHER.verify_key])
    with pytest.raises((ForkedLogError, MalformedLogError)):
        LogProof(PROOF.index, PROOF.path, DAYS[0].head).verify(ENVELOPE, KEYS)


def test_an_envelope_that_the_day_does_not_have_is_not_proved() -> None:
    with pytest.raises(ValueError, match=r"not in tuple|tuple\.index"):
        prove(DAYS[2], DAYS[0].leaves[0])


@given(place=st.integers(0, len(TEXT.encode()) * 8 - 1))
def test_a_flipped_bit_is_refused(place: int) -> None:
    changed = bytearray(TEXT.encode())
    changed[place // 8] ^= 1 << place % 8
    try:
        proof = LogProof.parse(changed.decode())
        proof.verify(ENVELOPE, KEYS)
        witnessed = proof.head.witnesses(WITNESSES)
    except (MalformedLogError, UnsignedHeadError, ForkedLogError, UnicodeDecodeError):
        return
    # the name or key id of the witness has changed: nobody who is known, and nothing else
    assert witnessed == {}
    assert (proof.index, proof.path, proof.head.body) == (PROOF.index, PROOF.path, PROOF.head.body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT + "\n",
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("@v1", "@v2"),
        TEXT.replace("@v1\n", "@v1\nextra AAAA\n"),
        TEXT.replace("index 6", "index 06"),
        TEXT.replace("index 6", "index -6"),
        TEXT.replace("index 6", "index 6 "),
        TEXT.replace("index 6", "index ٦"),
        TEXT.replace("index 6\n", "index 6\n\n"),
        TEXT.replace("index 6\n", "index 6\nAAAA\n"),
        TEXT.replace("index 6\n", "index 6\nnot base64\n"),
        TEXT.replace("index 6\n", ""),
        TEXT.partition("\n\n")[0],
        TEXT.partition("\n\n")[0] + "\n\n",
        TEXT + "x" * (MAX_HEAD_BYTES + 5000),
    ],
)
def test_what_is_written_otherwise_is_refused(text: str) -> None:
    assert text != TEXT
    with pytest.raises(MalformedLogError):
        LogProof.parse(text)


@pytest.mark.parametrize(
    ("index", "path"),
    [
        (PROOF.index, PROOF.path[:-1]),
        (PROOF.index, (*PROOF.path, bytes(32))),
        (8, PROOF.path),
        (MAX_SIZE, PROOF.path),
    ],
)
def test_a_path_that_the_head_s_size_does_not_have_is_refused(index, path) -> None:
    with pytest.raises(MalformedLogError):
        LogProof(index, path, PROOF.head).verify(ENVELOPE, KEYS)
