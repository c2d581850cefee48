"""A reply travels from the console to the source, sealed, signed and numbered."""

import hashlib
import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.errors import ForgedThreadError, ThreadBookError, UnanswerableError
from console.reply import Answer, Reviewer, write_reply_bundle
from console.threads import book_path
from crypto.bag_info import ReplyInfo, StatusCode
from crypto.bag_reader import BagReader
from crypto.bundle import ENVELOPES
from crypto.bundle_reader import OutboundBundle
from crypto.envelope import open_seekable
from crypto.errors import NotAddressedError
from crypto.header import parse_header
from crypto.identity_bag import seal_identity_bag
from crypto.reply import Reply, read_reply
from crypto.source_keys import SourceKeys, reviewer_signing_key
from disk.errors import OutputError
from tests.console.support import (
    ANNA,
    BORIS,
    CUSTODIAN,
    DAY,
    answers,
    new_source,
    seal_report,
    write_identity,
    write_passphrase,
)

ANNAS_KEY = reviewer_signing_key(ANNA).verify_key
ANSWER = Answer("Thank you. Which month was it?\n", StatusCode.QUESTION, None, DAY)


@pytest.fixture
def reviewer(tmp_path: Path) -> Reviewer:
    return Reviewer(ANNA, write_identity(tmp_path / "anna.age"))


def answer(envelope: Path, out: Path, reviewer: Reviewer, what: Answer = ANSWER) -> ReplyInfo:
    in_reply_to = hashlib.sha256(envelope.read_bytes()).digest()
    with envelope.open("rb") as file, open_seekable(file, [ANNA]) as payload:
        return write_reply_bundle(out, BagReader(payload), in_reply_to, what, reviewer)


def read_as_source(bundle: OutboundBundle, keys: SourceKeys) -> Iterator[Reply]:
    for entry in bundle.envelopes:
        if entry.destination == keys.address:
            sealed = io.BytesIO(bundle.open(entry).read())
            with open_seekable(sealed, [keys.identity]) as payload:
                yield read_reply(payload, keys, [ANNAS_KEY])


def replies_in(out: Path, keys: SourceKeys) -> list[Reply]:
    with out.open("rb", buffering=0) as file:
        return list(read_as_source(OutboundBundle(file, [ANNAS_KEY]), keys))


def test_a_source_reads_what_the_reviewer_wrote(tmp_path: Path, reviewer: Reviewer) -> None:
    keys = new_source()
    report = answers(readers=["anna", "boris"])
    envelope = seal_report(tmp_path / "a.age", keys=keys, report=report)
    answer(envelope, tmp_path / "out", reviewer)
    (reply,) = replies_in(tmp_path / "out", keys)
    assert reply.text == ANSWER.text
    assert reply.status is not None
    assert reply.status.code is StatusCode.QUESTION
    assert reply.signer == ANNAS_KEY
    assert reply.info.number == 1
    assert reply.info.readers == ("anna", "boris")
    assert reply.info.in_reply_to == hashlib.sha256(envelope.read_bytes()).digest()


def test_nobody_but_the_source_opens_it_and_dummies_look_alike(
    tmp_path: Path, reviewer: Reviewer
) -> None:
    keys = new_source()
    answer(seal_report(tmp_path / "a.age", keys=keys), tmp_path / "out", reviewer)
    opened = 0
    with (tmp_path / "out").open("rb", buffering=0) as file:
        bundle = OutboundBundle(file, [ANNAS_KEY])
        assert len(bundle.envelopes) == ENVELOPES
        assert len({entry.size for entry in bundle.envelopes}) == 1
        for entry in bundle.envelopes:
            sealed = io.BytesIO(bundle.open(entry).read())
            assert len(parse_header(sealed).stanzas) == 4
            for identity in (ANNA, BORIS, CUSTODIAN):
                with pytest.raises(NotAddressedError):
                    open_seekable(sealed, [identity])
            try:
                open_seekable(sealed, [keys.identity]).close()
                opened += 1
            except NotAddressedError:
                continue
    assert opened == 1


def test_numbers_grow_in_each_thread_by_itself(tmp_path: Path, reviewer: Reviewer) -> None:
    one, two = new_source(), new_source()
    first = seal_report(tmp_path / "a.age", keys=one)
    second = seal_report(tmp_path / "b.age", keys=two)
    later = seal_report(tmp_path / "c.age", keys=one, text="later")
    numbers = [
        answer(envelope, tmp_path / f"{n}.out", reviewer).number
        for n, envelope in enumerate([first, first, second, later])
    ]
    assert numbers == [1, 2, 1, 3]


def test_a_refused_bundle_takes_no_number(tmp_path: Path, reviewer: Reviewer) -> None:
    envelope = seal_report(tmp_path / "a.age")
    (tmp_path / "taken").write_bytes(b"mine")
    with pytest.raises(OutputError):
        answer(envelope, tmp_path / "taken", reviewer)
    assert (tmp_path / "taken").read_bytes() == b"mine"
    assert answer(envelope, tmp_path / "out", reviewer).number == 1


def test_a_bag_that_shares_part_of_a_thread_gets_no_answer(
    tmp_path: Path, reviewer: Reviewer
) -> None:
    keys, thief = new_source(), new_source()
    answer(seal_report(tmp_path / "a.age", keys=keys), tmp_path / "1.out", reviewer)
    forged = seal_report(tmp_path / "b.age", keys=replace(thief, signing=keys.signing))
    with pytest.raises(ForgedThreadError):
        answer(forged, tmp_path / "2.out", reviewer)
    assert not (tmp_path / "2.out").exists()


def test_a_damaged_record_stops_the_reply(tmp_path: Path, reviewer: Reviewer) -> None:
    envelope = seal_report(tmp_path / "a.age")
    book_path(reviewer.path).write_bytes(b"damaged")
    with pytest.raises(ThreadBookError):
        answer(envelope, tmp_path / "out", reviewer)
    assert not (tmp_path / "out").exists()


def test_an_identity_takes_no_reply(tmp_path: Path, reviewer: Reviewer) -> None:
    sealed = seal_identity_bag(
        "", channel="reports", signing=new_source().signing, custodian=ANNA.recipient
    )
    (tmp_path / "identity.age").write_bytes(sealed)
    with pytest.raises(UnanswerableError):
        answer(tmp_path / "identity.age", tmp_path / "out", reviewer)


@pytest.mark.parametrize("readers", [5, None, [5], ["A B"], ["anna\n"], {}, ["x" * 99]])
def test_readers_that_no_page_wrote_do_not_get_into_a_reply(
    tmp_path: Path, reviewer: Reviewer, readers: object
) -> None:
    envelope = seal_report(tmp_path / "a.age", report=answers(readers=readers))
    assert answer(envelope, tmp_path / "out", reviewer).readers == ()


def test_a_status_alone_is_a_reply(tmp_path: Path, reviewer: Reviewer) -> None:
    keys = new_source()
    what = Answer("", StatusCode.WORKING, DAY, DAY)
    answer(seal_report(tmp_path / "a.age", keys=keys), tmp_path / "out", reviewer, what)
    (reply,) = replies_in(tmp_path / "out", keys)
    assert reply.text == ""
    assert reply.status is not None
    assert reply.status.next_day == DAY


def reply_process(envelope: Path, out: Path, reviewer: Reviewer, passphrase: Path):
    program = "from cli.main import main; main()"
    arguments = ["reply", envelope, "--identity", reviewer.path, "--status", "opened", "--out", out]
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments, "--passphrase-file", passphrase],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("tries", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_no_number_is_ever_given_twice_however_often_the_command_is_killed(
    tmp_path: Path, reviewer: Reviewer, tries: int
) -> None:
    keys = new_source()
    envelope = seal_report(tmp_path / "a.age", keys=keys)
    passphrase = write_passphrase(tmp_path / "passphrase")
    started = time.monotonic()
    whole = reply_process(envelope, tmp_path / "whole.out", reviewer, passphrase)
    _, complaints = whole.communicate()
    assert whole.returncode == 0, complaints
    took = time.monotonic() - started
    for n in range(tries):
        process = reply_process(envelope, tmp_path / f"{n}.out", reviewer, passphrase)
        time.sleep(took * (0.5 + 0.5 * n / tries))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    last = answer(envelope, tmp_path / "last.out", reviewer).number
    outs = [path for path in tmp_path.iterdir() if path.suffix == ".out" and path.name[0] != "."]
    numbers = [reply.info.number for out in outs for reply in replies_in(out, keys)]
    assert len(numbers) == len(outs)
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) == last
    assert book_path(reviewer.path).exists()
