"""Bundles: what carries sealed replies to the service."""

import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.bag_writer import BagWriter
from crypto.bundle import Destination, bundle_info, serialize_list, write_bundle
from crypto.bundle_reader import OutboundBundle
from crypto.envelope import EnvelopeWriter, open_envelope
from crypto.errors import BundleError, NotAddressedError
from crypto.header import parse_header, require_slots
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.padding import padded_bytes

SIGNING = SigningKey(bytes(range(32)))
SIGNERS = [SigningKey.generate().verify_key, SIGNING.verify_key]
SOURCE = Identity(bytes(32))


def sealed(size: int = 65_536, letter: bytes = b"r", slots: int = 4) -> io.BytesIO:
    file = io.BytesIO()
    envelope = EnvelopeWriter(file, [SOURCE.recipient], slots=slots)
    envelope.write(letter * size)
    envelope.close()
    return file


def bundle(*envelopes: tuple[Destination, io.BytesIO], **options: Any) -> bytes:
    file = io.BytesIO()
    write_bundle(file, envelopes, SIGNING, **options)
    return file.getvalue()


def forged(
    entries: dict[str, bytes],
    listed: bytes,
    *,
    folder: str = "bundle",
    info: Any = bundle_info,
    kind: str = "bundle",
    padding: Any = None,
) -> bytes:
    """Write a bag that is signed, and perhaps not a bundle."""
    file = io.BytesIO()
    bag = BagWriter(file, folder)
    for name, data in entries.items():
        bag.add(name, data)
    bag.add("data/replies.json", listed)
    bag.finish(info, kind, SIGNING, filled_bytes=padding)
    return file.getvalue()


def read(data: bytes) -> OutboundBundle:
    return OutboundBundle(io.BytesIO(data), SIGNERS)


def test_what_is_put_into_a_bundle_comes_out_with_its_address() -> None:
    replies = [(bytes([number]) * 32, sealed(letter=bytes([number]))) for number in range(3)]
    found = read(bundle(*replies))
    assert found.signer == SIGNING.verify_key
    contents = {reply.destination: found.open(reply).read() for reply in found.envelopes}
    for address, envelope in replies:
        assert contents[address] == envelope.getvalue()


@pytest.mark.parametrize("real", [0, 1, 8])
def test_every_bundle_carries_eight_replies_that_look_alike(real: int) -> None:
    data = bundle(*[(bytes([number]) * 32, sealed()) for number in range(real)])
    found = read(data)
    assert len(found.envelopes) == 8
    assert len({reply.size for reply in found.envelopes}) == 1
    assert len({reply.destination for reply in found.envelopes}) == 8
    opened = 0
    for reply in found.envelopes:
        with found.open(reply) as file:
            envelope = file.read()
        require_slots(parse_header(envelope), 4)
        try:
            open_envelope(io.BytesIO(envelope), [SOURCE])
        except NotAddressedError:
            continue
        opened += 1
    assert opened == real
    assert len(data) == len(bundle())


def test_dummies_are_as_long_as_the_replies_beside_them() -> None:
    large = padded_bytes(300_000)
    found = read(bundle((bytes(32), sealed(large))))
    assert {reply.size for reply in found.envelopes} == {len(sealed(large).getvalue())}


@pytest.mark.parametrize("slots", [1, 4, 16, 40])
def test_what_goes_to_a_channel_is_listed_with_it_and_counts_among_the_eight(slots: int) -> None:
    asked = sealed(slots=slots)
    found = read(bundle(("general", asked), (bytes(32), sealed())))
    assert len(found.envelopes) == 8
    (to_channel,) = [one for one in found.envelopes if one.destination == "general"]
    assert found.open(to_channel).read() == asked.getvalue()
    assert to_channel.hash == hashlib.sha256(asked.getvalue()).digest()


def test_dummies_are_replies_whatever_else_is_in_a_bundle() -> None:
    found = read(bundle(("general", sealed(slots=16))))
    lengths = {one.size for one in found.envelopes if isinstance(one.destination, bytes)}
    assert lengths == {len(sealed().getvalue())}


def test_neither_names_nor_order_tell_which_are_real() -> None:
    places = set()
    for _ in range(40):
        found = read(bundle((bytes(32), sealed()), count=3))
        files = [reply.file for reply in found.envelopes]
        assert files == sorted(files)
        assert all(re.fullmatch(r"[0-9a-f]{32}\.age", file) for file in files)
        places.add([reply.destination for reply in found.envelopes].index(bytes(32)))
    assert places == {0, 1, 2}


def test_unzip_and_bagit_accept_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle((bytes(32), sealed())))
    subprocess.run(["unzip", "-tqq", path], check=True, timeout=60)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bagit", "--quiet", "--validate", "bundle"],
        cwd=tmp_path, check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    signature = tmp_path / "bundle" / "tagmanifest-sha256.txt"
    subprocess.run(
        ["minisign", "-V", "-q", "-P", SIGNING.verify_key.serialize(), "-m", signature],
        check=True,
        timeout=60,
    )
    content = json.loads((tmp_path / "bundle" / "data" / "replies.json").read_bytes())
    assert set(content["replies"][0]) == {"address", "file"}


def test_a_flipped_bit_anywhere_is_refused() -> None:
    data = bundle((bytes(32), sealed()), count=1)
    small = [*range(400), *range(len(data) - 3_000, len(data))]
    for place in [*small, *range(400, len(data) - 3_000, 997)]:
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(BundleError):
            open_all(bytes(flipped))


def open_all(data: bytes) -> None:
    found = read(data)
    for reply in found.envelopes:
        found.open(reply).close()


@pytest.mark.parametrize("kept", [0, 10, 0.3, 0.9, -1])
def test_a_truncated_bundle_is_refused(kept: float) -> None:
    data = bundle(count=1)
    cut = int(kept * len(data)) if isinstance(kept, float) else kept
    with pytest.raises(BundleError):
        read(data[:cut])
    with pytest.raises(BundleError):
        read(data + b"\0")


def test_a_bundle_of_somebody_who_is_no_reviewer_is_refused() -> None:
    with pytest.raises(BundleError):
        OutboundBundle(io.BytesIO(bundle()), [SigningKey.generate().verify_key])
    with pytest.raises(BundleError):
        OutboundBundle(io.BytesIO(bundle()), [])


NAME = "0" * 32 + ".age"
OTHER = "1" * 32 + ".age"
ENTRY = {f"data/{NAME}": b"envelope"}
LISTED = serialize_list({NAME: bytes(32)})


TO_CHANNEL = serialize_list({NAME: "general"})
ASKED = {f"data/{NAME}": sealed(slots=16).getvalue()}


def test_the_forgeries_below_start_from_a_bundle_that_is_read() -> None:
    found = read(forged(ENTRY, LISTED))
    assert [(reply.file, reply.size) for reply in found.envelopes] == [(NAME, 8)]
    assert [one.destination for one in read(forged(ASKED, TO_CHANNEL)).envelopes] == ["general"]


@pytest.mark.parametrize(
    ("entries", "listed", "options"),
    [
        (ENTRY, LISTED, {"kind": "report"}),
        (ENTRY, LISTED, {"folder": "report"}),
        (ENTRY, LISTED, {"padding": lambda size: size + 10}),
        (ENTRY, LISTED, {"info": lambda _: b"Candor-Kind: bundle\n"}),
        (ENTRY, LISTED, {"info": lambda count: bundle_info(count) + b"Extra: 1\n"}),
        ({}, LISTED, {}),
        ({**ENTRY, f"data/{OTHER}": b"unlisted"}, LISTED, {}),
        ({"data/x.age": b""}, LISTED, {}),
        ({f"data/{NAME.upper()}": b""}, LISTED, {}),
        ({"data/../x.age": b""}, LISTED, {}),
        ({f"data/{NAME}": bytes(4 * 1024 * 1024 + 1)}, LISTED, {}),
        ({f"data/{OTHER}": b"", f"data/{NAME}": b""},
         serialize_list({NAME: bytes(32), OTHER: bytes(32)}), {}),
        (ENTRY, LISTED + b"\n", {}),
        (ENTRY, LISTED.replace(b"  ", b" "), {}),
        (ENTRY, LISTED.replace(b"00", b"0"), {}),
        (ENTRY, LISTED.replace(b"address", b"adress"), {}),
        (ENTRY, LISTED.replace(b'"file"', b'"extra": 1,\n      "file"'), {}),
        (ENTRY, LISTED.replace(b'"replies"', b'"extra": 1,\n  "replies"'), {}),
        (ENTRY, b'{"replies": [null]}', {}),
        (ENTRY, b'{"replies": {}}', {}),
        (ENTRY, b"[]", {}),
        (ENTRY, b"[" * 10_000, {}),
        (ENTRY, b"", {}),
        (ENTRY, b" " * 70_000 + LISTED, {}),
        (ENTRY, TO_CHANNEL, {}),
        (ASKED, TO_CHANNEL.replace(b"general", b"General"), {}),
        (ASKED, TO_CHANNEL.replace(b"general", b""), {}),
        (ASKED, TO_CHANNEL.replace(b'"general"', b"null"), {}),
        (ASKED, TO_CHANNEL.replace(b'"channel"', b'"address"'), {}),
        (ASKED, TO_CHANNEL.replace(b'"channel"', b'"address": "", "channel"'), {}),
        (ASKED, LISTED.replace(b'"file"', b'"channel": "general",\n      "file"'), {}),
        ({f"data/{NAME}": sealed(padded_bytes(65_537), slots=16).getvalue()}, TO_CHANNEL, {}),
        ({f"data/{NAME}": sealed(slots=16).getvalue() + b"."}, TO_CHANNEL, {}),
    ],
)  # fmt: skip
def test_a_signed_bag_that_is_no_bundle_is_refused(
    entries: dict[str, bytes], listed: bytes, options: dict[str, Any]
) -> None:
    with pytest.raises(BundleError):
        read(forged(entries, listed, **options))


def test_an_envelope_exchanged_under_the_same_name_is_refused_when_it_is_opened() -> None:
    data = bundle(count=1)
    found = read(data)
    (reply,) = found.envelopes
    place = data.index(b"age-encryption.org") + 500
    found = read(data[:place] + b"!" + data[place + 1 :])
    with pytest.raises(BundleError, match=reply.file):
        found.open(reply)


def test_what_would_be_refused_where_it_goes_is_not_put_into_a_bundle() -> None:
    envelopes = [io.BytesIO(b"age"), sealed(65_535), sealed(65_537), sealed(padded_bytes(5 << 20))]
    for replies in ((bytes(31), sealed()), *((bytes(32), envelope) for envelope in envelopes)):
        with pytest.raises(ValueError, match="length that nothing has"):
            bundle(replies)
    for asked in (sealed(65_535, slots=16), sealed(padded_bytes(65_537), slots=16)):
        with pytest.raises(ValueError, match="length that nothing has"):
            bundle(("general", asked))
    with pytest.raises(ValueError, match="an id is"):
        bundle(("General", sealed(slots=16)))
    with pytest.raises(ValueError, match="carries 8"):
        bundle(*[(bytes(32), sealed())] * 9)


@given(st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else_is_raised(noise: bytes) -> None:
    with pytest.raises(BundleError):
        read(noise)
