"""Ask the custodian who a source is, and tell the reviewer who asked."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from console.actor import Actor
from console.errors import NotEntitledError, UndisclosableError
from console.threads import ThreadBook
from crypto.bag_info import SourceInfo, SubjectInfo
from crypto.bag_reader import BagReader
from crypto.bundle import write_bundle
from crypto.custody import custody_signer, write_disclosure, write_request
from crypto.envelope import EnvelopeWriter
from crypto.errors import BagError, DamagedBagError, EnvelopeError, NotAddressedError
from crypto.identity_bag import open_identity_bag
from crypto.minisign import SigningKey, VerifyKey
from crypto.roster import Channel, Reviewer
from disk.files import new_file_at


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that holds.

    Attributes:
        asker: whose signature it bears; they read the channel.
        channel: that of the report.
        key: the Source-Key of whom it is about.
        told: what the source wrote; empty when they said nothing.
    """

    asker: Reviewer
    channel: Channel
    key: VerifyKey
    told: str = field(repr=False)


def write_request_bundle(
    out: Path,
    bag: BagReader,
    reason: str,
    threads: ThreadBook,
    actor: Actor,
) -> Reviewer:
    """Ask who the source of a report is: seal a request, and write the outbound bundle.

    Args:
        out: the bundle; never overwritten.
        bag: the report.
        reason: why this must be known.
        threads: those that were answered; a bag forged into one of them is about nobody.
        actor: the reviewer who asks.

    Returns:
        the custodian, to whom it is sealed.

    Raises:
        UndisclosableError: not a bag of a source, no custodian, or no such channel any more.
        ForgedThreadError: the bag shares one mark of another source's thread.
        NotEntitledError: the actor is no reviewer of the channel.
        OutputError: the name is taken.
    """
    if not isinstance(bag.info, SourceInfo) or bag.identity_file is None:
        raise UndisclosableError(f"a bag of kind {bag.kind} has no source to ask about")
    threads.find(bag.info)
    channel, custodian = actor.channel(bag.channel), actor.custodian()
    signing = actor.reviewer_key(channel)
    sealed = BytesIO()
    envelope = EnvelopeWriter(sealed, [custodian.recipient], slots=channel.slots)
    write_request(
        envelope,
        channel=channel.id,
        key=bag.info.key,
        identity_file=bag.identity_file,
        reason=reason,
        signing=signing,
    )
    envelope.close()
    _write(out, channel, sealed, signing)
    return custodian


def read_request(bag: BagReader, actor: Actor) -> Asked:
    """Hold a request against the roster and the identity in it, as the custodian.

    Args:
        bag: read with the keys of the roster's senders.
        actor: the custodian.

    Raises:
        UndisclosableError: another kind of bag, or its channel is no more.
        UnsignedBagError: by nobody who reads its channel.
        DamagedBagError: damaged, or identity.age is another source's or of another channel.
        NotEntitledError: the actor is not the custodian, or identity.age is sealed to somebody
            else.
    """
    if not isinstance(bag.info, SubjectInfo) or bag.identity_file is None:
        raise UndisclosableError(f"a bag of kind {bag.kind} asks for nobody's identity")
    actor.custodian_key()
    asker = custody_signer(bag, actor.roster, actor.today)
    bag.verify()
    key = bag.info.key
    try:
        told = open_identity_bag(bag.identity_file, actor.own, key=key, channel=bag.channel)
    except NotAddressedError:
        raise NotEntitledError(
            "identity.age in it is sealed to another custodian, or to nobody: give your former"
            " identity as well, if there is one"
        ) from None
    except (BagError, EnvelopeError) as error:
        raise DamagedBagError(f"identity.age is damaged or forged: {error}") from None
    return Asked(asker, actor.channel(bag.channel), key, told)


def write_disclosure_bundle(out: Path, asked: Asked, actor: Actor) -> None:
    """Tell the asker, and nobody else, who the source is, and write the outbound bundle.

    Args:
        out: the bundle; never overwritten.
        asked: the request that is granted.
        actor: the custodian.

    Raises:
        UndisclosableError, NotEntitledError: the actor is not the custodian.
        OutputError: the name is taken.
    """
    signing = actor.custodian_key()
    sealed = BytesIO()
    envelope = EnvelopeWriter(sealed, [asked.asker.recipient], slots=asked.channel.slots)
    write_disclosure(
        envelope, channel=asked.channel.id, key=asked.key, text=asked.told, signing=signing
    )
    envelope.close()
    _write(out, asked.channel, sealed, signing)


def _write(out: Path, channel: Channel, sealed: BytesIO, signing: SigningKey) -> None:
    with new_file_at(out) as file:
        write_bundle(file, [(channel.id, sealed)], signing)
