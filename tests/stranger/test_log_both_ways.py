"""Days and receipts: each takes the other one's, and both refuse the same."""

import hashlib
from datetime import date, timedelta

import pytest

from crypto.checkpoint import end_of_day, log_origin, witness_name
from crypto.errors import LogError
from crypto.log_day import Followed, parse_day
from crypto.log_proof import LogProof, prove
from crypto.minisign import SigningKey, VerifyKey
from intake.log_signer import LogSigner
from tests.intake.support import Calendar, Door, make_envelope, opened
from tests.stranger import keys, log
from tests.stranger.test_vectors import vectors

WHOLE = vectors("log")
SEED, WITNESS_SEED = (bytes.fromhex(WHOLE[f"{one}_seed_hex"]) for one in ("log", "witness"))
KEYS = log.Keys(
    WHOLE["origin"],
    (keys.parse_key(WHOLE["log_key"]),),
    {WHOLE["witness_name"]: keys.parse_key(WHOLE["witness_key"])},
)
THEIRS = [VerifyKey.parse(WHOLE["log_key"])]


def test_the_vectors_are_read_followed_and_written_byte_for_byte():
    before = None
    for text in WHOLE["days"]:
        day = log.read_day(text)
        log.require_next(before, day, KEYS)
        written = log.write_day(day.day, before, day.leaves, KEYS, SEED)
        for name, when in KEYS.check(day.head).items():
            assert when == log.end_of(day.day)
            head = log.add_signature(written.head, name, log.WITNESS, WITNESS_SEED, when)
            written = log.Day(day.day, day.size_before, day.peaks_before, day.leaves, head)
        assert written.text == text
        before = day


def test_the_receipt_is_checked_and_written_byte_for_byte():
    digest = bytes.fromhex(WHOLE["receipt"]["envelope_hash_hex"])
    seen = log.check_receipt(WHOLE["receipt"]["text"], digest, KEYS)
    assert seen == {WHOLE["witness_name"]: log.end_of(date(2026, 11, 24))}
    assert log.write_receipt(log.read_day(WHOLE["days"][2]), digest) == WHOLE["receipt"]["text"]


@pytest.mark.parametrize("one", WHOLE["refused_days"], ids=lambda one: one["name"])
def test_what_is_no_day(one):
    with pytest.raises(log.LogError):
        log.read_day(one["text"])


@pytest.mark.parametrize("one", WHOLE["refused_after_first_day"], ids=lambda one: one["name"])
def test_what_is_not_the_next_day(one):
    first, day = log.read_day(WHOLE["days"][0]), log.read_day(one["text"])
    with pytest.raises(log.LogError):
        log.require_next(first, day, KEYS)


@pytest.mark.parametrize("one", WHOLE["refused_receipts"], ids=lambda one: one["name"])
def test_what_is_no_receipt_of_this_envelope(one):
    with pytest.raises(log.LogError):
        log.check_receipt(one["text"], bytes.fromhex(one["envelope_hash_hex"]), KEYS)


def test_a_service_s_log_is_followed_and_its_envelopes_proved(tmp_path):
    """Written by the real batch, witnessed by the stranger, followed and proved by both."""
    service_id, key, witness = bytes(16), SigningKey(SEED), SigningKey(WITNESS_SEED)
    name = witness_name(service_id, "van")
    known = log.Keys(
        log_origin(service_id, "main"), (key.verify_key.raw,), {name: witness.verify_key.raw}
    )
    calendar, before = Calendar(), None
    with opened(tmp_path / "data", calendar) as intake:
        for count in (3, 0, 1, 6):
            envelopes = [make_envelope() for _ in range(count)]
            for envelope in envelopes:
                intake.receive(Door("main", frozenset({2})), [envelope])
            calendar.turn()
            intake.run_batch(LogSigner(service_id, key, ("main",), date.max))
            yesterday = calendar.day - timedelta(days=1)
            day = log.read_day(intake.log_day("main", yesterday).decode())
            log.require_next(before, day, known)
            assert set(day.leaves) == {hashlib.sha256(one).digest() for one in envelopes}
            signed = log.add_signature(
                day.head, name, log.WITNESS, WITNESS_SEED, log.end_of(yesterday)
            )
            line = parse_day(
                log.Day(
                    day.day, day.size_before, day.peaks_before, day.leaves, signed
                ).text.encode()
            ).head.signatures[-1]
            intake.cosign("main", yesterday, line, name=name, key=witness.verify_key)
            day = log.read_day(intake.log_day("main", yesterday).decode())
            assert known.check(day.head) == {name: end_of_day(yesterday)}
            for envelope in envelopes:
                digest = hashlib.sha256(envelope).digest()
                receipt = log.write_receipt(day, digest)
                assert prove(parse_day(day.text.encode()), digest).serialize() == receipt
                LogProof.parse(receipt).verify(digest, [key.verify_key])
                assert log.check_receipt(receipt, digest, known) == {name: end_of_day(yesterday)}
            before = day


def test_the_stranger_s_log_is_followed():
    seen, before = Followed(WHOLE["origin"]), None
    for number, count in enumerate((2, 0, 7, 1)):
        leaves = [hashlib.sha256(f"{number} {one}".encode()).digest() for one in range(count)]
        day = log.write_day(date(2026, 1, 1) + timedelta(days=number), before, leaves, KEYS, SEED)
        seen = seen.follow(parse_day(day.text.encode()), THEIRS)
        for leaf in leaves:
            LogProof.parse(log.write_receipt(day, leaf)).verify(leaf, THEIRS)
        before = day
    assert seen.tree.size == 10


def test_both_refuse_a_day_with_a_changed_byte():
    text, first = WHOLE["days"][1].encode(), log.read_day(WHOLE["days"][0])
    for place in range(0, len(text), 3):
        changed = bytearray(text)
        changed[place] ^= 1
        with pytest.raises((log.LogError, UnicodeDecodeError)):
            log.require_next(first, log.read_day(changed.decode()), KEYS)
        with pytest.raises(LogError):
            follow(WHOLE["days"][0].encode(), bytes(changed))


def follow(first, second):
    Followed.at(parse_day(first)).follow(parse_day(second), THEIRS)
