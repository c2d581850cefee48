import hashlib
import os
import stat
import threading
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.padding import padded_bytes
from crypto.payload import ciphertext_bytes
from intake.bounds import SEGMENT_BYTES
from intake.errors import (
    IntakeError,
    MalformedHeaderError,
    RefusedEnvelopeError,
    TooLargeError,
    UnknownEnvelopeError,
    WrongLengthError,
    WrongSlotsError,
)
from intake.values import Door, StoredEnvelope, Tally
from tests.intake.support import (
    DOOR,
    FIRST_DAY,
    SIXTEEN,
    blobs,
    make_envelope,
    make_header,
    raw_bytes,
    read_all,
    sliced,
)


def test_an_envelope_rests_as_it_came_under_the_hash_of_all_its_bytes(intake):
    envelope = make_envelope()
    digest = intake.receive(DOOR, [envelope])
    assert digest == hashlib.sha256(envelope).digest()
    assert read_all(intake, digest) == envelope
    assert list(intake.envelopes("main", open_day=True)) == [
        StoredEnvelope(digest, "main", FIRST_DAY, len(envelope))
    ]


def test_a_text_only_report_of_sixteen_slots_takes_90550_bytes(intake):
    envelope = make_envelope(slots=16)
    intake.receive(SIXTEEN, [envelope])
    assert intake.status().arrived == {("main", FIRST_DAY): Tally(1, 90_550)}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(1, 50_000))
def test_the_slicing_does_not_matter(intake, size):
    envelope = make_envelope()
    digest = intake.receive(DOOR, sliced(envelope, size))
    assert read_all(intake, digest) == envelope


def test_a_buffer_may_be_used_again_after_each_write(intake):
    envelope = make_envelope()
    buffer = bytearray(10_000)
    with intake.begin(DOOR) as arrival:
        for piece in sliced(envelope, len(buffer)):
            buffer[: len(piece)] = piece
            arrival.write(memoryview(buffer)[: len(piece)])
            buffer[:] = bytes(len(buffer))
        digest = arrival.commit()
    assert read_all(intake, digest) == envelope


def test_a_segment_holds_exactly_8_mib_of_payload_and_nothing_of_the_header(intake, directory):
    envelope = make_envelope(padded_bytes(20_000_000))
    digest = intake.receive(DOOR, sliced(envelope, 1_000_003))
    payload = envelope[len(make_header()) :]
    files = blobs(directory)
    assert [file.read_bytes() for file in files] == list(sliced(payload, SEGMENT_BYTES))
    assert [file.name[32:] for file in files] == [".00000", ".00001", ".00002"]
    assert read_all(intake, digest) == envelope


@pytest.mark.parametrize("surplus", [-1, 0, 1])
def test_a_payload_may_end_anywhere_about_the_end_of_a_segment(intake, directory, surplus):
    """No padded length straddles a segment's end, so the writer is asked directly."""
    from intake.segments import SegmentWriter

    payload = os.urandom(SEGMENT_BYTES + surplus)
    writer = SegmentWriter(intake._store.blobs, lambda: FIRST_DAY)
    writer.write(memoryview(payload))
    writer.finish()
    assert b"".join(file.read_bytes() for file in blobs(directory)) == payload
    assert writer.segments == len(blobs(directory)) == (2 if surplus > 0 else 1)


def test_an_envelope_reads_from_anywhere_across_its_segments(intake):
    envelope = make_envelope(padded_bytes(9_000_000))
    digest = intake.receive(DOOR, [envelope])
    border = len(make_header())
    with intake.open_envelope(digest) as file:
        for place in (border + SEGMENT_BYTES - 5, 0, border - 5, len(envelope) - 5, border):
            assert file.seek(place) == place
            assert file.read(10) == envelope[place : place + 10]
            assert file.tell() == min(place + 10, len(envelope))
        assert file.seek(-3, os.SEEK_END) == len(envelope) - 3
        assert file.read() == envelope[-3:]
        assert file.seek(len(envelope) + 10) > len(envelope)
        assert file.read(1) == b""


def test_an_unknown_envelope_is_said_to_be_unknown(intake):
    with pytest.raises(UnknownEnvelopeError):
        intake.open_envelope(bytes(32))


def test_the_same_bytes_twice_are_one_envelope_with_one_answer(intake, directory):
    envelope = make_envelope()
    first = intake.receive(DOOR, [envelope])
    files = blobs(directory)
    assert intake.receive(DOOR, sliced(envelope, 999)) == first
    assert blobs(directory) == files
    assert len(list(intake.envelopes("main", open_day=True))) == 1
    assert read_all(intake, first) == envelope


LENGTHS = sorted(
    {
        around + offset
        for plaintext in (1, 65_535, 65_536, 65_537, padded_bytes(65_537), padded_bytes(200_000))
        for around in (ciphertext_bytes(plaintext),)
        for offset in (-17, -16, -1, 0, 1, 16, 17)
    }
    | {0, 15, 16, 17, 32, 33}
)
ALLOWED = {ciphertext_bytes(padded_bytes(size)) for size in (0, 65_537, 200_000)}


@pytest.mark.parametrize("length", LENGTHS)
def test_of_all_payload_lengths_only_those_that_padding_makes_are_taken(intake, directory, length):
    envelope = make_header() + os.urandom(length)
    if length in ALLOWED:
        assert read_all(intake, intake.receive(DOOR, [envelope])) == envelope
    else:
        with pytest.raises(WrongLengthError):
            intake.receive(DOOR, [envelope])
        assert blobs(directory) == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_cut_envelope_is_refused_and_leaves_nothing(intake, directory, data):
    envelope = make_envelope()
    cut = data.draw(st.integers(0, len(envelope) - 1))
    with pytest.raises(WrongLengthError):
        intake.receive(DOOR, sliced(envelope[:cut], 30_000))
    assert blobs(directory) == []
    assert intake.status().arrived == {}


def test_a_longer_envelope_than_the_door_takes_is_refused_while_it_comes(intake, directory):
    envelope = make_envelope(padded_bytes(1_000_000))
    door = Door("main", frozenset({2}), max_bytes=500_000)
    pieces = list(sliced(envelope, 100_000))
    with intake.begin(door) as arrival:
        for piece in pieces[:5]:
            arrival.write(piece)
        with pytest.raises(TooLargeError):
            arrival.write(pieces[5])
    assert blobs(directory) == []


def test_a_wrong_header_is_refused_before_any_file_is_made(intake, directory):
    with intake.begin(SIXTEEN) as arrival, pytest.raises(WrongSlotsError):
        arrival.write(make_header(2))
    with intake.begin(SIXTEEN) as arrival, pytest.raises(MalformedHeaderError):
        arrival.write(b"not an age file of any kind")
    assert blobs(directory) == []


@pytest.mark.parametrize("length", [10, 4_000, 100_000, 9_000_000])
def test_leaving_without_commit_leaves_nothing(intake, directory, length):
    envelope = make_envelope(padded_bytes(9_500_000))
    with intake.begin(DOOR) as arrival:
        arrival.write(envelope[:length])
    assert blobs(directory) == []
    with pytest.raises(ValueError, match="ended"):
        arrival.commit()
    with pytest.raises(ValueError, match="ended"):
        arrival.write(b"more")


def test_an_error_of_the_sender_leaves_nothing(intake, directory):
    def blocks():
        yield make_envelope()[:60_000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        intake.receive(DOOR, blocks())
    assert blobs(directory) == []


def test_a_refused_arrival_is_over(intake):
    with intake.begin(DOOR) as arrival:
        with pytest.raises(RefusedEnvelopeError):
            arrival.write(b"age-encryption.org/v9\n")
        with pytest.raises(ValueError, match="ended"):
            arrival.write(make_envelope())


def test_files_are_private_and_carry_the_day_only(intake, directory):
    intake.receive(DOOR, [make_envelope()])
    intake.receive(DOOR, [make_envelope()])
    midnight = 1_795_392_000 * 10**9  # 2026-11-23 00:00 UTC
    for path in directory.rglob("*"):
        about = path.stat()
        assert stat.S_IMODE(about.st_mode) == (0o700 if path.is_dir() else 0o600)
        if path.suffix != ".lock":
            assert about.st_mtime_ns == midnight, path.name
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_nothing_but_the_header_and_its_row_is_in_the_database(intake, directory):
    """The channel, the day, lengths, the file's random name: no time, no address, no count."""
    envelope = make_envelope()
    intake.receive(DOOR, [envelope])
    raw = raw_bytes(directory)
    assert raw.count(envelope[len(make_header()) :]) == 1
    with intake._store.database.reading() as session:
        (row,) = session.connection().exec_driver_sql("SELECT * FROM envelope").all()
    fields = row._asdict()
    assert fields.pop("header") == envelope[: len(make_header())]
    assert fields.pop("blob") == blobs(directory)[0].name[:32]
    assert fields == {
        "hash": hashlib.sha256(envelope).digest(),
        "channel": "main",
        "day": "2026-11-23",
        "closed": 0,
        "length": len(envelope),
        "segments": 1,
    }


def test_many_threads_store_at_once(intake, directory):
    envelopes = [make_envelope() for _ in range(40)]
    failures = []

    def work(mine):
        try:
            for envelope in mine:
                intake.receive(DOOR, sliced(envelope, 20_000))
        except IntakeError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(envelopes[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    stored = list(intake.envelopes("main", open_day=True))
    assert {item.hash for item in stored} == {hashlib.sha256(e).digest() for e in envelopes}
    assert len(blobs(directory)) == 40


def test_the_same_envelope_in_many_threads_is_stored_once(intake, directory):
    envelope = make_envelope()
    digests = []
    threads = [
        threading.Thread(target=lambda: digests.append(intake.receive(DOOR, [envelope])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 8
    assert len(set(digests)) == 1
    assert len(blobs(directory)) == 1


def test_an_idle_arrival_takes_little_more_memory_than_its_header(intake):
    header = make_header(16)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        arrivals = [intake.begin(SIXTEEN) for _ in range(50)]
        empty, _ = tracemalloc.get_traced_memory()
        for arrival in arrivals:
            arrival.write(header)
            arrival.write(bytes(100_000))
        busy, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    for arrival in arrivals:
        with arrival:
            pass
    assert (empty - before) / 50 < 2_500
    assert (busy - before) / 50 < len(header) * 9 / 8 + 2_500
