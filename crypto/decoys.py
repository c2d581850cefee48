"""Decoys: envelopes that nobody can open, so that one which does not open says nothing.

A decoy is made by what makes every other envelope. Whoever holds no key finds random bytes in
both; whoever holds a reviewer's key finds blank stanzas in both, if the source kept them out.

How often they come and how long they are is published in the roster. A length is drawn in two
steps, so that a few numbers describe it: a range by its weight, then one of the range's padded
lengths, each as likely as the others.
"""

import random
import secrets
from collections.abc import Mapping

from crypto.envelope import EnvelopeWriter
from crypto.header import header_bytes
from crypto.padding import padded_lengths
from crypto.payload import BATCH, CHUNK, ciphertext_bytes
from crypto.roster_entries import DecoyRange, Decoys
from crypto.sinks import Sink

DEFAULT_DECOYS = Decoys(
    mean_per_day=6,
    ranges=tuple(
        DecoyRange(up_to_bytes, weight)
        for up_to_bytes, weight in (
            (64 << 10, 720),
            (128 << 10, 12),
            (256 << 10, 18),
            (512 << 10, 26),
            (1 << 20, 36),
            (2 << 20, 48),
            (4 << 20, 56),
            (8 << 20, 48),
            (16 << 20, 36),
        )
    ),
)
"""What a new roster publishes: for each channel 6.8 MB a day and 2.5 GB a year in the mean.

Seven of ten are as long as a report without files, the others follow what files are usually sent,
an octave a weight, up to 16 MiB. docs/threat-model.md says how the weights were found.
"""


def chances(decoys: Decoys) -> Mapping[int, float]:
    """Give the chance of each padded length that a decoy may have."""
    total = sum(part.weight for part in decoys.ranges)
    found: dict[int, float] = {}
    for part, lengths in _steps(decoys):
        found |= dict.fromkeys(lengths, part.weight / total / len(lengths))
    return found


def mean_envelope_bytes(decoys: Decoys, slots: int) -> float:
    """Give how long the envelope of a decoy is in the mean."""
    return header_bytes(slots) + sum(
        chance * ciphertext_bytes(length) for length, chance in chances(decoys).items()
    )


def draw_length(decoys: Decoys, source: random.Random | None = None) -> int:
    """Draw how much plaintext a decoy seems to have.

    Args:
        decoys: the published distribution.
        source: what draws; the system's generator, unless a test wants the same again.
    """
    source = source or secrets.SystemRandom()
    steps = _steps(decoys)
    (_, lengths), *_ = source.choices(steps, [part.weight for part, _ in steps])
    return source.choice(lengths)


def seal_decoy(sink: Sink, plaintext_bytes: int, slots: int) -> None:
    """Write an envelope for nobody.

    The plaintext is zeros: what they are sealed to nobody can tell from what anything else is
    sealed to, since the key is wiped and stands in no stanza.

    Args:
        sink: takes the envelope's bytes, in pieces of at most 256 KiB and a little.
        plaintext_bytes: of a length that padding gives; intake takes no other.
        slots: the channel's number of stanzas.
    """
    envelope = EnvelopeWriter(sink, [], slots=slots)
    try:
        zeros = memoryview(bytes(min(plaintext_bytes, BATCH * CHUNK)))
        for start in range(0, plaintext_bytes, len(zeros)):
            envelope.write(zeros[: plaintext_bytes - start])
        envelope.close()
    finally:
        envelope.abandon()


def _steps(decoys: Decoys) -> list[tuple[DecoyRange, tuple[int, ...]]]:
    """Give each range with the padded lengths in it."""
    bounds = [0, *(part.up_to_bytes for part in decoys.ranges)]
    return [
        (part, tuple(padded_lengths(above, part.up_to_bytes)))
        for part, above in zip(decoys.ranges, bounds, strict=False)
    ]
