"""What reviewers and the custodian say to each other about who a source is.

    request       a reviewer to the custodian: why they must know, in report.txt, beside
                  identity.age as it came in the report
    disclosure    the custodian to that reviewer: what the source wrote, as report.txt

Both name the source by its key and the channel of the report. Both travel as envelopes of that
channel, sealed to one person, every other slot blank, and as long as a report without files: among
reports and decoys nobody can point at them.

Source: docs/protocol.md, "Bag" and "Couriers and bundles".
"""

from collections.abc import Mapping
from datetime import date

from crypto.bag_info import BagInfo, BagKind, SubjectInfo
from crypto.bag_info_file import serialize_bag_info
from crypto.bag_layout import (
    FOLDER,
    IDENTITY,
    IDENTITY_FILE_BYTES,
    MAX_IDENTITY_TEXT_BYTES,
    TEXT,
    filled_bytes,
)
from crypto.bag_reader import BagReader
from crypto.bag_writer import BagWriter
from crypto.errors import DamagedBagError, UnsignedBagError
from crypto.minisign import SigningKey, VerifyKey
from crypto.roster import Reviewer, Roster
from crypto.sinks import Sink

CUSTODY_KINDS = frozenset({BagKind.REQUEST, BagKind.DISCLOSURE})
MAX_REASON_BYTES = 52_000
"""Whatever is asked for, and however it is reasoned, the envelope has the smallest length."""


def write_request(  # noqa: PLR0913 - named, and each a part of the bag
    sink: Sink,
    *,
    channel: str,
    key: VerifyKey,
    identity_file: bytes,
    reason: str,
    signing: SigningKey,
) -> None:
    """Write a request's bag.

    Args:
        sink: usually an `EnvelopeWriter`; closing it is the caller's.
        channel: the report's.
        key: the Source-Key of the report.
        identity_file: the report's identity.age.
        reason: at most 52,000 bytes of UTF-8.
        signing: the reviewer's.

    Raises:
        ValueError: the reason is too long, or identity.age is not as long as it always is.
    """
    data = reason.encode("utf-8")
    if len(data) > MAX_REASON_BYTES or len(identity_file) != IDENTITY_FILE_BYTES:
        raise ValueError("the reason is too long, or identity.age is of another length")
    info = BagInfo(BagKind.REQUEST, channel, SubjectInfo(key))
    _write(sink, info, {TEXT: data, IDENTITY: identity_file}, signing)


def write_disclosure(
    sink: Sink, *, channel: str, key: VerifyKey, text: str, signing: SigningKey
) -> None:
    """Write a disclosure's bag.

    Args:
        sink: usually an `EnvelopeWriter`; closing it is the caller's.
        channel: the request's.
        key: the Source-Key of the request.
        text: what the source wrote, at most 1,500 bytes of UTF-8; empty when they said nothing.
        signing: the custodian's.

    Raises:
        ValueError: the text is longer.
    """
    data = text.encode("utf-8")
    if len(data) > MAX_IDENTITY_TEXT_BYTES:
        raise ValueError("an identity has at most 1,500 bytes")
    info = BagInfo(BagKind.DISCLOSURE, channel, SubjectInfo(key))
    _write(sink, info, {TEXT: data}, signing)


def custody_signers(roster: Roster, today: date) -> tuple[VerifyKey, ...]:
    """Return who may have signed a request or disclosure; `custody_signer` tells which of them."""
    return tuple(roster.senders(today))


def custody_signer(bag: BagReader, roster: Roster, today: date) -> Reviewer:
    """Tell whose request or disclosure a bag is, and hold it against what the roster lets them do.

    Args:
        bag: read with `custody_signers`.
        roster: says who reads which channel, and who is the custodian.
        today: on which former keys still count.

    Raises:
        UnsignedBagError: a request by somebody who does not read its channel, or a disclosure by
            somebody who is not the custodian.
        DamagedBagError: neither a request nor a disclosure.
    """
    match bag.kind:
        case BagKind.REQUEST:
            return _asker(bag, roster, today)
        case BagKind.DISCLOSURE:
            return _custodian(bag, roster, today)
        case _:
            raise DamagedBagError("the bag is neither a request nor a disclosure")


def _asker(bag: BagReader, roster: Roster, today: date) -> Reviewer:
    reviewer = roster.signers(today).get(bag.signer)
    if reviewer is None:
        raise UnsignedBagError("no reviewer of the roster signed the request")
    readers = {channel.id: channel.reviewers for channel in roster.channels}
    if reviewer.id not in readers.get(bag.channel, ()):
        raise UnsignedBagError("whoever signed the request does not read its channel")
    return reviewer


def _custodian(bag: BagReader, roster: Roster, today: date) -> Reviewer:
    custodian = roster.custodian
    if custodian is None or bag.signer not in custodian.keys_on(today):
        raise UnsignedBagError("whoever signed the disclosure is not the roster's custodian")
    return custodian


def _write(sink: Sink, info: BagInfo, payload: Mapping[str, bytes], signing: SigningKey) -> None:
    bag = BagWriter(sink, FOLDER)
    for name, data in payload.items():
        bag.add(name, data)
    bag.finish(
        lambda count: serialize_bag_info(info, count),
        info.kind,
        signing,
        filled_bytes=lambda unpadded: filled_bytes(info.kind, unpadded),
    )
