"""Envelopes: age v1 files with a fixed number of slots.

    header: exactly `slots` hybrid stanzas in random order || payload

Slots that no recipient needs hold blank stanzas: real seals of random bytes to a key that is thrown
away. Nobody without a chosen key can tell them apart, so the header says neither who may read nor
how many.

Randomness enters in `EnvelopeWriter` only; `begin` does the work and is deterministic.

Source: c2sp.org/age; docs/protocol.md, "Envelope".
"""

import secrets
from collections.abc import Sequence

from crypto import sodium
from crypto.errors import MalformedEnvelopeError, NotAddressedError
from crypto.header import MAX_SLOTS, Header, parse_header, serialize_header
from crypto.keys import AnyIdentity, Recipient
from crypto.payload import NONCE_BYTES, PayloadKey, PayloadWriter
from crypto.payload_reader import PayloadReader
from crypto.seekable import SeekablePayload
from crypto.sinks import Buffer, Readable, SeekableReadable, Sink, read_fully
from crypto.stanza import FILE_KEY_BYTES, Stanza, recognise_all


class EnvelopeWriter:
    """Seals what is written, in any slicing, to its recipients, as it comes.

    The header is written at once. After `close` the envelope is whole; the sink stays open. One
    that is not closed opens nowhere.
    """

    __slots__ = ("_payload",)

    def __init__(self, sink: Sink, recipients: Sequence[Recipient], *, slots: int) -> None:
        """Draw the keys, and write the header.

        Args:
            sink: takes the envelope's bytes.
            recipients: who may read; nobody, for a decoy.
            slots: the channel's number of stanzas, at most 40.
        """
        if not len(recipients) <= slots <= MAX_SLOTS or slots < 1:
            raise ValueError("there are more recipients than slots, or too many slots")
        file_key = sodium.random_bytes(FILE_KEY_BYTES)
        try:
            stanzas = _fill_slots(file_key, recipients, slots)
            nonce = bytes(sodium.random_bytes(NONCE_BYTES))
            self._payload = begin(sink, stanzas, file_key, nonce)
        finally:
            sodium.wipe(file_key)

    def write(self, data: Buffer) -> None:
        """Seal what is whole and pass it on."""
        self._payload.write(data)

    def close(self) -> None:
        """Seal the last chunk, and wipe."""
        self._payload.close()

    def abandon(self) -> None:
        """Wipe without finishing: what the sink has is no envelope."""
        self._payload.abandon()


def begin(sink: Sink, stanzas: Sequence[Stanza], file_key: Buffer, nonce: bytes) -> PayloadWriter:
    """Write the header, and return what seals the payload; draws nothing.

    Args:
        sink: takes the envelope's bytes.
        stanzas: in the order in which they are written.
        file_key: 16 random bytes, for this envelope only.
        nonce: 16 random bytes, for this payload only.
    """
    sink.write(serialize_header(stanzas, file_key))
    return PayloadWriter(sink, file_key, nonce)


def open_envelope(file: Readable, identities: Sequence[AnyIdentity]) -> PayloadReader:
    """Open an envelope for reading from front to back.

    Raises:
        MalformedEnvelopeError: not strictly age v1.
        NotAddressedError: none of the identities opens it.
        DamagedEnvelopeError: the header was altered.
    """
    _, key = _open_header(file, identities)
    return PayloadReader(file, key)


def open_seekable(file: SeekableReadable, identities: Sequence[AnyIdentity]) -> SeekablePayload:
    """Open an envelope for reading anywhere, its end verified first.

    Raises:
        MalformedEnvelopeError: not strictly age v1.
        NotAddressedError: none of the identities opens it.
        DamagedEnvelopeError: the header or the last chunk was altered, or something was cut off.
    """
    file.seek(0)
    header, key = _open_header(file, identities)
    return SeekablePayload(file, key, header.length)


def _open_header(file: Readable, identities: Sequence[AnyIdentity]) -> tuple[Header, PayloadKey]:
    """Read header and nonce, and derive the payload key."""
    header = parse_header(file)
    file_key = _unwrap(header, identities)
    try:
        header.verify(file_key)
        nonce = read_fully(file, NONCE_BYTES)
        if len(nonce) != NONCE_BYTES:
            raise MalformedEnvelopeError("the file ends within the payload's nonce")
        return header, PayloadKey(file_key, nonce)
    finally:
        sodium.wipe(file_key)


def _unwrap(header: Header, identities: Sequence[AnyIdentity]) -> bytearray:
    stanzas = recognise_all(header.stanzas)
    for identity in identities:
        try:
            return identity.unwrap(stanzas)
        except NotAddressedError:
            continue
    raise NotAddressedError("the envelope is sealed to somebody else")


def _fill_slots(file_key: Buffer, recipients: Sequence[Recipient], slots: int) -> list[Stanza]:
    """Wrap the file key for each recipient, fill up with blank stanzas, and shuffle."""
    stanzas = [recipient.wrap(file_key).stanza() for recipient in recipients]
    stanzas += _blanks(slots - len(recipients))
    secrets.SystemRandom().shuffle(stanzas)
    return stanzas


def _blanks(count: int) -> list[Stanza]:
    """Make stanzas that nobody can open, and that look like any other."""
    nobody = Recipient.throw_away()
    return [nobody.wrap(sodium.random_bytes(FILE_KEY_BYTES)).stanza() for _ in range(count)]
