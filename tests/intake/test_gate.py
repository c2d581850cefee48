import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.header import header_bytes
from intake.errors import MalformedHeaderError, RefusedEnvelopeError, WrongSlotsError
from intake.gate import HeaderGate
from tests.intake.support import make_header, sliced

HEADER = make_header(2)
BASE64 = frozenset((string.ascii_letters + string.digits + "+/").encode())


def pass_gate(header: bytes, slots: set[int], size: int = 10_000) -> HeaderGate:
    gate = HeaderGate(slots)
    for piece in sliced(header, size):
        gate.feed(memoryview(piece))
    return gate


@given(st.integers(1, 2 * len(HEADER)), st.binary(max_size=100))
def test_a_header_passes_in_any_slicing_and_nothing_after_it_is_taken(size, payload):
    gate = HeaderGate({2})
    taken = sum(gate.feed(memoryview(piece)) for piece in sliced(HEADER + payload, size))
    assert gate.complete
    assert taken == len(HEADER)
    assert gate.header == HEADER


@pytest.mark.parametrize("slots", [1, 2, 4, 16, 40])
def test_every_number_of_slots_has_its_length(slots):
    header = make_header(slots)
    assert len(header) == header_bytes(slots) == 70 + 1557 * slots
    assert pass_gate(header, {slots}).complete


def test_two_numbers_of_slots_pass_while_two_rosters_overlap():
    assert pass_gate(make_header(2), {2, 3}).complete
    assert pass_gate(make_header(3), {2, 3}).complete


def test_fewer_slots_are_refused_where_the_header_ends():
    with pytest.raises(WrongSlotsError):
        pass_gate(make_header(1), {2})


def test_more_slots_are_refused_where_the_first_surplus_one_begins():
    gate = HeaderGate({2})
    header = make_header(3)
    gate.feed(memoryview(header[: header_bytes(2) - 48 + 17]))
    with pytest.raises(WrongSlotsError):
        gate.feed(memoryview(header[header_bytes(2) - 48 + 17 :][:1]))


def test_an_allowed_number_below_another_does_not_let_one_between_pass():
    with pytest.raises(WrongSlotsError):
        pass_gate(make_header(2), {1, 3})


def test_a_header_without_a_stanza_is_refused():
    with pytest.raises(WrongSlotsError):
        pass_gate(HEADER[:22] + HEADER[-48:], {2})


@pytest.mark.parametrize(
    "beginning",
    [
        b"age-encryption.org/v2\n",
        b"age-encryption.org/v1\r\n",
        b"-----BEGIN AGE ENCRYPTED FILE-----\n",
        b"age-encryption.org/v1\n-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n",
        b"age-encryption.org/v1\n-> scrypt " + b"A" * 22 + b" 18\n" + b"A" * 43 + b"\n",
        b"age-encryption.org/v1\n-> mlkem768x25519-grease " + b"A" * 43 + b"\n",
        b"PK\x03\x04" + bytes(100),
    ],
)
def test_another_beginning_is_refused_on_its_first_line(beginning):
    with pytest.raises(MalformedHeaderError):
        pass_gate(beginning, {2})


@given(st.integers(0, len(HEADER) - 1), st.integers(0, 255), st.integers(1, 4000))
def test_a_changed_byte_is_refused_wherever_the_format_fixes_it(position, value, size):
    if HEADER[position] in BASE64 and value in BASE64:
        return  # another key's ciphertext looks like this one: a server cannot know
    if HEADER[position] == value:
        return
    altered = HEADER[:position] + bytes([value]) + HEADER[position + 1 :]
    with pytest.raises(RefusedEnvelopeError):
        pass_gate(altered, {2}, size)


@pytest.mark.parametrize("position", [*range(22 + 18), *range(len(HEADER) - 48, len(HEADER) - 44)])
@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_in_the_fixed_words_is_refused(position, bit):
    altered = bytearray(HEADER)
    altered[position] ^= 1 << bit
    with pytest.raises(RefusedEnvelopeError):
        pass_gate(bytes(altered), {2})


def test_a_low_order_share_is_refused():
    start = 22 + len("-> mlkem768x25519 ")
    enc = base64.b64decode(HEADER[start : start + 1494] + b"==")
    low = base64.b64encode(enc[:1088] + bytes(32)).rstrip(b"=")
    with pytest.raises(MalformedHeaderError):
        pass_gate(HEADER[:start] + low + HEADER[start + 1494 :], {2})


def test_a_cut_header_never_becomes_complete():
    for length in range(0, len(HEADER), 97):
        assert not pass_gate(HEADER[:length], {2}).complete
