"""A source's identity: one length, one reader, and tied to one source and channel."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.bag_layout import IDENTITY_BAG_BYTES, IDENTITY_FILE_BYTES
from crypto.envelope import EnvelopeWriter, open_envelope
from crypto.errors import (
    DamagedBagError,
    DamagedEnvelopeError,
    MalformedEnvelopeError,
    NotAddressedError,
)
from crypto.identity_bag import open_identity_bag, seal_identity_bag
from crypto.keys import Identity
from tests.crypto.bags import (
    CUSTODIAN,
    OTHER_SOURCE,
    SOURCE,
    files_of,
    forged,
    open_bag,
    submission,
    zipped,
)

KEY = SOURCE.signing.verify_key
TEXTS = st.text(st.characters(codec="utf-8"), max_size=375)


def seal(text, *, channel="main", source=SOURCE, custodian=CUSTODIAN.recipient):
    return seal_identity_bag(text, channel=channel, signing=source.signing, custodian=custodian)


def open_(data, *, key=KEY, channel="main", custodian=CUSTODIAN):
    return open_identity_bag(data, [custodian], key=key, channel=channel)


def plaintext(data):
    return open_envelope(io.BytesIO(data), [CUSTODIAN]).read(10_000)


def reseal(bag: bytes) -> bytes:
    sealed = io.BytesIO()
    envelope = EnvelopeWriter(sealed, [CUSTODIAN.recipient], slots=1)
    envelope.write(bag)
    envelope.close()
    return sealed.getvalue()


@given(TEXTS, st.from_regex(r"[a-z0-9]{1,32}", fullmatch=True))
@settings(max_examples=40, deadline=None)
def test_the_custodian_reads_what_the_source_wrote_and_the_length_tells_nothing(text, channel):
    sealed = seal(text, channel=channel)
    assert len(sealed) == IDENTITY_FILE_BYTES
    assert len(plaintext(sealed)) == IDENTITY_BAG_BYTES
    assert open_(sealed, channel=channel) == text


@pytest.mark.parametrize("text", ["", "a" * 1500, "ж" * 750, "\x01" * 1500])
@pytest.mark.parametrize("channel", ["a", "a" * 32])
@pytest.mark.parametrize("custodian", [CUSTODIAN.recipient, None])
def test_every_identity_is_of_one_length(text, channel, custodian):
    assert len(seal(text, channel=channel, custodian=custodian)) == IDENTITY_FILE_BYTES


def test_an_identity_comes_out_of_a_report():
    bag = open_bag(submission(identity_text="Анна, +7 000"))
    assert bag.identity_file is not None
    assert open_(bag.identity_file, key=bag.signer, channel=bag.channel) == "Анна, +7 000"


def test_its_bag_info_says_no_more_than_it_must():
    labels = [line.split(":")[0] for line in bag_info(plaintext(seal("me"))).splitlines()]
    assert labels == ["Candor-Kind", "Channel", "Source-Key", "Payload-Oxum"]


def bag_info(data):
    return files_of(data)["bag-info.txt"].decode()


def test_nobody_but_the_custodian_reads_it():
    with pytest.raises(NotAddressedError):
        open_(seal("me"), custodian=Identity.generate())
    with pytest.raises(NotAddressedError):
        open_(seal("me", custodian=None))


def test_one_moved_from_another_report_is_refused():
    for moved in (seal("me", source=OTHER_SOURCE), seal("me", channel="other")):
        with pytest.raises(DamagedBagError, match="another source or for another channel"):
            open_(moved)


def test_one_signed_by_somebody_else_in_the_sources_name_is_refused():
    bag = forged(
        plaintext(seal("me")),
        signing=OTHER_SOURCE.signing,
        kind="identity",
        pad=False,
    )
    with pytest.raises(DamagedBagError, match="signature"):
        open_(reseal(bag))


def test_another_kind_of_bag_is_refused():
    with pytest.raises(DamagedBagError):
        open_(reseal(submission()))


def test_another_length_is_refused():
    bag = plaintext(seal("me"))
    with pytest.raises(DamagedBagError):
        open_(reseal(bag + b"\0"))
    files = files_of(bag)
    shorter = zipped(files | {"padding.bin": files["padding.bin"][1:]})
    with pytest.raises(DamagedBagError, match="padding"):
        open_(reseal(shorter))


@given(st.integers(0, IDENTITY_FILE_BYTES - 1), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_any_flipped_bit_is_refused(place, bit):
    changed = bytearray(seal("me"))
    changed[place] ^= 1 << bit
    refusals = (DamagedBagError, DamagedEnvelopeError, MalformedEnvelopeError, NotAddressedError)
    with pytest.raises(refusals):
        open_(bytes(changed))


def test_a_longer_text_is_refused():
    with pytest.raises(ValueError, match="1,500"):
        seal("a" * 1501)
