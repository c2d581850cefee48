import hashlib
import io

import pytest

from crypto.padding import padded_bytes
from intake.errors import UnknownEnvelopeError
from intake.values import Delivery, Purged
from tests.intake.support import (
    ADDRESS,
    DOOR,
    SIGNER,
    Door,
    blobs,
    make_envelope,
    make_header,
    make_reply,
    raw_bytes,
    read_all,
)

OTHER = Door("other", frozenset({2}))
THIRD = Door("third", frozenset({2}))


def test_each_channel_keeps_its_own_time(intake, directory, calendar):
    main = [intake.receive(DOOR, [make_envelope()]) for _ in range(3)]
    other = [intake.receive(OTHER, [make_envelope()]) for _ in range(2)]
    third = [intake.receive(THIRD, [make_envelope()])]
    rules = {"main": 30, "other": 31}
    calendar.turn(30)
    assert intake.purge(rules) == Purged(0, 0, 0, without_rule=1)
    calendar.turn(1)
    assert intake.purge(rules) == Purged(3, 0, 0, without_rule=1)
    for digest in main:
        with pytest.raises(UnknownEnvelopeError):
            intake.open_envelope(digest)
    assert [len(read_all(intake, digest)) for digest in other + third] == [3_184 + 65_568] * 3
    calendar.turn(1)
    assert intake.purge(rules) == Purged(2, 0, 0, without_rule=1)
    assert len(blobs(directory)) == 1


def test_a_purge_asks_neither_for_the_batch_nor_for_who_read(intake, calendar):
    closed = intake.receive(DOOR, [make_envelope()])
    calendar.turn()
    intake.run_batch(SIGNER)
    intake.receive(DOOR, [make_envelope()])
    with intake.open_envelope(closed) as file:
        file.read()
    calendar.turn(40)
    assert intake.purge({"main": 30}).envelopes == 2


def test_waiting_replies_and_remembered_deliveries_go_after_183_days(intake, directory, calendar):
    reply = make_reply()
    intake.deliver(ADDRESS, io.BytesIO(reply))
    calendar.turn(183)
    assert intake.purge({}) == Purged(0, 0, 0, without_rule=0)
    assert intake.deliver(ADDRESS, io.BytesIO(reply)) is Delivery.ALREADY
    calendar.turn(1)
    assert intake.purge({}) == Purged(0, 1, 1, without_rule=0)
    assert intake.waiting(ADDRESS) == []
    assert blobs(directory) == []


def test_after_a_purge_no_byte_of_a_header_is_in_any_file(intake, directory, calendar):
    gone = [make_envelope() for _ in range(300)]  # more than one commit of the purge
    for envelope in gone:
        intake.receive(DOOR, [envelope])
    calendar.turn(20)
    kept = [make_envelope() for _ in range(5)]
    for envelope in kept:
        intake.receive(DOOR, [envelope])
    calendar.turn(20)
    assert intake.purge({"main": 30}).envelopes == 300
    raw = raw_bytes(directory)
    probes = [*range(40, len(make_header()) - 60, 700), len(make_header()) - 45]
    for envelope in gone:
        assert not [at for at in probes if envelope[at : at + 20] in raw]
        assert hashlib.sha256(envelope).digest() not in raw
    for envelope in kept:
        assert read_all(intake, hashlib.sha256(envelope).digest()) == envelope


def test_a_purged_large_envelope_leaves_no_segment(intake, directory, calendar):
    digest = intake.receive(DOOR, [make_envelope(padded_bytes(20_000_000))])
    calendar.turn(2)
    with intake.open_envelope(digest) as file:
        file.read(100)
        assert intake.purge({"main": 1}).envelopes == 1
        assert blobs(directory) == []
        file.seek(9_000_000)
        with pytest.raises(UnknownEnvelopeError):
            file.read()


def test_the_database_shrinks_again(intake, directory, calendar):
    for _ in range(100):
        intake.receive(DOOR, [make_envelope()])
    calendar.turn()
    intake.run_batch(SIGNER)
    large = (directory / "candor.sqlite3").stat().st_size
    calendar.turn(100)
    intake.purge({"main": 1})
    assert (directory / "candor.sqlite3").stat().st_size < large / 5
    with intake._store.database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT * FROM discarded").all() == []
