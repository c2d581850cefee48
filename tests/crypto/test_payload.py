import io
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import DamagedEnvelopeError
from crypto.payload import (
    CHUNK,
    SEALED_CHUNK,
    PayloadWriter,
    ciphertext_bytes,
    plaintext_bytes,
)
from tests.crypto.payloads import (
    FILE_KEY,
    NONCE,
    SIZES,
    Nowhere,
    pattern,
    read_anywhere,
    seal,
)

cuts = st.lists(st.integers(0, 400_000), max_size=8).map(sorted)


@given(st.integers(0, 1 << 50))
def test_the_length_of_a_payload_tells_the_length_of_its_plaintext(size):
    assert plaintext_bytes(ciphertext_bytes(size)) == size


def test_lengths_that_no_payload_has_are_refused():
    possible = {ciphertext_bytes(size) for size in range(2 * CHUNK + 100)}
    edges = (0, 16, 32, SEALED_CHUNK, SEALED_CHUNK + 32, 2 * SEALED_CHUNK + 16)
    for edge in edges:
        for length in range(max(0, edge - 40), edge + 40):
            if length in possible:
                assert ciphertext_bytes(plaintext_bytes(length)) == length
            else:
                with pytest.raises(DamagedEnvelopeError):
                    plaintext_bytes(length)


@settings(max_examples=40)
@given(st.sampled_from(SIZES), cuts, st.sampled_from([bytes, bytearray, memoryview]))
def test_writes_in_any_slicing_make_the_same_payload(size, places, kind):
    out = io.BytesIO()
    writer = PayloadWriter(out, FILE_KEY, NONCE)
    for start, end in pairwise([0, *places, size]):
        writer.write(kind(pattern(size)[start : max(start, end)]))
    if places and places[-1] > size:
        writer.abandon()
        return
    writer.close()
    assert out.getvalue() == seal(pattern(size))


def test_a_writer_of_small_pieces_takes_little_memory():
    """Five hundred slow sources at once have one each."""
    tracemalloc.start()
    try:
        writer = PayloadWriter(Nowhere(), FILE_KEY, NONCE)
        for _ in range(100):
            writer.write(bytes(4096))
        assert tracemalloc.get_traced_memory()[0] < 140_000
        writer.close()
    finally:
        tracemalloc.stop()


def test_what_is_closed_is_wiped_and_takes_nothing_more():
    writer = PayloadWriter(Nowhere(), FILE_KEY, NONCE)
    writer.write(b"secret" * 100)
    kept = writer._key._key
    writer.close()
    writer.close()
    assert bytes(writer._held) == bytes(CHUNK)
    assert kept == bytes(32)
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"more")


def test_what_is_abandoned_is_wiped_and_opens_nowhere():
    out = io.BytesIO()
    writer = PayloadWriter(out, FILE_KEY, NONCE)
    writer.write(pattern(2 * CHUNK))
    writer.abandon()
    writer.close()
    assert bytes(writer._held) == bytes(CHUNK)
    with pytest.raises(DamagedEnvelopeError):
        read_anywhere(out.getvalue())


class FullSink(io.BytesIO):
    """Takes a while, then has no space left."""

    def write(self, data: object, /) -> int:
        if self.tell() > 100_000:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_a_sink_that_fails_leaves_no_chunk_sealed_twice_under_one_nonce():
    sink = FullSink()
    writer = PayloadWriter(sink, FILE_KEY, NONCE)
    writer.write(pattern(4 * CHUNK))
    for _ in range(2):
        with pytest.raises(OSError, match="space"):
            writer.write(pattern(4 * CHUNK))
    with pytest.raises(OSError, match="space"):
        writer.close()
    assert writer._counter == 6  # each seal had its own
    with pytest.raises(DamagedEnvelopeError):
        read_anywhere(sink.getvalue())
