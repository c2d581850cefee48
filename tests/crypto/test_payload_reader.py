import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import DamagedEnvelopeError
from crypto.payload import (
    CHUNK,
    NONCE_BYTES,
    SEALED_CHUNK,
    PayloadWriter,
    ciphertext_bytes,
    plaintext_bytes,
)
from crypto.payload_reader import PayloadReader
from crypto.seekable import SeekablePayload
from tests.crypto.payloads import (
    FILE_KEY,
    NONCE,
    SIZES,
    Nowhere,
    both_readers,
    collect,
    key,
    pattern,
    read_anywhere,
    read_on,
    read_streaming,
    seal,
)


@both_readers
@pytest.mark.parametrize("size", SIZES)
def test_a_payload_opens_to_what_was_sealed(read, size):
    payload = seal(pattern(size))
    assert len(payload) == ciphertext_bytes(size)
    assert plaintext_bytes(len(payload)) == size
    with read(bytes(payload)) as reader:
        assert reader.read() == pattern(size)
        assert reader.read(1) == b""


@pytest.mark.parametrize("size", SIZES)
def test_a_seekable_reader_knows_its_size(size):
    assert read_anywhere(seal(pattern(size))).size == size


@settings(max_examples=40)
@given(
    st.sampled_from(SIZES),
    st.lists(st.integers(700, 300_000), min_size=1, max_size=5),
    st.sampled_from([read_streaming, read_anywhere]),
)
def test_reads_in_any_slicing_give_the_same_plaintext(size, counts, read):
    opened = b""
    with read(seal(pattern(size))) as reader:
        while len(opened) < size:
            count = counts[len(opened) % len(counts)]
            part = reader.read(count)
            assert len(part) == min(count, size - len(opened))
            opened += part
    assert opened == pattern(size)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 420_000), st.integers(0, 150_000)), max_size=6))
def test_a_seekable_reader_gives_what_stands_at_each_place(reads):
    plaintext = pattern(6 * CHUNK + 1)
    with read_anywhere(seal(plaintext)) as reader:
        for place, count in reads:
            assert reader.seek(place) == place
            assert reader.read(count) == plaintext[place : place + count]
            assert reader.tell() == place + len(plaintext[place : place + count])


def test_places_are_counted_from_start_here_and_end():
    with read_anywhere(seal(pattern(100_000))) as reader:
        assert reader.seek(-10, io.SEEK_END) == 99_990
        assert reader.read() == pattern(100_000)[-10:]
        assert reader.seek(-100_000, io.SEEK_CUR) == 0
        assert reader.seek(200_000) == 200_000
        assert reader.read(5) == b""
        with pytest.raises(ValueError, match="before the start"):
            reader.seek(-1)
        with pytest.raises(ValueError, match="whence"):
            reader.seek(0, 9)


def chunks_of(payload: bytes) -> list[bytes]:
    sealed = payload[NONCE_BYTES:]
    return [sealed[at : at + SEALED_CHUNK] for at in range(0, len(sealed), SEALED_CHUNK)]


def rejoined(chunks: list[bytes]) -> bytes:
    return NONCE + b"".join(chunks)


def attacks() -> dict[str, bytes]:
    payload = seal(pattern(4 * CHUNK))
    short = seal(pattern(3 * CHUNK + 5))
    a, b, c, d = chunks_of(payload)
    ending = bytearray(16)
    key().seal(4, b"", ending, final=True)
    return {
        "nothing left": NONCE,
        "less than a tag": NONCE + bytes(15),
        "last chunk cut off": rejoined([a, b, c]),
        "last chunk cut short": payload[:-1],
        "last chunk cut to its tag": rejoined([a, b, c, d[:16]]),
        "last chunk cut below its tag": rejoined([a, b, c, d[:15]]),
        "a byte appended": payload + b"\0",
        "a byte appended to a short chunk": short + b"\0",
        "a chunk appended": rejoined([a, b, c, d, d]),
        "another payload appended": payload + short,
        "an empty last chunk appended": payload + bytes(ending),
        "two chunks exchanged": rejoined([b, a, c, d]),
        "last two chunks exchanged": rejoined([a, b, d, c]),
        "a chunk left out": rejoined([a, c, d]),
        "first chunk left out": rejoined([b, c, d]),
        "a chunk twice": rejoined([a, b, b, c, d]),
        "a chunk of zeros": rejoined([a, bytes(SEALED_CHUNK), c, d]),
        "another nonce": bytes(16) + payload[16:],
    }


@both_readers
@pytest.mark.parametrize("attack", attacks())
def test_a_payload_cut_extended_or_reordered_is_refused(read, attack):
    payload = attacks()[attack]
    released = bytearray()
    with pytest.raises(DamagedEnvelopeError):
        collect(read, payload, released)
    assert pattern(4 * CHUNK).startswith(released)


def test_an_empty_last_chunk_after_others_is_refused_even_when_it_is_authentic():
    a = bytearray(SEALED_CHUNK)
    ending = bytearray(16)
    key().seal(0, bytes(CHUNK), a, final=False)
    key().seal(1, b"", ending, final=True)
    with read_streaming(NONCE + a + ending) as reader:
        assert reader.read(CHUNK) == bytes(CHUNK)
        with pytest.raises(DamagedEnvelopeError, match="empty"):
            reader.read(1)
    with pytest.raises(DamagedEnvelopeError):
        read_anywhere(NONCE + a + ending)


@both_readers
@pytest.mark.parametrize("count", [1000, CHUNK, 100_000, 1 << 20])
def test_what_came_before_a_damaged_chunk_is_released_however_it_is_read(read, count):
    payload = bytearray(seal(pattern(4 * CHUNK)))
    payload[NONCE_BYTES + 2 * SEALED_CHUNK + 7] ^= 1
    released = bytearray()
    with read(bytes(payload)) as reader:
        for _ in range(2):
            with pytest.raises(DamagedEnvelopeError):
                read_on(reader, count, released)
    assert released == pattern(2 * CHUNK)


def test_a_seekable_reader_reads_on_behind_a_damaged_chunk():
    payload = bytearray(seal(pattern(4 * CHUNK)))
    payload[NONCE_BYTES + 7] ^= 1
    with read_anywhere(bytes(payload)) as reader:
        reader.seek(CHUNK)
        assert reader.read() == pattern(4 * CHUNK)[CHUNK:]
        reader.seek(10)
        with pytest.raises(DamagedEnvelopeError):
            reader.read(1)


@both_readers
def test_reading_to_the_end_never_gives_less_than_everything(read):
    payload = bytearray(seal(pattern(4 * CHUNK)))
    payload[NONCE_BYTES + 2 * SEALED_CHUNK + 7] ^= 1
    with read(bytes(payload)) as reader, pytest.raises(DamagedEnvelopeError):
        reader.read()


def test_a_file_cut_while_it_is_read_is_refused():
    file = io.BytesIO(seal(pattern(4 * CHUNK)))
    with SeekablePayload(file, key(), 0) as reader:
        file.truncate(NONCE_BYTES + SEALED_CHUNK + 100)
        assert reader.read(CHUNK) == pattern(CHUNK)
        with pytest.raises(DamagedEnvelopeError, match="while it was read"):
            reader.read(CHUNK)


class Trickle(io.BytesIO):
    """A file whose reads are as short as a socket's."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(1000, size or 0))


@pytest.mark.parametrize("size", [0, 65536, 200000])
def test_short_reads_of_the_file_change_nothing(size):
    file = Trickle(seal(pattern(size)))
    assert SeekablePayload(file, key(), 0).read() == pattern(size)
    file.seek(NONCE_BYTES)
    assert PayloadReader(file, key()).read() == pattern(size)


def test_sealing_and_opening_take_the_same_memory_however_long_the_payload():
    megabyte, out = bytes(1 << 20), io.BytesIO(seal(bytes(24 << 20)))
    out.seek(NONCE_BYTES)
    buffer = bytearray(1 << 20)
    tracemalloc.start()
    try:
        writer = PayloadWriter(Nowhere(), FILE_KEY, NONCE)
        for _ in range(24):
            writer.write(megabyte)
        writer.close()
        with PayloadReader(out, key()) as reader:
            while reader.readinto(buffer):
                pass
        with SeekablePayload(out, key(), 0) as reader:
            while reader.readinto(buffer):
                pass
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@both_readers
def test_what_was_read_is_wiped_on_closing(read):
    reader = read(seal(pattern(1000)))
    assert reader.read(10) == pattern(10)
    opened = getattr(reader, "_opened", None) or reader._kept
    kept = reader._key._key
    assert opened[:1000] == pattern(1000)
    reader.close()
    reader.close()
    assert opened == bytes(CHUNK)
    assert kept == bytes(32)
    with pytest.raises(ValueError, match="closed"):
        reader.read(1)
