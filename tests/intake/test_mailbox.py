import hashlib
import io

import pytest

from crypto.padding import padded_bytes
from crypto.reply import MAX_REPLY_BYTES
from intake.errors import (
    RefusedEnvelopeError,
    TooLargeError,
    UnknownReplyError,
    WrongLengthError,
    WrongSlotsError,
)
from intake.values import Delivery, WaitingReply
from tests.intake.support import (
    ADDRESS,
    DOOR,
    FIRST_DAY,
    blobs,
    make_envelope,
    make_reply,
    raw_bytes,
)

ELSEWHERE = b"\x02" * 32


def deliver(intake, reply, address=ADDRESS):
    return intake.deliver(address, io.BytesIO(reply))


def read(intake, reply, address=ADDRESS):
    with intake.open_reply(address, hashlib.sha256(reply).digest()) as file:
        return file.read()


def test_a_mailbox_that_was_never_used_is_an_empty_one(intake):
    assert intake.waiting(ADDRESS) == []
    intake.erase_all(ADDRESS)
    intake.erase(ADDRESS, [bytes(32)])
    assert intake.waiting(ADDRESS) == []


def test_a_delivered_reply_waits_under_its_address_only(intake):
    reply = make_reply()
    digest = hashlib.sha256(reply).digest()
    assert deliver(intake, reply) is Delivery.ACCEPTED
    assert intake.waiting(ADDRESS) == [WaitingReply(digest, FIRST_DAY, len(reply))]
    assert read(intake, reply) == reply
    assert intake.waiting(ELSEWHERE) == []
    with pytest.raises(UnknownReplyError):
        intake.open_reply(ELSEWHERE, digest)


def test_a_reply_is_no_envelope_of_any_channel(intake):
    deliver(intake, make_reply())
    assert intake.status().arrived == {}


def test_a_reply_is_delivered_once(intake, directory):
    reply = make_reply()
    assert deliver(intake, reply) is Delivery.ACCEPTED
    files = blobs(directory)
    assert deliver(intake, reply) is Delivery.ALREADY
    assert blobs(directory) == files


def test_a_copy_that_was_delivered_elsewhere_keeps_no_reply_from_its_mailbox(intake):
    reply = make_reply()
    assert deliver(intake, reply, ELSEWHERE) is Delivery.ACCEPTED
    intake.erase_all(ELSEWHERE)
    assert deliver(intake, reply) is Delivery.ACCEPTED
    assert read(intake, reply) == reply
    assert deliver(intake, reply, ELSEWHERE) is Delivery.ALREADY


def test_what_is_remembered_of_a_reply_names_neither_it_nor_its_mailbox(intake, directory):
    reply = make_reply()
    deliver(intake, reply)
    intake.erase_all(ADDRESS)
    digest = hashlib.sha256(reply).digest()
    intake._store.database.empty_log()
    assert digest not in raw_bytes(directory)


def test_an_erased_reply_is_not_delivered_again(intake):
    reply = make_reply()
    deliver(intake, reply)
    intake.erase_all(ADDRESS)
    assert deliver(intake, reply) is Delivery.ALREADY
    assert intake.waiting(ADDRESS) == []


def test_erasing_takes_what_was_named_and_leaves_the_rest(intake, directory):
    replies = [make_reply() for _ in range(3)]
    for reply in replies:
        deliver(intake, reply)
    other = make_reply()
    deliver(intake, other, ELSEWHERE)
    digests = [hashlib.sha256(reply).digest() for reply in replies]
    intake.erase(ADDRESS, [digests[0], hashlib.sha256(other).digest(), bytes(32)])
    assert {reply.hash for reply in intake.waiting(ADDRESS)} == set(digests[1:])
    with pytest.raises(UnknownReplyError):
        intake.open_reply(ADDRESS, digests[0])
    assert len(blobs(directory)) == 3
    intake.erase_all(ADDRESS)
    assert intake.waiting(ADDRESS) == []
    assert len(intake.waiting(ELSEWHERE)) == 1
    assert len(blobs(directory)) == 1


@pytest.mark.parametrize("slots", [1, 3, 5, 16])
def test_a_reply_with_other_than_four_stanzas_is_refused(intake, directory, slots):
    with pytest.raises(WrongSlotsError):
        deliver(intake, make_envelope(slots=slots))
    assert blobs(directory) == []


@pytest.mark.parametrize("surplus", [-16, -1, 1, 16])
def test_a_reply_of_another_length_is_refused(intake, directory, surplus):
    reply = make_reply()
    reply = reply[:surplus] if surplus < 0 else reply + bytes(surplus)
    with pytest.raises(WrongLengthError):
        deliver(intake, reply)
    assert blobs(directory) == []
    assert intake.waiting(ADDRESS) == []


def test_a_reply_that_no_console_makes_is_refused_for_its_size(intake, directory):
    with pytest.raises(TooLargeError):
        deliver(intake, make_envelope(padded_bytes(MAX_REPLY_BYTES + 1), slots=4))
    assert blobs(directory) == []


def test_a_refused_reply_may_be_delivered_when_it_is_whole(intake):
    reply = make_reply()
    with pytest.raises(RefusedEnvelopeError):
        deliver(intake, reply[:-1])
    assert deliver(intake, reply) is Delivery.ACCEPTED


def test_after_erasing_no_byte_of_the_header_is_in_any_file(intake, directory):
    replies = [make_reply() for _ in range(20)]
    for reply in replies:
        deliver(intake, reply)
    for reply in replies[::2]:
        intake.erase(ADDRESS, [hashlib.sha256(reply).digest()])
    raw = raw_bytes(directory)
    for number, reply in enumerate(replies):
        pieces = [reply[at : at + 24] for at in (40, 900, 1700, 3300, 4900, 6230)]
        found = [piece in raw for piece in pieces]
        assert found == [bool(number % 2)] * len(pieces)


def test_a_reply_that_is_erased_while_it_is_read_is_gone(intake):
    reply = make_reply()
    deliver(intake, reply)
    with intake.open_reply(ADDRESS, hashlib.sha256(reply).digest()) as file:
        assert file.read(1000) == reply[:1000]
        intake.erase_all(ADDRESS)
        file.seek(30_000)
        with pytest.raises(UnknownReplyError):
            file.read()


def test_no_table_holds_an_address_beside_anything_of_an_envelope(intake, directory):
    envelope, reply = make_envelope(), make_reply()
    intake.receive(DOOR, [envelope])
    deliver(intake, reply)
    with intake._store.database.reading() as session:
        connection = session.connection()
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        holding = {
            name
            for (name,) in names.all()
            for row in connection.exec_driver_sql(f"SELECT * FROM {name}")
            if ADDRESS in row
        }
        delivered = connection.exec_driver_sql("SELECT * FROM delivered").all()
    assert holding == {"reply"}
    remembered = hashlib.sha256(ADDRESS + hashlib.sha256(reply).digest()).digest()
    assert delivered == [(remembered, "2026-11-23")]
    intake.erase_all(ADDRESS)
    assert ADDRESS not in raw_bytes(directory)
