import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import MalformedEnvelopeError
from crypto.stanza import (
    HybridStanza,
    ScryptStanza,
    Stanza,
    X25519Stanza,
    decode_base64,
    encode_base64,
    recognise_all,
)

POINT = bytes([9]) + bytes(31)
HYBRID = HybridStanza(bytes(1088) + POINT, bytes(32))
SCRYPT = ScryptStanza(bytes(16), 18, bytes(32))
X25519 = Stanza((b"X25519", encode_base64(POINT)), bytes(32))


@given(st.binary(max_size=200))
def test_base64_decodes_to_what_was_encoded(data):
    assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize(
    "text", [b"A", b"AB", b"AAB", b"AA==", b"AA A", b"AA\n", b"-_-_", b"AAAAA"]
)
def test_base64_has_one_spelling_for_each_value(text):
    with pytest.raises(MalformedEnvelopeError):
        decode_base64(text)


@given(st.integers(0, 200))
def test_a_body_always_ends_with_a_line_shorter_than_64_columns(size):
    *full, last, empty = Stanza((b"type",), bytes(size)).serialize().split(b"\n")[1:]
    assert all(len(line) == 64 for line in full)
    assert len(last) < 64
    assert not empty


def test_known_types_are_recognised_and_unknown_ones_pass():
    grease = Stanza((b"other", b"x"), b"anything")
    assert recognise_all([HYBRID.stanza(), grease, X25519]) == (
        HYBRID,
        X25519Stanza(POINT, bytes(32)),
    )
    assert recognise_all([SCRYPT.stanza()]) == (SCRYPT,)


@pytest.mark.parametrize("other", [HYBRID.stanza(), SCRYPT.stanza(), Stanza((b"other",), b"")])
def test_a_passphrase_stanza_must_be_alone(other):
    with pytest.raises(MalformedEnvelopeError, match="alone"):
        recognise_all([SCRYPT.stanza(), other])
    with pytest.raises(MalformedEnvelopeError, match="alone"):
        recognise_all([other, SCRYPT.stanza()])


def argued(*arguments: bytes, body: int = 32) -> Stanza:
    return Stanza(arguments, bytes(body))


@pytest.mark.parametrize(
    "stanza",
    [
        argued(b"mlkem768x25519"),
        argued(b"mlkem768x25519", encode_base64(HYBRID.enc), b"more"),
        argued(b"mlkem768x25519", encode_base64(HYBRID.enc[:-1])),
        argued(b"mlkem768x25519", encode_base64(HYBRID.enc + b"\0")),
        argued(b"mlkem768x25519", encode_base64(HYBRID.enc), body=31),
        argued(b"mlkem768x25519", encode_base64(HYBRID.enc), body=48),
        argued(b"mlkem768x25519", encode_base64(bytes(1120))),
        argued(b"X25519", encode_base64(bytes(32))),
        argued(b"X25519", encode_base64(POINT), body=33),
        argued(b"X25519"),
        argued(b"scrypt", encode_base64(bytes(16)), b"018"),
        argued(b"scrypt", encode_base64(bytes(16)), b"9999999999"),
        argued(b"scrypt", encode_base64(bytes(15)), b"18"),
        argued(b"scrypt", encode_base64(bytes(16)), b"18", body=31),
    ],
)
def test_a_malformed_stanza_of_a_known_type_is_refused(stanza):
    with pytest.raises(MalformedEnvelopeError):
        recognise_all([stanza])
