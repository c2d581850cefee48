import io
import re
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.envelope import EnvelopeWriter, open_envelope, open_seekable
from crypto.errors import (
    DamagedEnvelopeError,
    EnvelopeError,
    MalformedEnvelopeError,
    NotAddressedError,
)
from crypto.header import header_bytes, parse_header, require_slots
from crypto.keys import Identity, Recipient
from crypto.payload import CHUNK, ciphertext_bytes
from crypto.stanza import recognise_all
from tests.crypto.virtual_envelope import VirtualEnvelope

ANNA, BORIS, CLARA = (Identity(bytes([number]) * 32) for number in range(3))
both_ways = pytest.mark.parametrize("open_it", [open_envelope, open_seekable])


def seal(plaintext: bytes, *recipients: Recipient, slots: int = 4) -> bytes:
    out = io.BytesIO()
    writer = EnvelopeWriter(out, recipients, slots=slots)
    writer.write(plaintext)
    writer.close()
    return out.getvalue()


SEALED = seal(b"a report", ANNA.recipient, slots=2)


@settings(max_examples=30)
@given(
    st.binary(max_size=200_000),
    st.lists(st.integers(0, 200_000), max_size=5).map(sorted),
    st.integers(1, 5),
)
def test_an_envelope_opens_to_what_was_written_in_any_slicing(plaintext, places, slots):
    out = io.BytesIO()
    writer = EnvelopeWriter(out, [ANNA.recipient], slots=slots)
    for start, end in pairwise([0, *places, max([len(plaintext), *places])]):
        writer.write(plaintext[start:end])
    writer.close()
    assert len(out.getvalue()) == header_bytes(slots) + ciphertext_bytes(len(plaintext))
    require_slots(parse_header(out.getvalue()), slots)
    out.seek(0)
    assert open_envelope(out, [ANNA]).read() == plaintext
    assert open_seekable(out, [ANNA]).read() == plaintext


@both_ways
def test_each_recipient_opens_it_and_nobody_else(open_it):
    file = io.BytesIO(seal(b"for two", ANNA.recipient, BORIS.recipient))
    for identities in ([ANNA], [BORIS], [CLARA, BORIS]):
        file.seek(0)
        assert open_it(file, identities).read() == b"for two"
    for identities in ([CLARA], []):
        file.seek(0)
        with pytest.raises(NotAddressedError):
            open_it(file, identities)


@pytest.mark.parametrize("slots", [0, 1, 41])
def test_recipients_that_do_not_fit_the_slots_are_refused(slots):
    with pytest.raises(ValueError, match="slots"):
        EnvelopeWriter(io.BytesIO(), [ANNA.recipient, BORIS.recipient], slots=slots)


def test_an_envelope_without_slots_is_refused():
    with pytest.raises(ValueError, match="slots"):
        EnvelopeWriter(io.BytesIO(), [], slots=0)


def test_a_decoy_is_for_nobody():
    with pytest.raises(NotAddressedError):
        open_envelope(io.BytesIO(seal(b"random")), [ANNA, BORIS, CLARA])


def test_every_byte_of_an_envelope_is_protected():
    """In one of both ways; the long sweep flips every bit for both."""
    for place in range(len(SEALED)):
        altered = bytearray(SEALED)
        altered[place] ^= 1 << place // 2 % 8
        open_it = (open_envelope, open_seekable)[place % 2]
        with pytest.raises(EnvelopeError):
            open_it(io.BytesIO(altered), [ANNA]).read()


@pytest.mark.slow
@both_ways
def test_every_bit_of_an_envelope_is_protected(open_it):
    for bit in range(8 * len(SEALED)):
        altered = bytearray(SEALED)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(EnvelopeError):
            open_it(io.BytesIO(altered), [ANNA]).read()


@both_ways
def test_an_envelope_cut_anywhere_is_refused(open_it):
    for length in range(len(SEALED)):
        with pytest.raises(EnvelopeError):
            open_it(io.BytesIO(SEALED[:length]), [ANNA]).read()


def blank_place(data: bytes) -> int:
    """Return where in the file the stanza begins that is not Anna's."""
    stanzas = recognise_all(parse_header(data).stanzas)
    for number, stanza in enumerate(stanzas):
        try:
            ANNA.unwrap([stanza])
        except NotAddressedError:
            return 22 + 1557 * number
    raise AssertionError


@both_ways
def test_errors_tell_damage_from_an_envelope_for_somebody_else(open_it):
    altered = bytearray(SEALED)
    altered[blank_place(SEALED) + 100] ^= 1
    with pytest.raises((DamagedEnvelopeError, MalformedEnvelopeError)):
        open_it(io.BytesIO(altered), [ANNA])
    altered = bytearray(SEALED)
    altered[-1] ^= 1
    with pytest.raises(DamagedEnvelopeError):
        open_it(io.BytesIO(altered), [ANNA]).read()
    with pytest.raises(NotAddressedError):
        open_it(io.BytesIO(altered), [BORIS]).read()
    with pytest.raises(MalformedEnvelopeError):
        open_it(io.BytesIO(b"%PDF-1.7\n" + SEALED), [ANNA]).read()


def test_blank_stanzas_have_the_form_of_all_others():
    header = seal(b"", ANNA.recipient, slots=8)[: header_bytes(8)]
    lines = header.split(b"\n")[1:17]
    for arguments, body in zip(lines[::2], lines[1::2], strict=True):
        assert re.fullmatch(rb"-> mlkem768x25519 [A-Za-z0-9+/]{1494}", arguments)
        assert re.fullmatch(rb"[A-Za-z0-9+/]{43}", body)
    assert len(set(lines)) == 16


def test_the_place_of_a_stanza_is_random():
    places = Counter(blank_place(seal(b"", ANNA.recipient, slots=2)) for _ in range(200))
    assert len(places) == 2
    assert min(places.values()) > 50  # 100 expected, standard deviation 7


def test_two_envelopes_of_one_report_share_nothing():
    first, second = (seal(b"the same report", ANNA.recipient) for _ in range(2))
    head = header_bytes(4)
    shared = set(first[22:head].split(b"\n")) & set(second[22:head].split(b"\n"))
    assert shared == {b""}
    assert first[head:] != second[head:]


def test_nothing_secret_shows_when_writer_or_reader_is_printed():
    writer = EnvelopeWriter(io.BytesIO(), [ANNA.recipient], slots=1)
    reader = open_envelope(io.BytesIO(SEALED), [ANNA])
    for shown in (repr(writer), repr(writer._payload), repr(reader), repr(reader._key)):
        assert re.fullmatch(r"<[\w.]+ object at 0x[0-9a-f]+>", shown)


def test_a_writer_that_is_abandoned_leaves_what_opens_nowhere():
    out = io.BytesIO()
    writer = EnvelopeWriter(out, [ANNA.recipient], slots=1)
    writer.write(bytes(100_000))
    writer.abandon()
    with pytest.raises(DamagedEnvelopeError):
        open_seekable(out, [ANNA])


@pytest.mark.parametrize("size", [(4 << 30) + 5, 4 << 30])
def test_a_piece_of_4_gib_is_read_by_its_chunks_alone(size):
    file = VirtualEnvelope(ANNA.recipient, size)
    place = 3 << 30 | 12_345
    with open_seekable(file, [ANNA]) as payload:
        payload.seek(place)
        piece = payload.read(1 << 20)
    assert payload.size == size
    first = CHUNK - place % CHUNK
    assert piece[:first] == bytes([place // CHUNK % 256]) * first
    assert len(piece) == 1 << 20
    chunks = 1 + 17  # the last one, and those touched
    assert file.bytes_read <= len(file.head) + chunks * (CHUNK + 16)
