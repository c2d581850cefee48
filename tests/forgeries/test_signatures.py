"""A signature made for one use serves for no other, though one key had made them all.

A courier's key really makes three sorts: of its bundles (minisign), of its requests (RFC 9421), and
of heads that it has seen (cosignatures). Here one key makes all of every sort, and each signature
is put where every other sort belongs.
"""

import base64
import io
import itertools
from collections.abc import Callable, Mapping

import pytest

from crypto.bag_info import BagKind
from crypto.bag_reader import BagReader
from crypto.checkpoint import Head, NoteSignature, log_origin, witness_name
from crypto.envelope import open_envelope
from crypto.errors import (
    DamagedBagError,
    SignatureError,
    UnsignedBundleError,
    UnsignedHeadError,
    UnsignedRequestError,
)
from crypto.http_signature import Request, RequestSignature, sign_request_with, signature_base
from crypto.identity_bag import seal_identity_bag
from crypto.minisign import SignedKind, SigningKey, digest
from tests.crypto.bags import CUSTODIAN, forged, reply, source_keys, submission
from tests.crypto.test_bag_forgeries import reviewers_bag
from tests.crypto.test_bundle import ENTRY, LISTED
from tests.crypto.test_bundle import forged as forged_bundle
from tests.crypto.test_bundle import read as read_bundle

KEY = SigningKey(bytes(range(32)))
SERVICE_ID = bytes(16)
SECONDS = 1_764_072_000
WITNESS = witness_name(SERVICE_ID, "van")
UNSIGNED_HEAD = Head(log_origin(SERVICE_ID, "general"), 7, bytes(range(32)))
REQUEST = Request("GET", "/courier/roster.json")
CLAIM = RequestSignature("van", SECONDS, bytes(18), None, b"")
BASE = signature_base(REQUEST.components(), CLAIM.parameters)
COSIGNED = f"cosignature/v1\ntime {SECONDS}\n{UNSIGNED_HEAD.body}".encode()
MESSAGES = {"head": UNSIGNED_HEAD.body.encode(), "cosignature": COSIGNED, "request": BASE}


def parts_of(file: bytes) -> tuple[bytes, bytes]:
    """Take the two bare signatures (64) out of a minisign file."""
    _, first, _, second = file.splitlines()
    return base64.b64decode(first)[10:], base64.b64decode(second)


def bare(message: bytes) -> Mapping[str, bytes]:
    """Collect every bare signature that the key has made: minisign's over this very message."""
    made = {
        f"{kind} {place}": part
        for kind in SignedKind
        for place, part in zip("12", parts_of(KEY.sign(kind, digest(message))), strict=True)
    }
    made["head"] = UNSIGNED_HEAD.sign(KEY).signatures[0].blob[4:]
    made["cosignature"] = UNSIGNED_HEAD.cosign(WITNESS, KEY, SECONDS).blob[12:]
    field = sign_request_with(REQUEST, "van", KEY, SECONDS, bytes(18))["signature"]
    made["request"] = base64.b64decode(field.split(":")[1])
    return made


def as_head(signature: bytes) -> None:
    own = UNSIGNED_HEAD.sign(KEY).signatures[0]
    line = NoteSignature(own.name, own.blob[:4] + signature)
    Head(UNSIGNED_HEAD.origin, 7, UNSIGNED_HEAD.root, (line,)).require_signed([KEY.verify_key])


def as_cosignature(signature: bytes) -> None:
    own = UNSIGNED_HEAD.cosign(WITNESS, KEY, SECONDS)
    line = NoteSignature(own.name, own.blob[:12] + signature)
    assert UNSIGNED_HEAD.with_cosignature(line).witnesses({WITNESS: KEY.verify_key})


def as_request(signature: bytes) -> None:
    made = RequestSignature("van", SECONDS, bytes(18), None, signature)
    made.require(REQUEST, KEY.verify_key, SECONDS)


PLACES: Mapping[str, tuple[Callable[[bytes], None], type[Exception]]] = {
    "head": (as_head, UnsignedHeadError),
    "cosignature": (as_cosignature, UnsignedHeadError),
    "request": (as_request, UnsignedRequestError),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_was_signed_for_another_use_is_no_head_cosignature_or_request(place: str) -> None:
    use, refusal = PLACES[place]
    for sort, signature in bare(MESSAGES[place]).items():
        if sort == place:
            use(signature)
        else:
            with pytest.raises(refusal):
                use(signature)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_head_a_cosignature_and_a_request_are_no_minisign_signature_of_any_kind(
    message: str,
) -> None:
    """Each bare signature stands in each place of a minisign file, over its very message."""
    signed = digest(MESSAGES[message])
    signatures = bare(MESSAGES[message])
    foreign = {signatures["head"], signatures["cosignature"], signatures["request"]}
    for kind in SignedKind:
        file = KEY.sign(kind, signed)
        KEY.verify_key.verify(kind, signed, file)
        first, second = parts_of(file)
        for one, two in itertools.product({first, *foreign}, {second, *foreign}):
            if (one, two) == (first, second):
                continue
            swapped = file.replace(
                base64.b64encode(b"ED" + KEY.verify_key.key_id + first),
                base64.b64encode(b"ED" + KEY.verify_key.key_id + one),
            ).replace(base64.b64encode(second), base64.b64encode(two))
            with pytest.raises(SignatureError):
                KEY.verify_key.verify(kind, signed, swapped)


SOURCE = source_keys(31)


def bag_of(kind: BagKind) -> bytes:
    if kind is BagKind.REPLY:
        return reply(signing=SOURCE.signing)
    if kind is BagKind.IDENTITY:
        sealed = seal_identity_bag(
            "", channel="main", signing=SOURCE.signing, custodian=CUSTODIAN.recipient
        )
        return open_envelope(io.BytesIO(sealed), [CUSTODIAN]).read(10_000)
    if kind in {BagKind.REQUEST, BagKind.DISCLOSURE}:
        return reviewers_bag(kind, SOURCE.signing)
    return submission(kind=kind, keys=SOURCE)


@pytest.mark.parametrize("kind", BagKind)
def test_a_bag_signed_as_another_kind_is_refused(kind: BagKind) -> None:
    key, padded = SOURCE.signing, kind is not BagKind.IDENTITY
    whole = bag_of(kind)
    for signed_as in SignedKind:
        made = forged(whole, signing=key, kind=signed_as, pad=padded, reviewer=key)
        if signed_as == kind:
            BagReader(io.BytesIO(made), signers=[key.verify_key]).verify()
            continue
        with pytest.raises(DamagedBagError, match="signature"):
            BagReader(io.BytesIO(made), signers=[key.verify_key])


@pytest.mark.parametrize("kind", sorted(set(SignedKind) - {SignedKind.BUNDLE}))
def test_a_bundle_signed_as_another_kind_is_refused(kind: SignedKind) -> None:
    read_bundle(forged_bundle(ENTRY, LISTED))
    with pytest.raises(UnsignedBundleError, match="signature"):
        read_bundle(forged_bundle(ENTRY, LISTED, kind=kind))
