r"""The header of an envelope: who may open it, and a MAC over that.

    age-encryption.org/v1 LF
    stanza …
    --- MAC (43 base64 characters) LF

The MAC is HMAC-SHA-256 over everything up to and including `---`, under a key derived from the
file key.

Source: c2sp.org/age, "Header".
"""

import hmac
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from crypto import sodium
from crypto.errors import DamagedEnvelopeError, MalformedEnvelopeError
from crypto.sinks import Buffer, Readable
from crypto.stanza import HybridStanza, Stanza, decode_base64, encode_base64, recognise_all

VERSION = b"age-encryption.org/v1\n"
MAX_HEADER_BYTES = 65536  # bounds what a stranger's file makes us hold before it is refused
MAX_SLOTS = 40  # the most that stays below that with room to spare

_MAC_MARK = b"---"
_ARGUMENTS = re.compile(rb"-> ([\x21-\x7e]+(?: [\x21-\x7e]+)*)\n")
_BODY = re.compile(rb"([A-Za-z0-9+/]{0,64})\n")
_MAC = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")
_FULL_LINE = 64


def header_bytes(slots: int) -> int:
    """Return the length of a header with this many hybrid stanzas: 70 + 1,557 each."""
    return 70 + 1557 * slots


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header.

    Attributes:
        stanzas: of any type, in order; only their form is checked.
        mac: 32 bytes.
        signed: the bytes that the MAC is over.
    """

    stanzas: tuple[Stanza, ...]
    mac: bytes
    signed: bytes

    @property
    def length(self) -> int:
        """The number of bytes it takes in the file; the payload follows."""
        return len(self.signed) + len(" ") + len(encode_base64(self.mac)) + len("\n")

    def verify(self, file_key: Buffer) -> None:
        """Check the MAC.

        Raises:
            DamagedEnvelopeError: the header was altered.
        """
        if not hmac.compare_digest(_mac(file_key, self.signed), self.mac):
            raise DamagedEnvelopeError("the header was altered")


def serialize_header(stanzas: Sequence[Stanza], file_key: Buffer) -> bytes:
    """Return the header with these stanzas in this order."""
    signed = b"".join([VERSION, *(stanza.serialize() for stanza in stanzas), _MAC_MARK])
    return signed + b" " + encode_base64(_mac(file_key, signed)) + b"\n"


def parse_header(data: Buffer | Readable) -> Header:
    """Parse a header, and leave a file right after it.

    Args:
        data: the bytes of an envelope, as many as there are, or a file at its start.

    Raises:
        MalformedEnvelopeError: not an age v1 header, cut short, or over 65,536 bytes.
    """
    if isinstance(data, Buffer):
        data = io.BytesIO(memoryview(data)[:MAX_HEADER_BYTES])
    lines = _Lines(data)
    if lines.next() != VERSION:
        raise MalformedEnvelopeError("not an age file of version 1")
    stanzas: list[Stanza] = []
    while (line := lines.next()).startswith(b"->"):
        stanzas.append(_parse_stanza(line, lines))
    match = _MAC.fullmatch(line)
    if not match or not stanzas:
        raise MalformedEnvelopeError("the header does not end as it should")
    mac = decode_base64(match[1])
    return Header(tuple(stanzas), mac, lines.read[: -len(line)] + _MAC_MARK)


def require_slots(header: Header, slots: int) -> None:
    """Refuse a header that is not exactly `slots` hybrid stanzas.

    Raises:
        MalformedEnvelopeError: another number, another type, or a malformed one.
    """
    if len(header.stanzas) != slots:
        raise MalformedEnvelopeError("the header has not the channel's number of slots")
    known = recognise_all(header.stanzas)
    if len(known) != slots or not all(isinstance(stanza, HybridStanza) for stanza in known):
        raise MalformedEnvelopeError("the header has a stanza that is not hybrid")


class _Lines:
    """The lines of a header, together at most MAX_HEADER_BYTES."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._taken: list[bytes] = []
        self._left = MAX_HEADER_BYTES

    @property
    def read(self) -> bytes:
        return b"".join(self._taken)

    def next(self) -> bytes:
        """Return the next line with its LF; one without is over the limit or cut short."""
        line = self._file.readline(self._left)
        if not line.endswith(b"\n"):
            raise MalformedEnvelopeError("the header is cut short or too long")
        self._left -= len(line)
        self._taken.append(line)
        return line


def _parse_stanza(line: bytes, lines: _Lines) -> Stanza:
    arguments = _ARGUMENTS.fullmatch(line)
    if not arguments:
        raise MalformedEnvelopeError("a stanza does not begin as it should")
    body = []
    while True:
        match = _BODY.fullmatch(lines.next())
        if not match:
            raise MalformedEnvelopeError("a stanza's body is not lines of base64")
        body.append(match[1])
        if len(match[1]) < _FULL_LINE:
            return Stanza(tuple(arguments[1].split(b" ")), decode_base64(b"".join(body)))


def _mac(file_key: Buffer, signed: bytes) -> bytes:
    key = sodium.hkdf(file_key, salt=b"", info=b"header")
    try:
        return hmac.digest(key, signed, "sha256")
    finally:
        sodium.wipe(key)
