"""The published vectors of the log are what the code writes, and each refusal is refused."""

import json
from pathlib import Path

import pytest

from crypto.errors import LogError
from crypto.log_day import Followed, parse_day, serialize_day
from crypto.log_proof import LogProof, prove
from crypto.minisign import VerifyKey
from tests.vectors import make_log

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "log.json").read_bytes())
KEYS = [VerifyKey.parse(VECTOR["log_key"])]
WITNESSES = {VECTOR["witness_name"]: VerifyKey.parse(VECTOR["witness_key"])}
FIRST = parse_day(VECTOR["days"][0].encode())


def by_name(group: str):
    return pytest.mark.parametrize("one", VECTOR[group], ids=lambda one: one["name"])


def test_the_vectors_are_as_they_are_made() -> None:
    assert make_log.log() == VECTOR


def test_the_days_follow_each_other() -> None:
    seen = Followed(VECTOR["origin"])
    for text in VECTOR["days"]:
        day = parse_day(text.encode())
        assert serialize_day(day).decode() == text
        seen = seen.follow(day, KEYS)
        day.head.witnesses(WITNESSES)
    assert seen.tree.size == 8


def test_the_receipt_holds() -> None:
    digest = bytes.fromhex(VECTOR["receipt"]["envelope_hash_hex"])
    proof = LogProof.parse(VECTOR["receipt"]["text"])
    proof.verify(digest, KEYS)
    assert set(proof.head.witnesses(WITNESSES)) == set(WITNESSES)
    assert prove(parse_day(VECTOR["days"][2].encode()), digest) == proof


@by_name("refused_days")
def test_what_is_no_day_is_refused(one: dict[str, str]) -> None:
    with pytest.raises(LogError):
        parse_day(one["text"].encode())


@by_name("refused_after_first_day")
def test_what_is_not_the_next_day_is_refused(one: dict[str, str]) -> None:
    day = parse_day(one["text"].encode())
    with pytest.raises(LogError):
        follow_and_look_for_witnesses(day)


def follow_and_look_for_witnesses(day) -> None:
    Followed.at(FIRST).follow(day, KEYS)
    day.head.witnesses(WITNESSES)


@by_name("refused_receipts")
def test_what_is_no_receipt_of_this_envelope_is_refused(one: dict[str, str]) -> None:
    with pytest.raises(LogError):
        verify(one["text"], bytes.fromhex(one["envelope_hash_hex"]))


def verify(text: str, digest: bytes) -> None:
    LogProof.parse(text).verify(digest, KEYS)
