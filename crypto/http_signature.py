r"""Signed requests of couriers: the part of HTTP Message Signatures that is used here.

A request brings these fields, each once; the second spelling of any of them is refused:

    Content-Digest: sha-256=:<base64 of the body's SHA-256>:
    Signature-Input: candor=("@method" "@path" "@query" "content-digest");created=<seconds>;\
        nonce="<base64url>";keyid="<courier's id>";alg="ed25519"
    Signature: candor=:<base64 of the signature (64)>:

A request without a body has neither the first nor `content-digest`. What is signed is a line
`"<component>": <value>` for each component and one for `@signature-params`, joined by LF.

Source: RFC 9421, sections 2 (`@method`, `@path`, `@query`), 2.5, 3.3.6 and 4; RFC 9530, section 2.
"""

import base64
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey as Ed25519Seed
from nacl.signing import VerifyKey as Ed25519Key

from crypto.bag_info import require_id
from crypto.errors import UnsignedRequestError, UntimelyRequestError
from crypto.minisign import SIGNATURE_BYTES, SigningKey, VerifyKey

MAX_SKEW_SECONDS = 300
NONCE_BYTES = 18
_NONCE_LENGTHS = range(16, 33)
_DIGEST_BYTES = sha256().digest_size
_LABEL = "candor"
_DIGEST, _INPUT, _SIGNATURE = "content-digest", "signature-input", "signature"
_FIELDS = frozenset({_DIGEST, _INPUT, _SIGNATURE})
_LETTERS, _URL_LETTERS = b"+/", b"-_"
_BASE64 = r"[A-Za-z0-9+/]{1,172}={0,2}"
_DIGEST_VALUE = re.compile(rf"sha-256=:({_BASE64}):")
_SIGNATURE_VALUE = re.compile(rf"{_LABEL}=:({_BASE64}):")
_INPUT_VALUE = re.compile(
    rf'{_LABEL}=\([^)]*\);created=([1-9][0-9]{{0,14}});nonce="([A-Za-z0-9_-]{{22,43}})"'
    r';keyid="([a-z0-9-]{1,32})";alg="ed25519"'
)
_TARGET = re.compile(r"/[!-~]*")  # printable ASCII without spaces: no line of a base in a path
_QUERY = re.compile(r"[!-~]*")


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request is signed.

    Attributes:
        method: in capitals.
        path: as it is sent, percent-escapes and all.
        query: behind the question mark; empty when there is none.
        body_sha256: None when it has no body.
    """

    method: str
    path: str
    query: str = ""
    body_sha256: bytes | None = None

    def components(self) -> dict[str, str]:
        """Return names and values of what is signed, in their order.

        Raises:
            UnsignedRequestError: a path or a query that no courier sends.
        """
        if not _TARGET.fullmatch(self.path) or not _QUERY.fullmatch(self.query):
            raise UnsignedRequestError("the address of the request is not one that can be signed")
        found = {"@method": self.method, "@path": self.path, "@query": f"?{self.query}"}
        if self.body_sha256 is not None:
            found[_DIGEST] = serialize_digest(self.body_sha256)
        return found


@dataclass(frozen=True, slots=True)
class RequestSignature:
    """What a request claims; it means nothing before `require`.

    Attributes:
        courier: whose it claims to be.
        created: in seconds since 1970, by the courier's clock.
        body_sha256: what the body's must be; None when it has no body.
        made: Ed25519 signature (64).
    """

    courier: str
    created: int
    nonce: bytes
    body_sha256: bytes | None
    made: bytes

    def require(self, request: Request, key: VerifyKey, now: float) -> None:
        """Hold a request to be signed by this key, now.

        Args:
            request: as it was received, with the `body_sha256` of this signature.
            key: the courier's.
            now: seconds since 1970.

        Raises:
            UnsignedRequestError: another request, or another key.
            UntimelyRequestError: it is signed by this key, and not within the five minutes.
        """
        if request.body_sha256 != self.body_sha256:
            raise UnsignedRequestError("the signature is over another body")
        base = signature_base(request.components(), self.parameters)
        try:
            Ed25519Key(key.raw).verify(base, self.made)
        except BadSignatureError:
            raise UnsignedRequestError("the signature does not match the request") from None
        if abs(now - self.created) > MAX_SKEW_SECONDS:
            raise UntimelyRequestError("the request was signed at another time than now")

    @property
    def parameters(self) -> str:
        """The covered components and the parameters, as they are sent and signed."""
        digest = "" if self.body_sha256 is None else f' "{_DIGEST}"'
        return (
            f'("@method" "@path" "@query"{digest});created={self.created}'
            f';nonce="{_to_base64url(self.nonce)}";keyid="{self.courier}";alg="ed25519"'
        )


def sign_request(request: Request, courier: str, key: SigningKey, now: int) -> dict[str, str]:
    """Return the fields that a courier adds to a request; they serve once.

    Args:
        request: to be sent.
        courier: the id.
        key: the courier's.
        now: seconds since 1970.
    """
    return sign_request_with(request, courier, key, now, secrets.token_bytes(NONCE_BYTES))


def sign_request_with(
    request: Request, courier: str, key: SigningKey, now: int, nonce: bytes
) -> dict[str, str]:
    """Sign a request with a nonce (16 to 32 bytes) that the caller drew."""
    require_id(courier)
    if len(nonce) not in _NONCE_LENGTHS:
        raise ValueError("a nonce has 16 to 32 bytes")
    unsigned = RequestSignature(courier, now, nonce, request.body_sha256, b"")
    base = signature_base(request.components(), unsigned.parameters)
    made = Ed25519Seed(key.seed).sign(base).signature
    fields = {
        _INPUT: f"{_LABEL}={unsigned.parameters}",
        _SIGNATURE: f"{_LABEL}=:{_to_base64(made)}:",
    }
    if request.body_sha256 is not None:
        fields[_DIGEST] = serialize_digest(request.body_sha256)
    return fields


def parse_signature(fields: Iterable[tuple[str, str]]) -> RequestSignature:
    """Read what a request claims from its fields; the names are in lower case.

    Raises:
        UnsignedRequestError: not exactly one signature, in the one way that is read.
    """
    found = _pick(fields)
    given = found[_INPUT]
    match = _INPUT_VALUE.fullmatch(given)
    if match is None:
        raise UnsignedRequestError("the request has no signature of a courier")
    created, nonce, courier = match.groups()
    digest = parse_digest(found[_DIGEST]) if _DIGEST in found else None
    made = _from_field(_SIGNATURE_VALUE, found[_SIGNATURE], SIGNATURE_BYTES)
    signature = RequestSignature(courier, int(created), _from_base64url(nonce), digest, made)
    if given != f"{_LABEL}={signature.parameters}":
        raise UnsignedRequestError("the signature does not cover the request as it must")
    return signature


def signature_base(components: Mapping[str, str], parameters: str) -> bytes:
    """Return the bytes that are signed.

    Source: RFC 9421, section 2.5.
    """
    lines = [f'"{name}": {value}' for name, value in components.items()]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def serialize_digest(digest: bytes) -> str:
    """Return the value of Content-Digest for a body's SHA-256."""
    return f"sha-256=:{_to_base64(digest)}:"


def parse_digest(value: str) -> bytes:
    """Read a body's SHA-256 from the value of Content-Digest.

    Raises:
        UnsignedRequestError: another algorithm, several, or written in another way.
    """
    return _from_field(_DIGEST_VALUE, value, _DIGEST_BYTES)


def _pick(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in fields:
        if name not in _FIELDS:
            continue
        if name in found:
            raise UnsignedRequestError("the request is signed twice")
        found[name] = value
    if not {_INPUT, _SIGNATURE} <= found.keys():
        raise UnsignedRequestError("the request is not signed")
    return found


def _from_field(pattern: re.Pattern[str], value: str, size: int) -> bytes:
    match = pattern.fullmatch(value)
    if match is None:
        raise UnsignedRequestError("a field of the signature is not in its form")
    data = _decode(match[1], _LETTERS)
    if _to_base64(data) != match[1] or len(data) != size:
        raise UnsignedRequestError("a field of the signature is not in its form")
    return data


def _from_base64url(text: str) -> bytes:
    data = _decode(text + "=" * (-len(text) % 4), _URL_LETTERS)
    if _to_base64url(data) != text or len(data) not in _NONCE_LENGTHS:
        raise UnsignedRequestError("a nonce is not 16 to 32 bytes in base64url")
    return data


def _decode(text: str, letters: bytes) -> bytes:
    try:
        return base64.b64decode(text, letters, validate=True)
    except ValueError:  # binascii.Error is one
        raise UnsignedRequestError("a field of the signature is not in its form") from None


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
