import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import DamagedEnvelopeError, EnvelopeError, MalformedEnvelopeError
from crypto.header import (
    MAX_HEADER_BYTES,
    MAX_SLOTS,
    Header,
    header_bytes,
    parse_header,
    require_slots,
    serialize_header,
)
from crypto.stanza import HybridStanza, Stanza, encode_base64

FILE_KEY = bytes(range(16))
HYBRID = HybridStanza(bytes(1088) + bytes([9]) + bytes(31), bytes(32)).stanza()

arguments = st.binary(min_size=1, max_size=20).map(lambda data: bytes(33 + b % 94 for b in data))
stanzas = st.builds(
    Stanza,
    st.lists(arguments, min_size=1, max_size=4).map(tuple),
    st.binary(max_size=200),
)


@given(st.lists(stanzas, min_size=1, max_size=5), st.binary(max_size=50))
def test_a_header_parses_to_what_was_serialized_whatever_follows(written, payload):
    data = serialize_header(written, FILE_KEY)
    header = parse_header(data + payload)
    assert header.stanzas == tuple(written)
    assert header.length == len(data)
    header.verify(FILE_KEY)


@given(st.lists(stanzas, min_size=1, max_size=3))
def test_a_file_is_left_right_after_the_header(written):
    file = io.BytesIO(serialize_header(written, FILE_KEY) + b"payload")
    parse_header(file)
    assert file.read() == b"payload"


@given(st.lists(stanzas, min_size=1, max_size=2), st.data())
def test_a_header_with_a_flipped_bit_is_refused(written, draw):
    data = bytearray(serialize_header(written, FILE_KEY))
    bit = draw.draw(st.integers(0, 8 * len(data) - 1))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EnvelopeError):
        parse_header(bytes(data)).verify(FILE_KEY)


@given(st.lists(stanzas, min_size=1, max_size=2), st.data())
def test_a_header_cut_short_anywhere_is_refused(written, draw):
    data = serialize_header(written, FILE_KEY)
    with pytest.raises(MalformedEnvelopeError):
        parse_header(data[: draw.draw(st.integers(0, len(data) - 1))])


def test_another_file_key_does_not_verify():
    with pytest.raises(DamagedEnvelopeError):
        parse_header(serialize_header([HYBRID], FILE_KEY)).verify(bytes(16))


@pytest.mark.parametrize("slots", [1, 4, 16, MAX_SLOTS])
def test_a_header_has_70_bytes_and_1557_for_each_slot(slots):
    data = serialize_header([HYBRID] * slots, FILE_KEY)
    assert len(data) == header_bytes(slots) == 70 + 1557 * slots
    assert parse_header(data).length == len(data)


def test_the_most_slots_stay_below_the_bound():
    assert header_bytes(MAX_SLOTS) <= MAX_HEADER_BYTES


def header_of(size: int) -> bytes:
    plain = len(serialize_header([Stanza((b"x",), b"")], FILE_KEY))
    return serialize_header([Stanza((b"x" * (1 + size - plain),), b"")], FILE_KEY)


@pytest.mark.parametrize("as_file", [False, True])
def test_a_header_of_exactly_the_bound_is_read_and_a_longer_one_refused(as_file):
    wrap = io.BytesIO if as_file else bytes
    assert parse_header(wrap(header_of(MAX_HEADER_BYTES) + b"payload")).length == MAX_HEADER_BYTES
    with pytest.raises(MalformedEnvelopeError):
        parse_header(wrap(header_of(MAX_HEADER_BYTES + 1) + b"payload"))


def test_endless_lines_are_not_read_beyond_the_bound():
    file = io.BytesIO(b"age-encryption.org/v1\n-> " + b"x" * (1 << 20))
    with pytest.raises(MalformedEnvelopeError):
        parse_header(file)
    assert file.tell() <= MAX_HEADER_BYTES


def with_stanzas(*written: Stanza) -> Header:
    return parse_header(serialize_header(written, FILE_KEY))


def test_exactly_the_slots_are_accepted():
    require_slots(with_stanzas(*[HYBRID] * 4), 4)


@pytest.mark.parametrize(
    "written",
    [
        [HYBRID] * 3,
        [HYBRID] * 5,
        [HYBRID] * 3 + [Stanza((b"X25519", encode_base64(bytes([9]) + bytes(31))), bytes(32))],
        [HYBRID] * 3 + [Stanza((b"grease",), b"")],
        [HYBRID] * 3 + [Stanza((b"scrypt", encode_base64(bytes(16)), b"10"), bytes(32))],
        [HYBRID] * 3 + [Stanza((*HYBRID.arguments, b"more"), HYBRID.body)],
        [HYBRID] * 3 + [Stanza(HYBRID.arguments, bytes(33))],
        [HYBRID] * 3 + [Stanza((b"mlkem768x25519", encode_base64(bytes(1119))), bytes(32))],
        [HYBRID] * 3 + [Stanza((b"mlkem768x25519", encode_base64(bytes(1120))), bytes(32))],
    ],
)
def test_anything_but_exactly_the_slots_is_refused(written):
    with pytest.raises(MalformedEnvelopeError):
        require_slots(with_stanzas(*written), 4)
