"""Logs that others run, and their witnesses, verify here: the formats are theirs.

Source: `tests/vectors/log_elsewhere.json` says whose they are.
"""

import base64
import json
from pathlib import Path

import pytest

from crypto.checkpoint import Head
from crypto.errors import ForkedLogError, UnsignedHeadError
from crypto.log_proof import LogProof
from crypto.minisign import SigningKey, VerifyKey

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "log_elsewhere.json").read_bytes())
LOG, WITNESS = "log2025-1.rekor.sigstore.dev", "witness.stagemole.eu"
ENTRY = VECTORS["entry"]
BODY = base64.b64decode(ENTRY["body_b64"])
OTHER = SigningKey(bytes(32)).verify_key


def key_of(name: str) -> VerifyKey:
    """Read a key as C2SP writes it: name, key id, and type || key in base64."""
    _, _, raw = VECTORS["vkeys"][name].split("+", 2)
    return VerifyKey(base64.b64decode(raw)[1:])


def test_a_head_of_another_s_log_is_signed_by_its_key_and_no_other() -> None:
    for text in (VECTORS["witnessed_head"], ENTRY["head"]):
        head = Head.parse(text)
        assert head.serialize() == text
        assert head.origin == LOG
        head.require_signed([key_of(LOG)])
        with pytest.raises(UnsignedHeadError):
            head.require_signed([OTHER])


def test_another_s_witness_has_signed_it_with_its_time() -> None:
    head = Head.parse(VECTORS["witnessed_head"])
    assert head.witnesses({WITNESS: key_of(WITNESS)}) == {WITNESS: VECTORS["witnessed_at"]}
    assert head.witnesses({WITNESS: OTHER, LOG: key_of(LOG)}) == {}


def test_an_entry_of_another_s_log_is_proved_to_be_in_it() -> None:
    path = tuple(base64.b64decode(part) for part in ENTRY["path_b64"])
    proof = LogProof(ENTRY["index"], path, Head.parse(ENTRY["head"]))
    LogProof.parse(proof.serialize()).verify(BODY, [key_of(LOG)])
    with pytest.raises(ForkedLogError):
        proof.verify(BODY + b" ", [key_of(LOG)])
    for place in range(len(path)):
        flipped = bytes([path[place][0] ^ 1, *path[place][1:]])
        changed = LogProof(proof.index, (*path[:place], flipped, *path[place + 1 :]), proof.head)
        with pytest.raises(ForkedLogError):
            changed.verify(BODY, [key_of(LOG)])


def test_their_key_ids_are_ours() -> None:
    for name, kind in ((LOG, 0x01), (WITNESS, 0x04)):
        _, key_id, raw = VECTORS["vkeys"][name].split("+", 2)
        assert base64.b64decode(raw)[0] == kind
        lines = Head.parse(VECTORS["witnessed_head"]).signatures
        assert [line.blob[:4].hex() for line in lines if line.name == name] == [key_id]


@pytest.mark.parametrize("text", VECTORS["published_examples"], ids=["checkpoint", "cosignature"])
def test_the_specifications_examples_are_read_and_written_byte_for_byte(text: str) -> None:
    head = Head.parse(text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert head.serialize() == text


def test_the_specification_s_witness_put_its_time_where_we_do() -> None:
    line = Head.parse(VECTORS["published_examples"][1]).signatures[1]
    assert int.from_bytes(line.blob[4:12], "big") == 1_679_315_147
