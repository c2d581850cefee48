"""Who may hand in which outbound bundle, as the roster says it."""

from datetime import date

from crypto.bundle_reader import OutboundBundle
from crypto.errors import BundleError
from crypto.roster import Reviewer, Roster
from crypto.zip_reader import SeekableFile


def open_outbound(
    file: SeekableFile, roster: Roster, today: date
) -> tuple[OutboundBundle, Reviewer]:
    """Open a bundle whose sender may hand in everything that it holds.

    A reply may go to any mailbox: it says inside by whom it is, and its source's side refuses what
    no reviewer signed. To a channel goes what one of its reviewers or the custodian hands in:
    nobody else has anything to ask or to tell there.

    Returns:
        the bundle, and whose it is.

    Raises:
        UnsignedBundleError: nobody of the roster signed it.
        BundleError: damaged, or its sender may not hand in something that it holds.
    """
    senders = roster.senders(today)
    bundle = OutboundBundle(file, list(senders))
    sender = senders[bundle.signer]
    open_to_sender = {
        channel.id
        for channel in roster.channels
        if sender == roster.custodian or sender.id in channel.reviewers
    }
    for envelope in bundle.envelopes:
        goes_to_channel = isinstance(envelope.destination, str)
        if goes_to_channel and envelope.destination not in open_to_sender:
            raise BundleError("an envelope is for a channel that its sender does not read")
    return bundle, sender
