"""Outbound bundles, handed in: each envelope goes to its mailbox or channel, once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, cast

from app.doors import channel_door
from crypto.bundle_reader import BundledEnvelope, OutboundBundle
from crypto.bundle_sender import open_outbound
from crypto.roster import Reviewer, Roster
from crypto.zip_reader import SeekableFile
from intake.errors import RestsElsewhereError
from intake.service import Intake
from intake.values import Delivery, Door, EnvelopeHash

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a bundle; dummies are counted like everything else.

    Attributes:
        sender: whose bundle it is.
        new: envelopes that came for the first time.
        already: envelopes that had come before.
    """

    sender: Reviewer
    new: int
    already: int


def deliver_bundle(
    file: SeekableFile,
    intake: Intake,
    rosters: Sequence[Roster],
    today: date,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Delivered:
    """Deliver everything in a bundle; one that was delivered in part goes on.

    Args:
        file: the bundle.
        intake: where its envelopes go.
        rosters: the one in force, which says who may hand in what, and then those before it that
            have not expired.
        today: on which former keys still count.
        progress: is told how many envelopes of how many are done.

    Raises:
        BundleError: not a bundle of somebody who may hand it in; nothing was delivered unless an
            envelope in it turned out damaged.
        RestsElsewhereError: the same envelope as one for a channel rests in another channel; all
            others are delivered.
        RefusedEnvelopeError: an envelope is not one for where it goes; those before it are there.
        StorageFullError, StorageError: the same, and the disk is to blame.
    """
    roster, *earlier = rosters
    bundle, sender = open_outbound(file, roster, today)
    doors = {channel.id: channel_door(channel, earlier) for channel in roster.channels}
    new, elsewhere = 0, False
    for done, envelope in enumerate(bundle.envelopes, 1):
        try:
            new += _deliver(bundle, envelope, intake, doors) is Delivery.ACCEPTED
        except RestsElsewhereError:
            elsewhere = True  # whoever brought about this one must not stop the others
        if progress is not None:
            progress(done, len(bundle.envelopes))
    if elsewhere:
        raise RestsElsewhereError(
            "a copy of an envelope in it was handed in for another channel before; all others are"
            " delivered"
        )
    return Delivered(sender, new, len(bundle.envelopes) - new)


def _deliver(
    bundle: OutboundBundle, envelope: BundledEnvelope, intake: Intake, doors: dict[str, Door]
) -> Delivery:
    """Let an envelope in where it goes.

    What goes to a channel comes in like any other envelope of the channel and leaves no mark of
    its own, or a seized disk would tell a request from a report. So a copy that comes after the
    retention is taken once more, as anybody's copy of any envelope would be.
    """
    opened = cast("BinaryIO", bundle.open(envelope))
    if isinstance(envelope.destination, bytes):
        return intake.deliver(envelope.destination, opened)
    if intake.rests_in(envelope.destination, EnvelopeHash(envelope.hash)):
        return Delivery.ALREADY
    intake.receive(doors[envelope.destination], _blocks(opened))
    return Delivery.ACCEPTED


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK_BYTES):
        yield block
