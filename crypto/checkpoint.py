r"""Heads of a log: its length and root, signed by the log and cosigned by witnesses.

    <origin> LF
    <size> LF
    <root in base64> LF
    LF
    U+2014 SP <name> SP base64(key id (4) || signature) LF     one for each signature

The log signs the three lines (type 0x01). A witness signs `cosignature/v1 LF time <seconds> LF` and
the three lines, and puts the time before the signature: time (8, big-endian) || signature (type
0x04). A key id is the first 4 bytes of SHA-256(name || LF || type || public key (32)).

Signatures of keys that are not known mean nothing; who keeps a head leaves them out.

Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from nacl.exceptions import BadSignatureError
from nacl.exceptions import ValueError as NaClValueError
from nacl.signing import SigningKey as Ed25519Seed
from nacl.signing import VerifyKey as Ed25519Key

from crypto.errors import MalformedLogError, UnsignedHeadError
from crypto.merkle import HASH_BYTES, MAX_SIZE
from crypto.minisign import SigningKey, VerifyKey

MAX_HEAD_BYTES = 16 * 1024
MAX_SIGNATURES = 72  # the log's and one of each courier that a roster may name, with some to spare
_BY_LOG = b"\x01"
_BY_WITNESS = b"\x04"
_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_MARK = "— "
_NAME = re.compile(r"[!-*,-~]{1,200}")  # printable ASCII without spaces and plus
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_LINE = re.compile(rf"— ({_NAME.pattern}) ([A-Za-z0-9+/]+={{0,2}})")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: whose it claims to be, and its bytes: key id (4) || signature."""

    name: str
    blob: bytes

    @property
    def key(self) -> tuple[str, bytes]:
        """The key that it claims to be of: its name and id."""
        return self.name, self.blob[:_KEY_ID_BYTES]

    def serialize(self) -> str:
        """Return the line with its LF."""
        return f"{_MARK}{self.name} {base64.b64encode(self.blob).decode('ascii')}\n"

    @classmethod
    def parse(cls, line: str) -> "NoteSignature":
        """Parse a line without its LF.

        Raises:
            MalformedLogError: not a signature line.
        """
        match = _LINE.fullmatch(line)
        if match is None:
            raise MalformedLogError("a head has a line that is no signature")
        try:
            blob = base64.b64decode(match[2], validate=True)
        except binascii.Error:
            raise MalformedLogError("a head's signature is not base64") from None
        found = cls(match[1], blob)
        if found.serialize() != f"{line}\n" or len(blob) <= _KEY_ID_BYTES:
            raise MalformedLogError("a head's signature is not written in the one way that is read")
        return found


@dataclass(frozen=True, slots=True)
class Head:
    """A head of a log, with the signatures that came with it; they are checked when asked for.

    Attributes:
        origin: which log: `<service id in hex>/<channel>`.
        size: number of leaves.
        root: of the tree (32 bytes).
    """

    origin: str
    size: int
    root: bytes
    signatures: tuple[NoteSignature, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.origin) or not 0 <= self.size <= MAX_SIZE:
            raise MalformedLogError("a head has not an origin and a size")
        if len(self.root) != HASH_BYTES or len(self.signatures) > MAX_SIGNATURES:
            raise MalformedLogError("a head has not one root, or too many signatures")
        # here and not in parsing alone: whoever adds a line must be able to read what that makes
        if len(self.serialize().encode("utf-8")) > MAX_HEAD_BYTES:
            raise MalformedLogError(f"a head has more than {MAX_HEAD_BYTES} bytes")

    @property
    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"

    def serialize(self) -> str:
        """Return the head and its signatures."""
        return f"{self.body}\n{''.join(line.serialize() for line in self.signatures)}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Parse a head and its signatures.

        Raises:
            MalformedLogError: not one, or written in another way.
        """
        try:
            (origin, size, root, empty, *lines), rest = text.split("\n")[:-1], text[-1:]
            if len(text) > MAX_HEAD_BYTES or empty or rest != "\n" or not _SIZE.fullmatch(size):
                raise MalformedLogError("not a head of a log")
            signatures = tuple(NoteSignature.parse(line) for line in lines)
            head = cls(origin, int(size), base64.b64decode(root, validate=True), signatures)
        except ValueError:  # binascii.Error is one
            raise MalformedLogError("not a head of a log") from None
        if head.serialize() != text:
            raise MalformedLogError("a head is not written in the one way that is read")
        return head

    def sign(self, key: SigningKey) -> "Head":
        """Add the log's own signature, under the name of its origin."""
        made = Ed25519Seed(key.seed).sign(self.body.encode("utf-8")).signature
        return self._with(NoteSignature(self.origin, _id(self.origin, _BY_LOG, key) + made))

    def cosign(self, name: str, key: SigningKey, seconds: int) -> NoteSignature:
        """Make a witness's signature, to be added to this head wherever it lies."""
        made = Ed25519Seed(key.seed).sign(_cosigned(self.body, seconds)).signature
        stamp = seconds.to_bytes(_TIME_BYTES, "big")
        return NoteSignature(name, _id(name, _BY_WITNESS, key) + stamp + made)

    def with_cosignature(self, signature: NoteSignature) -> "Head":
        """Add a signature in the place of any that this witness has there already.

        Raises:
            MalformedLogError: there is no room for it.
        """
        return self._with(signature)

    def only(self, log_keys: Sequence[VerifyKey], witnesses: Mapping[str, VerifyKey]) -> "Head":
        """Return the head with the lines of these keys, each once, and no others.

        For whoever keeps a head or adds a line to it: what others wrote there means nothing, and
        would take the room. Whether a line of a known key holds is not asked here, and one that
        fails stays.
        """
        known = {(self.origin, _key_id(self.origin, _BY_LOG, key)) for key in log_keys}
        known |= {(name, _key_id(name, _BY_WITNESS, key)) for name, key in witnesses.items()}
        lines = dict.fromkeys(line for line in self.signatures if line.key in known)
        return replace(self, signatures=tuple(lines))

    def require_signed(self, log_keys: Sequence[VerifyKey]) -> None:
        """Hold the head to a signature of the log.

        Raises:
            UnsignedHeadError: none of these keys signed it, or one of them signed something else.
        """
        made = [key for key in log_keys if self._is_signed_by(key)]
        if not made:
            raise UnsignedHeadError("the head of the log bears no signature of the log's key")

    def witnesses(self, known: Mapping[str, VerifyKey]) -> dict[str, int]:
        """Return who cosigned the head, by name, and when, in seconds; others mean nothing.

        Raises:
            UnsignedHeadError: a line of a known witness does not verify.
        """
        return {
            name: seconds for name, key in known.items() for seconds in self._cosigned_by(name, key)
        }

    def _with(self, signature: NoteSignature) -> "Head":
        left = [line for line in self.signatures if line.key != signature.key]
        return replace(self, signatures=(*left, signature))

    def _is_signed_by(self, key: VerifyKey) -> bool:
        lines = self._lines(self.origin, _BY_LOG, key)
        for line in lines:
            _verify(key, self.body.encode("utf-8"), line)
        return bool(lines)

    def _cosigned_by(self, name: str, key: VerifyKey) -> list[int]:
        found = []
        for line in self._lines(name, _BY_WITNESS, key):
            seconds = int.from_bytes(line[:_TIME_BYTES], "big")
            _verify(key, _cosigned(self.body, seconds), line[_TIME_BYTES:])
            found.append(seconds)
        return found

    def _lines(self, name: str, kind: bytes, key: VerifyKey) -> list[bytes]:
        """Return the signatures that claim to be of this key, without its id."""
        wanted = _key_id(name, kind, key)
        return [
            line.blob[_KEY_ID_BYTES:]
            for line in self.signatures
            if line.name == name and line.blob.startswith(wanted)
        ]


def end_of_day(day: date) -> int:
    """Return the second at which a day ends: the only time that a witness puts to a head."""
    return int(datetime.combine(day + timedelta(days=1), time(), UTC).timestamp())


def log_origin(service_id: bytes, channel: str) -> str:
    """Name the log of a channel."""
    return f"{service_id.hex()}/{channel}"


def witness_name(service_id: bytes, courier: str) -> str:
    """Name a courier as a witness; no log has a name with two slashes."""
    return f"{service_id.hex()}/courier/{courier}"


def _id(name: str, kind: bytes, key: SigningKey) -> bytes:
    return _key_id(name, kind, key.verify_key)


def _key_id(name: str, kind: bytes, key: VerifyKey) -> bytes:
    return hashlib.sha256(name.encode("utf-8") + b"\n" + kind + key.raw).digest()[:_KEY_ID_BYTES]


def _cosigned(body: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def _verify(key: VerifyKey, message: bytes, signature: bytes) -> None:
    """Verify a signature that claims to be of a known key: one that fails rejects the head."""
    try:
        Ed25519Key(key.raw).verify(message, signature)
    except (BadSignatureError, NaClValueError):  # the latter: another length
        raise UnsignedHeadError("a signature of the head does not match it") from None
