"""A source's identity: who they are and how to reach them, for the custodian's eyes only.

    identity.age := age file with one stanza, the custodian's, around
                    a bag of kind identity, signed by the source, 4,096 bytes with its padding

That other reviewers cannot read it is arithmetic, not a permission. Every report has one, empty
when nothing was given, always 5,755 bytes. Naming source and channel under the source's signature,
it cannot be moved into somebody else's report.
"""

import io
from collections.abc import Sequence

from crypto.bag_info import BagInfo, BagKind, SubjectInfo
from crypto.bag_info_file import serialize_bag_info
from crypto.bag_layout import (
    FOLDER,
    IDENTITY_BAG_BYTES,
    MAX_IDENTITY_TEXT_BYTES,
    TEXT,
    filled_bytes,
)
from crypto.bag_reader import BagReader
from crypto.bag_writer import BagWriter
from crypto.envelope import EnvelopeWriter, open_envelope
from crypto.errors import DamagedBagError
from crypto.keys import AnyIdentity, Recipient
from crypto.minisign import SigningKey, VerifyKey
from crypto.sinks import read_fully


def seal_identity_bag(
    text: str, *, channel: str, signing: SigningKey, custodian: Recipient | None
) -> bytes:
    """Seal what a source says about who they are.

    Args:
        text: at most 1,500 bytes of UTF-8; empty when nothing was given.
        channel: where the report goes.
        signing: the source's.
        custodian: None seals it to nobody.

    Raises:
        ValueError: the text is longer.
    """
    data = text.encode("utf-8")
    if len(data) > MAX_IDENTITY_TEXT_BYTES:
        raise ValueError("an identity has at most 1,500 bytes")
    info = BagInfo(BagKind.IDENTITY, channel, SubjectInfo(signing.verify_key))
    sealed = io.BytesIO()
    envelope = EnvelopeWriter(sealed, [custodian] if custodian else [], slots=1)
    bag = BagWriter(envelope, FOLDER)
    bag.add(TEXT, data)
    bag.finish(
        lambda count: serialize_bag_info(info, count),
        info.kind,
        signing,
        filled_bytes=lambda unpadded: filled_bytes(info.kind, unpadded),
    )
    envelope.close()
    return sealed.getvalue()


def open_identity_bag(
    identity_file: bytes, custodian: Sequence[AnyIdentity], *, key: VerifyKey, channel: str
) -> str:
    """Open the identity that came in a report, as its custodian.

    Args:
        identity_file: identity.age.
        custodian: the identities at hand.
        key: the Source-Key of the report.
        channel: the report's.

    Raises:
        NotAddressedError: sealed to another custodian, or to nobody.
        MalformedEnvelopeError: not an age file.
        DamagedEnvelopeError: altered.
        DamagedBagError: not an identity, or one that was moved here from another report.
    """
    payload = open_envelope(io.BytesIO(identity_file), custodian)
    plaintext = read_fully(payload, IDENTITY_BAG_BYTES + 1)
    bag = BagReader(io.BytesIO(plaintext))
    bag.verify()
    if bag.kind is not BagKind.IDENTITY:
        raise DamagedBagError("identity.age holds another kind of bag")
    if (bag.signer, bag.channel) != (key, channel):
        raise DamagedBagError("the identity is of another source or for another channel")
    return bag.text
