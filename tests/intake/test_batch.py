import hashlib
import io
from datetime import timedelta

import pytest

from crypto.padding import padded_bytes
from intake.errors import StorageFullError, UnknownEnvelopeError
from intake.values import Batched, StoredEnvelope
from tests.intake.support import (
    ADDRESS,
    DOOR,
    FIRST_DAY,
    SIGNER,
    blobs,
    make_envelope,
    make_reply,
    read_all,
)


def test_an_open_day_is_not_closed(intake, directory):
    intake.receive(DOOR, [make_envelope()])
    files = blobs(directory)
    assert intake.run_batch(SIGNER) == Batched(envelopes=0, replies=0)
    assert blobs(directory) == files
    assert list(intake.envelopes("main")) == []
    assert intake.status().open_days == {FIRST_DAY}


def test_only_closed_days_are_given_out(intake, calendar):
    yesterday = make_envelope()
    digest = intake.receive(DOOR, [yesterday])
    calendar.turn()
    intake.receive(DOOR, [make_envelope()])
    assert list(intake.envelopes("main")) == []
    assert intake.run_batch(SIGNER) == Batched(envelopes=1, replies=0)
    expected = [StoredEnvelope(digest, "main", FIRST_DAY, len(yesterday))]
    assert list(intake.envelopes("main")) == expected
    assert len(list(intake.envelopes("main", open_day=True))) == 2
    assert list(intake.envelopes("other")) == []
    assert intake.status().open_days == {calendar.day}


def test_a_courier_is_given_one_of_a_closed_day_and_of_its_channel(intake, calendar):
    yesterday, today = make_envelope(), make_envelope()
    closed = intake.receive(DOOR, [yesterday])
    calendar.turn()
    still_open = intake.receive(DOOR, [today])
    for digest in (closed, still_open):
        with pytest.raises(UnknownEnvelopeError):
            intake.open_logged("main", digest)
    intake.run_batch(SIGNER)
    with intake.open_logged("main", closed) as file:
        assert file.read() == yesterday
    for channel, digest in [("other", closed), ("main", still_open), ("main", bytes(32))]:
        with pytest.raises(UnknownEnvelopeError):
            intake.open_logged(channel, digest)


def test_a_batch_moves_every_payload_to_new_files_and_changes_no_byte(intake, directory, calendar):
    envelopes = [make_envelope(padded_bytes(size)) for size in (1, 100_000, 9_000_000, 20_000_000)]
    digests = [intake.receive(DOOR, [envelope]) for envelope in envelopes]
    reply = make_reply()
    intake.deliver(ADDRESS, io.BytesIO(reply))
    old = blobs(directory)
    calendar.turn()
    seen = []
    intake.run_batch(SIGNER, lambda done, total: seen.append((done, total)))
    new = blobs(directory)
    assert len(new) == len(old) == 8
    assert not {file.name[:32] for file in new} & {file.name[:32] for file in old}
    assert [read_all(intake, digest) for digest in digests] == envelopes
    with intake.open_reply(ADDRESS, hashlib.sha256(reply).digest()) as file:
        assert file.read() == reply
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (8, 8)


def test_the_files_of_a_closed_day_carry_their_day_and_not_the_batch_s(intake, directory, calendar):
    intake.receive(DOOR, [make_envelope()])
    calendar.turn(3)
    intake.run_batch(SIGNER)
    (file,) = blobs(directory)
    assert file.stat().st_mtime_ns == 1_795_392_000 * 10**9


def test_a_second_batch_has_nothing_to_do(intake, directory, calendar):
    intake.receive(DOOR, [make_envelope()])
    calendar.turn()
    intake.run_batch(SIGNER)
    files = blobs(directory)
    assert intake.run_batch(SIGNER) == Batched(envelopes=0, replies=0)
    assert blobs(directory) == files


def test_an_envelope_is_read_on_while_a_batch_moves_it(intake, calendar):
    envelope = make_envelope(padded_bytes(20_000_000))
    digest = intake.receive(DOOR, [envelope])
    calendar.turn()
    with intake.open_envelope(digest) as file:
        beginning = file.read(1000)
        intake.run_batch(SIGNER)
        assert beginning + file.read() == envelope


def test_after_a_batch_the_log_is_empty_and_no_page_is_free(intake, directory, calendar):
    for _ in range(20):
        intake.receive(DOOR, [make_envelope()])
    calendar.turn()
    intake.run_batch(SIGNER)
    assert (directory / "candor.sqlite3-wal").stat().st_size == 0
    with intake._store.database.reading() as session:
        free = session.connection().exec_driver_sql("PRAGMA freelist_count").scalar_one()
    assert free == 0


class Interrupted(BaseException):
    """Stands for a process that is killed: nothing of ours handles it."""


@pytest.mark.parametrize("moment", [1, 3, 5])
def test_a_batch_that_fails_while_copying_leaves_everything_as_it_was(
    intake, directory, calendar, moment
):
    envelopes = [make_envelope() for _ in range(5)]
    digests = [intake.receive(DOOR, [envelope]) for envelope in envelopes]
    files = blobs(directory)
    calendar.turn()

    def interrupt(done, _total):
        if done == moment:
            raise Interrupted

    with pytest.raises(Interrupted):
        intake.run_batch(SIGNER, interrupt)
    assert blobs(directory) == files
    assert [read_all(intake, digest) for digest in digests] == envelopes
    assert intake.run_batch(SIGNER) == Batched(envelopes=5, replies=0)
    assert [read_all(intake, digest) for digest in digests] == envelopes
    assert len(blobs(directory)) == 5


def test_a_reply_erased_while_its_batch_runs_stays_erased(intake, directory, calendar):
    replies = [make_reply() for _ in range(4)]
    for reply in replies:
        intake.deliver(ADDRESS, io.BytesIO(reply))
    calendar.turn()

    def erase(done, _total):
        if done == 2:
            intake.erase_all(ADDRESS)

    assert intake.run_batch(SIGNER, erase) == Batched(envelopes=0, replies=0)
    assert intake.waiting(ADDRESS) == []
    assert blobs(directory) == []


def test_an_arrival_goes_on_through_a_batch(intake, calendar):
    old = make_envelope()
    intake.receive(DOOR, [old])
    envelope = make_envelope(padded_bytes(9_000_000))
    with intake.begin(DOOR) as arrival:
        arrival.write(envelope[:5_000_000])
        calendar.turn()
        intake.run_batch(SIGNER)
        arrival.write(envelope[5_000_000:])
        digest = arrival.commit()
    assert read_all(intake, digest) == envelope
    (late,) = [e for e in intake.envelopes("main", open_day=True) if e.hash == digest]
    assert late.day == FIRST_DAY + timedelta(days=1)


def test_a_batch_without_room_for_its_copies_changes_nothing(
    intake, directory, calendar, monkeypatch
):
    """The reserve is made as large as the volume; a really full volume stands in test_full_disk."""
    envelopes = [make_envelope() for _ in range(4)]
    digests = [intake.receive(DOOR, [envelope]) for envelope in envelopes]
    calendar.turn()
    monkeypatch.setattr("intake.blobs.RESERVE_SHARE", 1)
    monkeypatch.setattr("intake.blobs.MAX_RESERVE_BYTES", 1 << 62)
    files = blobs(directory)
    with pytest.raises(StorageFullError):
        intake.run_batch(SIGNER)
    assert blobs(directory) == files
    monkeypatch.undo()
    assert intake.run_batch(SIGNER) == Batched(envelopes=4, replies=0)
    assert [read_all(intake, digest) for digest in digests] == envelopes
