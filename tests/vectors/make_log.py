"""Make the vectors of the log again: `python -m tests.vectors.make_log`.

This is log.json; nothing is drawn.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from crypto.checkpoint import Head, end_of_day
from crypto.log_day import LogDay, day_object, serialize_day
from crypto.log_proof import LogProof, prove
from crypto.merkle import EMPTY_TREE, Tree
from tests.crypto.log_example import (
    DAYS,
    LOG_KEY,
    NAME,
    ORIGIN,
    OTHER,
    SERVICE_ID,
    WITNESS,
    envelope_hash,
)
from tests.vectors.make_keys import write

FIRST, SECOND, THIRD = DAYS
ENVELOPE = THIRD.leaves[1]
PROOF = prove(THIRD, ENVELOPE)


def main() -> None:
    write("log", log())


def log() -> dict[str, object]:
    return {
        "service_id_hex": SERVICE_ID.hex(),
        "origin": ORIGIN,
        "log_seed_hex": LOG_KEY.seed.hex(),
        "log_key": LOG_KEY.verify_key.serialize(),
        "witness_name": NAME,
        "witness_seed_hex": WITNESS.seed.hex(),
        "witness_key": WITNESS.verify_key.serialize(),
        "days": [serialize_day(day).decode() for day in DAYS],
        "receipt": {"envelope_hash_hex": ENVELOPE.hex(), "text": PROOF.serialize()},
        "refused_days": [{"name": name, "text": text} for name, text in refused_days()],
        "refused_after_first_day": [
            {"name": name, "text": serialize_day(day).decode()} for name, day in refused_next()
        ],
        "refused_receipts": [
            {"name": name, "envelope_hash_hex": digest.hex(), "text": text}
            for name, digest, text in refused_receipts()
        ],
    }


def refused_days() -> Iterator[tuple[str, str]]:
    """Files that are no day, whoever signed the head in them."""
    whole = serialize_day(THIRD).decode()
    content = day_object(THIRD)
    yield "cut short", whole[:-1]
    yield "a line more", f"{whole}\n"
    yield "other line ends", whole.replace("\n", "\r\n")
    yield "another indentation", f"{json.dumps(content, sort_keys=True)}\n"
    yield "a key more", edited(content, more=1)
    yield "a key left out", edited({key: content[key] for key in content if key != "day"})
    yield "a key twice", whole.replace('"size_before": 5', '"size_before": 5,\n  "size_before": 5')
    yield "a day in another form", edited(content, day="20261124")
    yield "a day that is none", edited(content, day="2026-11-31")
    leaves = [leaf.hex() for leaf in THIRD.leaves]
    yield "leaves in another order", edited(content, leaves=leaves[::-1])
    yield "a leaf left out", edited(content, leaves=leaves[1:])
    yield "a leaf twice", edited(content, leaves=[leaves[0], *leaves])
    yield "a leaf in capitals", edited(content, leaves=[leaves[0].upper(), *leaves[1:]])
    yield "a leaf that is too short", edited(content, leaves=[leaves[0][:-2], *leaves[1:]])
    yield "a size that the peaks do not have", edited(content, size_before=6)
    yield "a size that is true", edited(content, size_before=True)
    yield (
        "peaks in another order",
        edited(content, peaks_before=[peak.hex() for peak in THIRD.before.peaks[::-1]]),
    )
    yield "another day's head", edited(content, head=FIRST.head.serialize())
    head = THIRD.head.serialize()
    yield "a size with a zero before it", edited(content, head=head.replace("\n8\n", "\n08\n"))
    yield "an extension line", edited(content, head=head.replace("=\n\n", "=\nmore\n\n", 1))
    yield "a signature with spaces behind it", edited(content, head=head[:-1] + " \n")
    yield "a head without its empty line", edited(content, head=head.replace("\n\n", "\n"))


def edited(content: dict[str, object], **changes: object) -> str:
    changed = content | changes
    return f"{json.dumps(changed, ensure_ascii=False, indent=2, sort_keys=True)}\n"


def refused_next() -> Iterator[tuple[str, LogDay]]:
    """Days that are sound in themselves, and not the next one of the first."""
    bare = Head(ORIGIN, SECOND.head.size, SECOND.head.root)
    yield "not signed", replace(SECOND, head=bare)
    yield "signed by another key", replace(SECOND, head=bare.sign(OTHER))
    line = SECOND.head.signatures[0]
    broken = replace(line, blob=line.blob[:-1] + bytes([line.blob[-1] ^ 1]))
    yield "a broken signature", replace(SECOND, head=replace(bare, signatures=(broken,)))
    witnessed = SECOND.head.with_cosignature(SECOND.head.cosign(NAME, WITNESS, 5))
    forged = witnessed.signatures[1]
    forged = replace(forged, blob=forged.blob[:4] + bytes(7) + b"\x06" + forged.blob[12:])
    yield (
        "a witness's line of another time",
        replace(SECOND, head=replace(SECOND.head, signatures=(*SECOND.head.signatures, forged))),
    )
    yield "a day left out", THIRD
    yield "the same day again", FIRST
    yield "another log", day([], FIRST.after, origin=f"{ORIGIN}-other")
    yield "shrunk", day([envelope_hash(9)], EMPTY_TREE.grow(FIRST.leaves[:4]))
    yield "a leaf replaced", day([], EMPTY_TREE.grow([*FIRST.leaves[:4], envelope_hash(9)]))
    yield "a leaf slipped in", day([], EMPTY_TREE.grow([*FIRST.leaves, envelope_hash(9)]))
    yield "begun anew", day([envelope_hash(9)], EMPTY_TREE)


def day(leaves: list[bytes], before: Tree, origin: str = ORIGIN) -> LogDay:
    after = before.grow(leaves)
    head = Head(origin, after.size, after.root).sign(LOG_KEY)
    return LogDay(FIRST.day + timedelta(days=1), before, tuple(leaves), head)


def refused_receipts() -> Iterator[tuple[str, bytes, str]]:
    whole = PROOF.serialize()
    yield "another envelope", THIRD.leaves[0], whole
    yield "cut short", ENVELOPE, whole[:-1]
    yield "another version", ENVELOPE, whole.replace("@v1", "@v2")
    yield "extra data", ENVELOPE, whole.replace("@v1\n", "@v1\nextra AAAA\n")
    yield "another index", ENVELOPE, whole.replace("index 6", "index 5")
    yield "an index with a zero before it", ENVELOPE, whole.replace("index 6", "index 06")
    yield "an index beyond the log", ENVELOPE, whole.replace("index 6", "index 8")
    yield "a shorter path", ENVELOPE, replace(PROOF, path=PROOF.path[:-1]).serialize()
    yield "a longer path", ENVELOPE, replace(PROOF, path=(*PROOF.path, bytes(32))).serialize()
    yield "a path in another order", ENVELOPE, replace(PROOF, path=PROOF.path[::-1]).serialize()
    yield "a part of another length", ENVELOPE, whole.replace("index 6\n", "index 6\nAAAA\n")
    yield "another day's head", ENVELOPE, LogProof(6, PROOF.path, FIRST.head).serialize()
    bare = Head(ORIGIN, THIRD.head.size, THIRD.head.root)
    yield "not signed", ENVELOPE, replace(PROOF, head=bare).serialize()
    yield "signed by another key", ENVELOPE, replace(PROOF, head=bare.sign(OTHER)).serialize()
    cosigned = bare.with_cosignature(bare.cosign(ORIGIN, LOG_KEY, end_of_day(THIRD.day)))
    yield "signed as a witness only", ENVELOPE, replace(PROOF, head=cosigned).serialize()


if __name__ == "__main__":
    main()
