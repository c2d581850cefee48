"""Witnesses' signatures: only a true one is added, and several at once lose none."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from crypto.checkpoint import NoteSignature, end_of_day, witness_name
from crypto.errors import UnsignedHeadError
from crypto.log_day import LogDay, parse_day
from crypto.minisign import SigningKey
from intake.errors import UnknownDayError
from intake.service import Intake
from tests.intake.support import DOOR, FIRST_DAY, LOG_KEY, SIGNER, make_envelope

KEYS = [SigningKey(bytes([number]) * 32) for number in range(1, 9)]
NAMES = [witness_name(SIGNER.service_id, f"courier-{number}") for number in range(1, 9)]
END = 1_795_478_400  # 2026-11-24, 00:00 UTC


@pytest.fixture
def logged(intake, calendar) -> LogDay:
    intake.receive(DOOR, [make_envelope()])
    calendar.turn()
    intake.run_batch(SIGNER)
    return first_day(intake)


def first_day(intake: Intake) -> LogDay:
    return parse_day(intake.log_day("main", FIRST_DAY))


def cosign(intake: Intake, day: LogDay, number: int = 0, signature: NoteSignature | None = None):
    name, key = NAMES[number], KEYS[number]
    made = signature or day.head.cosign(name, key, end_of_day(day.day))
    intake.cosign("main", day.day, made, name=name, key=key.verify_key)


def witnesses(intake: Intake, day: date = FIRST_DAY) -> dict[str, int]:
    known = {name: key.verify_key for name, key in zip(NAMES, KEYS, strict=True)}
    return parse_day(intake.log_day("main", day)).head.witnesses(known)


def test_a_cosignature_is_added_and_nothing_else_changes(intake, logged):
    cosign(intake, logged)
    after = first_day(intake)
    assert after.with_head(logged.head) == logged
    assert after.head.body == logged.head.body
    assert after.head.signatures[:1] == logged.head.signatures
    after.head.require_signed([LOG_KEY.verify_key])
    assert witnesses(intake) == {NAMES[0]: END}


def test_the_same_one_twice_changes_no_byte(intake, directory, logged):
    cosign(intake, logged)
    file = directory / "log" / "main" / "2026-11-23.json"
    before = file.stat().st_ino, file.read_bytes()
    cosign(intake, logged)
    assert (file.stat().st_ino, file.read_bytes()) == before
    assert file.stat().st_mtime_ns == (END - 86_400) * 10**9


def refused(intake, logged, signature: NoteSignature) -> None:
    before = intake.log_day("main", FIRST_DAY)
    with pytest.raises(UnsignedHeadError):
        cosign(intake, logged, 0, signature)
    assert intake.log_day("main", FIRST_DAY) == before


def test_another_time_is_refused_so_that_nothing_finer_than_a_day_is_kept(intake, logged):
    for seconds in (0, END - 1, END + 1, END + 86_400):
        refused(intake, logged, logged.head.cosign(NAMES[0], KEYS[0], seconds))


def test_another_witness_s_key_or_name_is_refused(intake, logged):
    refused(intake, logged, logged.head.cosign(NAMES[0], KEYS[1], END))
    refused(intake, logged, logged.head.cosign(NAMES[1], KEYS[0], END))
    refused(intake, logged, logged.head.cosign(NAMES[1], KEYS[1], END))
    refused(intake, logged, logged.head.sign(LOG_KEY).signatures[0])


def test_a_signature_of_another_head_is_refused(intake, calendar, logged):
    calendar.turn()
    intake.receive(DOOR, [make_envelope()])
    calendar.turn()
    intake.run_batch(SIGNER)
    later = parse_day(intake.log_day("main", FIRST_DAY + timedelta(days=2)))
    refused(intake, logged, later.head.cosign(NAMES[0], KEYS[0], END))


def test_a_flipped_bit_is_refused(intake, logged):
    blob = logged.head.cosign(NAMES[0], KEYS[0], END).blob
    for place in range(0, len(blob) * 8, 7):
        flipped = bytearray(blob)
        flipped[place // 8] ^= 1 << place % 8
        refused(intake, logged, NoteSignature(NAMES[0], bytes(flipped)))


def test_who_has_cosigned_can_add_no_line_that_means_nothing(intake, logged):
    """A line of a key that nobody knows would stand in the public file, and fill it up."""
    cosign(intake, logged)
    blob = logged.head.cosign(NAMES[0], KEYS[0], END).blob
    for place in range(4):  # the key's id
        other = bytearray(blob)
        other[place] ^= 1
        refused(intake, logged, NoteSignature(NAMES[0], bytes(other)))
    refused(intake, logged, NoteSignature(NAMES[0], bytes(76)))


def test_a_witness_s_name_cannot_take_the_log_s_own_line(intake, logged):
    name = SIGNER.origin("main")
    made = logged.head.cosign(name, LOG_KEY, END)
    intake.cosign("main", FIRST_DAY, made, name=name, key=LOG_KEY.verify_key)
    first_day(intake).head.require_signed([LOG_KEY.verify_key])


def test_what_is_not_logged_yet_cannot_be_cosigned(intake, logged):
    tomorrow = FIRST_DAY + timedelta(days=1)
    made = logged.head.cosign(NAMES[0], KEYS[0], end_of_day(tomorrow))
    for channel, day in (("main", tomorrow), ("other", FIRST_DAY), ("../main", FIRST_DAY)):
        with pytest.raises(UnknownDayError):
            intake.cosign(channel, day, made, name=NAMES[0], key=KEYS[0].verify_key)


def test_several_at_once_lose_none(intake, directory, logged):
    with Intake(directory) as other, ThreadPoolExecutor(len(KEYS)) as threads:
        start = threading.Barrier(len(KEYS))

        def sign(number: int) -> None:
            start.wait()
            cosign((intake, other)[number % 2], logged, number)

        list(threads.map(sign, range(len(KEYS))))
    assert witnesses(intake) == dict.fromkeys(NAMES, END)
    assert len(list((directory / "log" / "main").iterdir())) == 1


def test_cosigning_beside_batches_loses_nothing(intake, directory, calendar, logged):
    """Every day is cosigned by somebody as soon as it is there, while the next ones are made."""
    days = 12

    def witness(other: Intake, number: int) -> None:
        day = FIRST_DAY
        while day < FIRST_DAY + timedelta(days=days):
            try:
                cosign(other, parse_day(other.log_day("main", day)), number)
            except UnknownDayError:
                time.sleep(0.001)
            else:
                day += timedelta(days=1)

    with Intake(directory) as other, ThreadPoolExecutor(2) as threads:
        at_work = [threads.submit(witness, other, number) for number in range(2)]
        for _ in range(days - 1):
            intake.receive(DOOR, [make_envelope()])
            calendar.turn()
            intake.run_batch(SIGNER)
        for work in at_work:
            work.result(timeout=60)
    for number in range(days):
        day = FIRST_DAY + timedelta(days=number)
        assert witnesses(intake, day) == dict.fromkeys(NAMES[:2], end_of_day(day))
