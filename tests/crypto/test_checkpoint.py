"""Heads: one way to write them, whose signature counts, and what every change does to it."""

import base64
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.checkpoint import (
    MAX_HEAD_BYTES,
    MAX_SIGNATURES,
    Head,
    NoteSignature,
    end_of_day,
    log_origin,
    witness_name,
)
from crypto.errors import MalformedLogError, UnsignedHeadError
from crypto.merkle import MAX_SIZE
from tests.crypto.log_example import (
    DAYS,
    LOG_KEY,
    NAME,
    ORIGIN,
    OTHER,
    SERVICE_ID,
    WITNESS,
    WITNESSES,
)

HEAD = DAYS[0].head
TEXT = HEAD.serialize()
names = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="+"),
                min_size=1, max_size=40)  # fmt: skip
signatures = st.builds(NoteSignature, names, st.binary(min_size=5, max_size=100))
heads = st.builds(
    Head,
    origin=names,
    size=st.integers(0, MAX_SIZE),
    root=st.binary(min_size=32, max_size=32),
    signatures=st.lists(signatures, max_size=5).map(tuple),
)


@given(head=heads)
def test_what_is_written_is_read(head: Head) -> None:
    assert Head.parse(head.serialize()) == head


def test_the_log_s_signature_counts() -> None:
    HEAD.require_signed([LOG_KEY.verify_key])
    HEAD.require_signed([OTHER.verify_key, LOG_KEY.verify_key])
    for keys in ([], [OTHER.verify_key], [WITNESS.verify_key]):
        with pytest.raises(UnsignedHeadError):
            HEAD.require_signed(keys)


def test_a_witness_s_signature_counts_with_its_time() -> None:
    assert HEAD.witnesses(WITNESSES) == {NAME: end_of_day(DAYS[0].day)}
    assert HEAD.witnesses({NAME: OTHER.verify_key}) == {}
    assert HEAD.witnesses({f"{NAME}x": WITNESS.verify_key}) == {}
    assert DAYS[1].head.witnesses(WITNESSES) == {}


def test_one_key_s_signature_as_log_is_none_as_witness_and_the_other_way_round() -> None:
    head = Head(ORIGIN, 0, bytes(32)).sign(LOG_KEY)
    assert head.witnesses({ORIGIN: LOG_KEY.verify_key}) == {}
    bare = Head(ORIGIN, 0, bytes(32))
    cosigned = bare.with_cosignature(bare.cosign(ORIGIN, LOG_KEY, 0))
    with pytest.raises(UnsignedHeadError):
        cosigned.require_signed([LOG_KEY.verify_key])


def test_a_second_signature_of_a_witness_takes_the_place_of_the_first() -> None:
    again = HEAD.with_cosignature(HEAD.cosign(NAME, WITNESS, 5))
    assert again.witnesses(WITNESSES) == {NAME: 5}
    assert len(again.signatures) == len(HEAD.signatures)
    other = HEAD.with_cosignature(HEAD.cosign(NAME, OTHER, 5))
    assert len(other.signatures) == len(HEAD.signatures) + 1
    assert other.witnesses(WITNESSES) == HEAD.witnesses(WITNESSES)


def filled(head: Head) -> Head:
    """Fill a head with lines of unknown keys, up to the last byte that is read."""
    while (room := MAX_HEAD_BYTES - len(head.serialize().encode())) > 0:
        take = room if room <= 1000 else min(1000, room - 100)
        blob = bytes((take - 7) // 4 * 3)
        name = "x" * (take - 6 - len(blob) // 3 * 4)
        head = Head(
            head.origin, head.size, head.root, (*head.signatures, NoteSignature(name, blob))
        )
    return head


def test_a_head_that_is_full_is_read_and_takes_no_further_line() -> None:
    full = filled(HEAD.only([LOG_KEY.verify_key], {}))
    assert len(full.serialize().encode()) == MAX_HEAD_BYTES
    assert Head.parse(full.serialize()) == full
    with pytest.raises(MalformedLogError):
        full.with_cosignature(full.cosign(NAME, WITNESS, 5))


def test_without_the_lines_of_unknown_keys_there_is_room() -> None:
    full = filled(HEAD)
    assert full.only([LOG_KEY.verify_key], WITNESSES) == HEAD
    assert full.only([OTHER.verify_key], WITNESSES).signatures == HEAD.signatures[1:]
    assert (
        full.only([LOG_KEY.verify_key], {NAME: OTHER.verify_key}).signatures == HEAD.signatures[:1]
    )
    assert full.only([WITNESS.verify_key], {NAME: LOG_KEY.verify_key}).signatures == ()


def test_a_known_key_s_line_stays_once_and_though_it_fails() -> None:
    line = HEAD.signatures[1]
    broken = NoteSignature(line.name, line.blob[:-1] + bytes([line.blob[-1] ^ 1]))
    head = Head(HEAD.origin, HEAD.size, HEAD.root, (*HEAD.signatures, broken, line, broken))
    kept = head.only([LOG_KEY.verify_key], WITNESSES)
    assert kept.signatures == (*HEAD.signatures, broken)
    with pytest.raises(UnsignedHeadError):
        kept.witnesses(WITNESSES)


@given(place=st.integers(0, len(HEAD.body.encode()) * 8 - 1))
def test_a_flipped_bit_of_what_is_signed_is_refused(place: int) -> None:
    assert not verifies(flip(TEXT, place))


@given(place=st.integers(0, len(TEXT.encode()) * 8 - 1))
def test_a_flipped_bit_anywhere_leaves_no_head_with_both_signatures(place: int) -> None:
    assert not verifies(flip(TEXT, place))


def flip(text: str, place: int) -> bytes:
    data = bytearray(text.encode())
    data[place // 8] ^= 1 << place % 8
    return bytes(data)


def verifies(data: bytes) -> bool:
    try:
        head = Head.parse(data.decode())
        head.require_signed([LOG_KEY.verify_key])
        return head.origin == ORIGIN and head.witnesses(WITNESSES) == HEAD.witnesses(WITNESSES)
    except (MalformedLogError, UnsignedHeadError, UnicodeDecodeError):
        return False


def test_a_known_key_s_line_that_fails_rejects_the_head_though_another_one_holds() -> None:
    forged = HEAD.sign(OTHER)
    line = forged.signatures[-1]
    broken = NoteSignature(line.name, line.blob[:-1] + bytes([line.blob[-1] ^ 1]))
    head = Head(HEAD.origin, HEAD.size, HEAD.root, (*HEAD.signatures, broken))
    with pytest.raises(UnsignedHeadError):
        head.require_signed([LOG_KEY.verify_key, OTHER.verify_key])
    head.require_signed([LOG_KEY.verify_key])  # an unknown key's line means nothing


@pytest.mark.parametrize("length", [5, 4 + 63, 4 + 65, 4 + 8 + 63])
def test_a_known_key_s_line_of_another_length_is_refused(length: int) -> None:
    for line in HEAD.signatures:
        cut = NoteSignature(line.name, (line.blob + bytes(9))[:length])
        changed = Head(HEAD.origin, HEAD.size, HEAD.root, (cut,))
        with pytest.raises(UnsignedHeadError):
            check_whoever_signed(changed)


def check_whoever_signed(head: Head) -> None:
    """The log if it is its line that is there, else the witness."""
    if head.signatures[0].name == ORIGIN:
        head.require_signed([LOG_KEY.verify_key])
    else:
        head.witnesses(WITNESSES)


ROOT_B64 = base64.b64encode(HEAD.root).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT + "\n",
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("— ", "- "),
        TEXT.replace("— ", "—"),
        TEXT.replace("\n5\n", "\n05\n"),
        TEXT.replace("\n5\n", "\n+5\n"),
        TEXT.replace("\n5\n", "\n5 \n"),
        TEXT.replace("\n5\n", "\n-5\n"),
        TEXT.replace("\n5\n", "\n٥\n"),
        TEXT.replace("\n5\n", f"\n{MAX_SIZE + 1}\n"),
        TEXT.replace(ORIGIN, ""),
        TEXT.replace(ORIGIN, "a b"),
        TEXT.replace(ORIGIN, "a+b"),
        TEXT.replace(ORIGIN, "журнал"),
        TEXT.replace(ORIGIN, "x" * 201),
        TEXT.replace(ROOT_B64, ROOT_B64[:-2] + "="),
        TEXT.replace(ROOT_B64, base64.b64encode(bytes(31)).decode()),
        TEXT.replace(ROOT_B64, base64.b64encode(bytes(33)).decode()),
        TEXT.replace(ROOT_B64, ROOT_B64.replace("=", "")),
        TEXT.replace(ROOT_B64 + "\n", ROOT_B64 + "\nan extension\n"),
        TEXT.replace("\n\n", "\n"),
        TEXT.replace("\n\n", "\n\n\n"),
        TEXT.replace("\n\n", "\n\n\n— a AAAAAAAA\n\n"),
        HEAD.body,
        f"{HEAD.body}\n— a AAAA\n",
        f"{HEAD.body}\n— a AAAAAAB=\n",
        f"{HEAD.body}\n— a AAAAA\n",
        f"{HEAD.body}\n— a+b AAAAAAAA\n",
        f"{HEAD.body}\n— a AAAAAAAA \n",
        f"{HEAD.body}\n{'— a AAAAAAAA' + chr(10):s}" * 2,
        HEAD.body + "\n" + "— a AAAAAAAA\n" * (MAX_SIGNATURES + 1),
        HEAD.body + "\n" + f"— {'a' * 200} {'A' * 2000}\n" * 20,
    ],
)
def test_what_is_written_otherwise_is_refused(text: str) -> None:
    assert text != TEXT
    with pytest.raises(MalformedLogError):
        Head.parse(text)


def test_a_head_without_a_signature_is_read_and_counts_for_nothing() -> None:
    bare = Head.parse(f"{HEAD.body}\n")
    assert bare.signatures == ()
    with pytest.raises(UnsignedHeadError):
        bare.require_signed([LOG_KEY.verify_key])


@pytest.mark.parametrize("line", ["", "a", "— a", "— a AAAAAAAA\n", "— a  AAAAAAAA", "—  AAAAAAAA"])
def test_what_is_no_signature_line_is_refused(line: str) -> None:
    with pytest.raises(MalformedLogError):
        NoteSignature.parse(line)


def test_names_and_times_are_those_of_the_document() -> None:
    assert log_origin(SERVICE_ID, "general") == "000102030405060708090a0b0c0d0e0f/general"
    assert witness_name(SERVICE_ID, "van") == "000102030405060708090a0b0c0d0e0f/courier/van"
    assert end_of_day(date(1970, 1, 1)) == 86_400
    assert end_of_day(date(2026, 11, 22)) == 1_795_392_000
