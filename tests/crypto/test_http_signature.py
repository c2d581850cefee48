"""Signed requests: the RFCs' vectors, another implementation both ways, and every refusal."""

import base64
import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    PreparedSignature,
    algorithms,
)
from http_message_signatures.digests import ContentDigest
from http_sf.compat import Item
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey as Seed

from crypto.errors import UnsignedRequestError, UntimelyRequestError
from crypto.http_signature import (
    MAX_SKEW_SECONDS,
    Request,
    RequestSignature,
    parse_digest,
    parse_signature,
    serialize_digest,
    sign_request,
    sign_request_with,
    signature_base,
)
from crypto.minisign import SigningKey

# RFC 9421, appendix B.1.4, test-key-ed25519
RFC_KEY = SigningKey(base64.b64decode("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU="))
KEY = SigningKey(bytes(range(32)))
NOW = 1_764_072_000
NONCE = bytes(range(18))
HELLO = b'{"hello": "world"}'
GET = Request("GET", "/courier/roster.json")
POST = Request("POST", "/courier/bundles", "", hashlib.sha256(HELLO).digest())


def signed(request: Request = GET, **changes: Any) -> dict[str, str]:
    options = {"courier": "van", "key": KEY, "now": NOW, "nonce": NONCE} | changes
    return sign_request_with(request, **options)


def require(fields: dict[str, str], request: Request = GET, now: float = NOW) -> RequestSignature:
    found = parse_signature(fields.items())
    found.require(replace(request, body_sha256=found.body_sha256), KEY.verify_key, now)
    return found


def test_the_rfc_signs_a_request_with_the_same_bytes() -> None:
    """RFC 9421, appendix B.2.6: other components than ours, the same base and signature."""
    components = {
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "@method": "POST",
        "@path": "/foo",
        "@authority": "example.com",
        "content-type": "application/json",
        "content-length": "18",
    }
    covered = " ".join(f'"{name}"' for name in components)
    parameters = f'({covered});created=1618884473;keyid="test-key-ed25519"'
    made = Seed(RFC_KEY.seed).sign(signature_base(components, parameters)).signature
    assert base64.b64encode(made) == (
        b"wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )


def test_the_bytes_of_a_request_never_change() -> None:
    assert signed(POST) == {
        "signature-input": 'candor=("@method" "@path" "@query" "content-digest")'
        ';created=1764072000;nonce="AAECAwQFBgcICQoLDA0ODxAR";keyid="van";alg="ed25519"',
        "signature": "candor=:Ff9ON0vglCm2IDrFsUsibhqumOt4H+I3b/f/gyX7k7tvGKCwtcahp9trXLN5xyQ79pPh"
        "MWZNYyBKwTD74nviBA==:",
        "content-digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
    }


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (HELLO + b"\n", "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"),
        (b"", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
    ],
)
def test_digests_are_those_of_the_rfc(body: bytes, value: str) -> None:
    """RFC 9530, appendices B.1 and B.2."""
    digest = hashlib.sha256(body).digest()
    assert serialize_digest(digest) == value
    assert parse_digest(value) == digest


@dataclass
class Message:
    """A request as the other implementation knows it."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


OTHERS_KEY = Ed25519PrivateKey.from_private_bytes(KEY.seed)
OTHERS_KEYS = MappingKeyResolver(
    private_keys={"van": OTHERS_KEY}, public_keys={"van": OTHERS_KEY.public_key()}
)


class Verifier(HTTPMessageVerifier):
    allow_label_only_selection = True


@pytest.mark.parametrize("query", ["", "a=b&c=%20"])
@pytest.mark.parametrize("body", [None, HELLO])
def test_another_implementation_verifies_what_we_sign(query: str, body: bytes | None) -> None:
    digest = None if body is None else hashlib.sha256(body).digest()
    request = Request("POST" if body else "GET", "/courier/a%2Fb", query, digest)
    now = int(datetime.now(UTC).timestamp())
    url = f"http://service.onion{request.path}{'?' * bool(query)}{query}"
    message = Message(request.method, url, sign_request(request, "van", KEY, now))
    verifier = Verifier(signature_algorithm=algorithms.ED25519, key_resolver=OTHERS_KEYS)
    covered = ["@method", "@path", "@query", *(["content-digest"] if body else [])]
    (found,) = verifier.verify(message, require_components=covered, body=body)
    assert found.label == "candor"
    assert [*found.parameters] == ["created", "nonce", "keyid", "alg"]


@pytest.mark.parametrize("query", ["", "a=b&c=%20"])
@pytest.mark.parametrize("body", [None, HELLO])
def test_we_verify_what_another_implementation_signs(query: str, body: bytes | None) -> None:
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=OTHERS_KEYS)
    url = f"http://service.onion/courier/a%2Fb{'?' * bool(query)}{query}"
    message = Message("POST" if body else "GET", url)
    components = ["@method", "@path", "@query"]
    if body is not None:
        ContentDigest.add(message.headers, body)
        components.append("content-digest")
    # it has its parameters in another order, so its parts are called one by one
    base, node, _ = signer._build_signature_base(
        message,
        covered_component_ids=[Item(name) for name in components],
        signature_params={"created": NOW, "nonce": "A" * 24, "keyid": "van", "alg": "ed25519"},
    )
    prepared = PreparedSignature(base.encode(), str(node), "candor", "ed25519")
    signer.apply(message, prepared, OTHERS_KEY.sign(base.encode()))
    fields = {name.lower(): value for name, value in message.headers.items()}
    found = require(fields, Request(message.method, "/courier/a%2Fb", query))
    assert found.nonce == bytes(18)
    assert (found.body_sha256 or b"") == (hashlib.sha256(body).digest() if body else b"")


@given(
    method=st.sampled_from(["GET", "PUT", "POST"]),
    path=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)).map("/{}".format),
    query=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)),
    body_sha256=st.none() | st.binary(min_size=32, max_size=32),
    courier=st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True),
    nonce=st.binary(min_size=16, max_size=32),
    now=st.integers(min_value=1, max_value=10**15 - 1),
)
def test_what_is_signed_is_read_again(courier, nonce, now, **parts: Any) -> None:
    request = Request(**parts)
    found = require(sign_request_with(request, courier, KEY, now, nonce), request, now)
    assert (found.courier, found.created, found.nonce) == (courier, now, nonce)
    assert found.body_sha256 == request.body_sha256


def test_every_request_has_a_nonce_of_its_own() -> None:
    one, other = (sign_request(GET, "van", KEY, NOW) for _ in range(2))
    assert require(one).nonce != require(other).nonce


@pytest.mark.parametrize(
    "other",
    [
        replace(GET, method="PUT"),
        replace(GET, path="/courier/roster.json.minisig"),
        replace(GET, path="/courier/%72oster.json"),
        replace(GET, query="a"),
    ],
)
def test_a_signature_is_for_one_request(other: Request) -> None:
    with pytest.raises(UnsignedRequestError, match="does not match the request"):
        require(signed(), other)


def test_another_key_does_not_sign_for_a_courier() -> None:
    with pytest.raises(UnsignedRequestError, match="does not match the request"):
        require(signed(key=RFC_KEY))


def test_a_body_cannot_be_exchanged_added_or_taken_away() -> None:
    found = parse_signature(signed(POST).items())
    for digest in (bytes(32), None):
        with pytest.raises(UnsignedRequestError, match="another body"):
            found.require(replace(POST, body_sha256=digest), KEY.verify_key, NOW)
    with pytest.raises(UnsignedRequestError, match="does not match"):
        require(signed(POST) | {"content-digest": serialize_digest(bytes(32))}, POST)
    with pytest.raises(UnsignedRequestError, match="does not cover"):
        require(signed() | {"content-digest": serialize_digest(bytes(32))})
    without = {name: value for name, value in signed(POST).items() if name != "content-digest"}
    with pytest.raises(UnsignedRequestError, match="does not cover"):
        require(without, POST)


@pytest.mark.parametrize("off", [-MAX_SKEW_SECONDS, MAX_SKEW_SECONDS])
def test_five_minutes_are_allowed_either_way(off: int) -> None:
    require(signed(), now=NOW + off)
    with pytest.raises(UntimelyRequestError):
        require(signed(), now=NOW + off + off / abs(off))


def test_only_a_courier_hears_of_clocks() -> None:
    """To anybody else a stale request is merely unsigned."""
    with pytest.raises(UnsignedRequestError) as caught:
        require(signed(key=RFC_KEY), now=NOW + 10_000)
    assert type(caught.value) is UnsignedRequestError


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "courier"),
        Request("GET", "/a b"),
        Request("GET", '/a\n"@query": ?'),
        Request("GET", "/\N{LATIN SMALL LETTER E WITH ACUTE}"),
        Request("GET", "/", "a b"),
        Request("GET", "/", "\r\n"),
    ],
)
def test_no_address_can_forge_a_line_of_the_base(request_: Request) -> None:
    with pytest.raises(UnsignedRequestError, match="address"):
        signed(request_)


def test_other_fields_mean_nothing() -> None:
    require(signed() | {"x-other": "1", "date": "now"})


def test_refusals_repeat_nothing_that_was_sent() -> None:
    for name in ("signature", "signature-input", "content-digest"):
        with pytest.raises(UnsignedRequestError) as caught:
            parse_signature((signed(POST) | {name: "marker"}).items())
        assert "marker" not in json.dumps(caught.value.args)


def test_only_ids_and_nonces_of_their_lengths_are_signed() -> None:
    with pytest.raises(ValueError, match="an id is"):
        signed(courier='van"')
    for size in (15, 33):
        with pytest.raises(ValueError, match="16 to 32 bytes"):
            signed(nonce=bytes(size))
