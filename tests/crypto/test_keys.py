import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import bech32
from crypto.errors import KeyFormatError, NotAddressedError
from crypto.keys import Identity, Recipient, X25519Identity
from crypto.passphrase import ScryptIdentity
from crypto.stanza import HybridStanza

FILE_KEY = bytes(range(16))
IDENTITY = Identity(bytes(range(32)))
seeds = st.binary(min_size=32, max_size=32)


@given(seeds)
def test_an_identity_parses_to_what_was_serialized(seed):
    assert Identity.parse(Identity(seed).serialize()) == Identity(seed)


@settings(max_examples=20)
@given(seeds)
def test_a_recipient_parses_to_what_was_serialized(seed):
    recipient = Identity(seed).recipient
    assert Recipient.parse(recipient.serialize()) == recipient
    assert len(recipient.raw) == 1216


@settings(max_examples=20)
@given(seeds, st.binary(min_size=16, max_size=16))
def test_a_wrapped_file_key_is_unwrapped(seed, file_key):
    identity = Identity(seed)
    assert identity.unwrap([identity.recipient.wrap(file_key)]) == file_key


def test_a_stanza_that_does_not_open_means_try_the_next():
    mine, other = IDENTITY.recipient.wrap(FILE_KEY), Recipient.throw_away().wrap(bytes(16))
    assert IDENTITY.unwrap([other, other, mine]) == FILE_KEY
    with pytest.raises(NotAddressedError):
        IDENTITY.unwrap([other])
    with pytest.raises(NotAddressedError):
        IDENTITY.unwrap([])


@given(st.integers(0, 8 * (1120 + 32) - 1))
def test_a_stanza_with_a_flipped_bit_does_not_open(bit):
    stanza = IDENTITY.recipient.wrap(FILE_KEY)
    data = bytearray(stanza.enc + stanza.wrapped)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotAddressedError):
        IDENTITY.unwrap([HybridStanza(bytes(data[:1120]), bytes(data[1120:]))])


def test_each_wrapping_differs():
    assert len({IDENTITY.recipient.wrap(FILE_KEY) for _ in range(10)}) == 10


def test_throw_away_recipients_differ():
    assert len({Recipient.throw_away() for _ in range(5)}) == 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1pq1",
        IDENTITY.serialize(),
        IDENTITY.recipient.serialize().upper(),
        IDENTITY.recipient.serialize() + " ",
        bech32.encode("age1pq", IDENTITY.recipient.raw[:-1]),
        bech32.encode("age1pq", IDENTITY.recipient.raw + b"\0"),
        bech32.encode("age", IDENTITY.recipient.raw),
        bech32.encode("age1pq", b"\xff" * 1184 + IDENTITY.recipient.raw[1184:]),
        bech32.encode("age1pq", IDENTITY.recipient.raw[:1184] + bytes(32)),
    ],
    ids=range(10),
)
def test_what_is_no_hybrid_recipient_is_refused(text):
    with pytest.raises(KeyFormatError):
        Recipient.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        IDENTITY.serialize().lower(),
        IDENTITY.recipient.serialize(),
        bech32.encode("AGE-SECRET-KEY-", bytes(32)),
        bech32.encode("AGE-SECRET-KEY-PQ-", bytes(31)),
        bech32.encode("AGE-SECRET-KEY-PQ-", bytes(33)),
    ],
    ids=range(6),
)
def test_what_is_no_hybrid_identity_is_refused(text):
    with pytest.raises(KeyFormatError):
        Identity.parse(text)
    if not text.startswith("AGE-SECRET-KEY-1"):
        with pytest.raises(KeyFormatError):
            X25519Identity.parse(text)


def test_no_secret_shows_when_an_identity_is_printed():
    for identity in (IDENTITY, X25519Identity(IDENTITY.seed), ScryptIdentity("passphrase")):
        shown = repr(identity) + str(identity)
        assert "passphrase='" not in shown
        assert "\\x" not in shown
        assert IDENTITY.seed.hex() not in shown


def test_no_secret_shows_when_an_identity_is_mistyped():
    mistyped = IDENTITY.serialize()[:-1] + ("Q" if IDENTITY.serialize()[-1] != "Q" else "P")
    with pytest.raises(KeyFormatError) as caught:
        Identity.parse(mistyped)
    shown = "".join(traceback.format_exception(caught.value))
    assert mistyped[19:40] not in shown
