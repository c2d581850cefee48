"""Inbound bundles: what a courier packs, and what is no such bundle."""

import hashlib
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.bag_writer import BagWriter
from crypto.errors import BundleError, UnsignedBundleError
from crypto.inbound import (
    InboundInfo,
    RosterDocument,
    envelope_path,
    serialize_days,
    serialize_inbound_info,
    write_inbound,
)
from crypto.inbound_reader import InboundBundle, peek_info
from crypto.merkle import EMPTY_TREE
from crypto.minisign import SigningKey
from tests.support.carried import (
    COURIERS,
    FORM_BYTES,
    FORM_NAME,
    TODAY,
    VAN,
    Carrier,
    Log,
    make_day,
    make_roster,
    pack,
    signed,
)

KEY = COURIERS[VAN]
FIRST = InboundInfo(VAN, "general", 1)


def make_log(*counts: int) -> Log:
    log = Log()
    for count in counts or (2, 0, 3):
        log.close_day(count)
    return log


LOG = make_log()
BUNDLE, BUNDLE_HASH = pack(FIRST, LOG.envelopes, LOG.days)


def read(data: bytes, key: SigningKey = KEY) -> InboundBundle:
    return InboundBundle(io.BytesIO(data), lambda _info, _roster: key.verify_key)


def read_all(data: bytes) -> dict[bytes, bytes]:
    found = read(data)
    copies = {}
    for envelope in found.envelopes:
        sink = io.BytesIO()
        found.copy(envelope, sink)
        copies[envelope] = sink.getvalue()
    return copies


def test_what_a_courier_packs_comes_out_as_it_was() -> None:
    found = read(BUNDLE)
    assert found.info == FIRST
    assert found.hash == BUNDLE_HASH
    assert found.days == tuple(LOG.days)
    assert found.forms == {FORM_NAME: FORM_BYTES}
    assert found.roster == signed(make_roster())
    assert read_all(BUNDLE) == LOG.envelopes
    assert (found.missing, found.unlogged) == ((), ())


def test_the_judge_sees_who_claims_to_bring_what_and_decides_before_anything_is_verified() -> None:
    asked = []

    def judge(info: InboundInfo, roster: RosterDocument) -> Any:
        asked.append((info, roster))
        raise KeyError

    broken = BUNDLE.replace(b"untrusted comment: candor\nRUQ", b"untrusted comment: candor\nRUR")
    for data in (BUNDLE, broken):
        with pytest.raises(KeyError):
            InboundBundle(io.BytesIO(data), judge)
    assert asked == [(FIRST, signed(make_roster()))] * 2


def test_a_bundle_says_which_it_is_before_anybody_vouches_for_it() -> None:
    assert peek_info(io.BytesIO(BUNDLE)) == FIRST
    with pytest.raises(BundleError):
        peek_info(io.BytesIO(BUNDLE[:-1]))


def test_a_leaf_without_its_envelope_is_told() -> None:
    kept = LOG.days[0].leaves[1]
    data, _ = pack(FIRST, {kept: LOG.envelopes[kept]}, LOG.days)
    found = read(data)
    assert found.missing == (LOG.days[0].leaves[0], *LOG.days[2].leaves)


def test_every_bundle_names_the_one_before() -> None:
    carrier = Carrier()
    first, second = (carrier.pull(LOG, [day]) for day in LOG.days[:2])
    assert read(second).info == InboundInfo(VAN, "general", 2, read(first).hash)


def test_a_bundle_without_envelopes_is_one() -> None:
    data, _ = pack(FIRST, {}, [LOG.days[1]])
    assert read(data).envelopes == {}


def test_unzip_bagit_and_minisign_accept_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(BUNDLE)
    subprocess.run(["unzip", "-tqq", path], check=True, timeout=60)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bagit", "--quiet", "--validate", "bundle"],
        cwd=tmp_path, check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    bag = tmp_path / "bundle"
    subprocess.run(
        ["minisign", "-V", "-q", "-P", KEY.verify_key.serialize(), "-m",
         bag / "tagmanifest-sha256.txt"],
        check=True, timeout=60,
    )  # fmt: skip
    days = json.loads((bag / "data" / "log.json").read_bytes())["days"]
    for leaf in days[0]["leaves"]:
        envelope = (bag / "data" / f"{leaf[:32]}.age").read_bytes()
        assert hashlib.sha256(envelope).hexdigest() == leaf


def test_a_flipped_bit_anywhere_is_refused() -> None:
    data, _ = pack(FIRST, LOG.envelopes, LOG.days)
    for place in range(0, len(data), 7):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(BundleError):
            read_all(bytes(flipped))


@pytest.mark.parametrize("kept", [0, 10, 0.3, 0.9, -1])
def test_a_truncated_bundle_is_refused(kept: float) -> None:
    cut = int(kept * len(BUNDLE)) if isinstance(kept, float) else kept
    with pytest.raises(BundleError):
        read(BUNDLE[:cut])
    with pytest.raises(BundleError):
        read(BUNDLE + b"\0")


def test_a_signature_of_somebody_else_is_told_from_damage() -> None:
    with pytest.raises(UnsignedBundleError):
        read(BUNDLE, SigningKey.generate())


def test_an_envelope_altered_on_the_way_is_refused_when_it_is_copied() -> None:
    envelope = min(LOG.envelopes)
    at = BUNDLE.index(LOG.envelopes[envelope])
    found = read(BUNDLE[:at] + b"!" + BUNDLE[at + 1 :])
    with pytest.raises(BundleError, match=envelope.hex()[:32]):
        found.copy(envelope, io.BytesIO())


def forged(
    envelopes: dict[str, bytes] | None = None,
    *,
    behind: dict[str, bytes] | None = None,
    log: bytes = serialize_days(LOG.days),
    info: Callable[[bytes], bytes] = lambda data: data,
    kind: str = "bundle",
    folder: str = "bundle",
) -> bytes:
    """Write a bag that the courier signed, and that is perhaps no bundle."""
    if envelopes is None:
        envelopes = {envelope_path(found): LOG.envelopes[found] for found in sorted(LOG.envelopes)}
    document = signed(make_roster())
    rest = {
        f"data/forms/{FORM_NAME}": FORM_BYTES,
        "data/log.json": log,
        "data/roster.json": document.document,
        "data/roster.json.minisig": document.signature,
    }
    sink = io.BytesIO()
    bag = BagWriter(sink, folder)
    for name, data in (envelopes | (rest if behind is None else behind)).items():
        bag.add(name, data)
    bag.finish(
        lambda count: info(serialize_inbound_info(FIRST, LOG.days, count)),
        kind,
        KEY,
        filled_bytes=None,
    )
    return sink.getvalue()


def test_the_forgeries_below_start_from_a_bundle_that_is_read() -> None:
    assert forged() == BUNDLE


STRAY = b"in no log"
STRAY_PATH = envelope_path(hashlib.sha256(STRAY).digest())


def test_an_envelope_that_is_in_no_log_is_told() -> None:
    whole = {envelope_path(found): LOG.envelopes[found] for found in LOG.envelopes}
    found = read(forged(dict(sorted({**whole, STRAY_PATH: STRAY}.items()))))
    assert found.unlogged == (hashlib.sha256(STRAY).digest(),)


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": "report"},
        {"folder": "report"},
        {"behind": {}},
        {"envelopes": {"data/" + "0" * 32 + ".age": b"another hash"}},
        {"envelopes": {"data/x.age": b""}},
        {"envelopes": {"data/../x.age": b""}},
        {"envelopes": {"data/forms/x.toml": b""}},
        {"envelopes": {"data/forms/other-1.toml": b"before the envelopes", STRAY_PATH: STRAY}},
        {"envelopes": {envelope_path(found): LOG.envelopes[found]
                       for found in sorted(LOG.envelopes, reverse=True)}},
        {"log": serialize_days(LOG.days[:2])},
        {"log": serialize_days(LOG.days) + b"\n"},
        {"log": serialize_days(LOG.days).replace(b"  ", b" ")},
        {"log": serialize_days(LOG.days).replace(b'"days"', b'"more": 1,\n  "days"')},
        {"log": serialize_days(LOG.days).replace(b'"size_before": 2', b'"size_before": 3')},
        {"log": b'{"days": []}'},
        {"log": b'{"days": [null]}'},
        {"log": b"[" * 10_000},
        {"log": b""},
        {"info": lambda data: data + b"Extra: 1\n"},
        {"info": lambda data: data.replace(b"inbound", b"outbound")},
        {"info": lambda data: data.replace(b"Serial: 1", b"Serial: 0")},
        {"info": lambda data: data.replace(b"Serial: 1", b"Serial: 01")},
        {"info": lambda data: data.replace(b"Serial: 1", b"Serial: 2")},
        {"info": lambda data: data.replace(b"Previous: 0", b"Previous: 1")},
        {"info": lambda data: data.replace(b"Courier: van", b"Courier: Van")},
        {"info": lambda data: data.replace(b"Channel: general", b"Channel: ../x")},
        {"info": lambda data: data.replace(b"Old-Head: 0", b"Old-Head: 1")},
        {"info": lambda data: data.replace(b"New-Head: 5", b"New-Head: 6")},
        {"info": lambda _: b""},
    ],
)  # fmt: skip
def test_a_signed_bag_that_is_no_inbound_bundle_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(BundleError):
        read(forged(**parts))


@pytest.mark.parametrize(
    "change",
    [
        {"serial": 0},
        {"serial": 2},
        {"serial": 1 << 53, "previous": bytes([1]) * 32},
        {"previous": bytes([1]) * 32},
        {"serial": 2, "previous": b"short"},
        {"courier": "Van"},
        {"channel": ""},
    ],
)
def test_what_no_bundle_says_of_itself_cannot_be_said(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"id is|bundle"):
        InboundInfo(**({"courier": VAN, "channel": "general", "serial": 1} | change))


@pytest.mark.parametrize(
    "envelopes",
    [
        {hashlib.sha256(STRAY).digest(): STRAY},
        {LOG.days[0].leaves[0]: STRAY},
    ],
)
def test_what_is_no_leaf_or_another_envelope_is_not_packed(envelopes: dict[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="envelope is"):
        pack(FIRST, envelopes, LOG.days)


def test_envelopes_out_of_order_no_days_and_strange_forms_are_not_packed() -> None:
    found = sorted(LOG.envelopes, reverse=True)
    options: dict[str, Any] = {"roster": signed(make_roster()), "signing": KEY}
    with pytest.raises(ValueError, match="out of order"):
        write_inbound(
            io.BytesIO(), FIRST, ((key, io.BytesIO(LOG.envelopes[key])) for key in found),
            days=LOG.days, forms={}, **options,
        )  # fmt: skip
    with pytest.raises(ValueError, match="one day or more"):
        pack(FIRST, {}, [])
    with pytest.raises(ValueError, match="id and version"):
        pack(FIRST, {}, LOG.days, forms={"../x.toml": b""})


def test_memory_stays_flat_however_large_the_envelopes_are() -> None:
    data = bytes(32 << 20)
    envelope = hashlib.sha256(data).digest()
    day = make_day(TODAY - timedelta(days=1), EMPTY_TREE, [envelope])
    bundle = io.BytesIO(pack(FIRST, {envelope: data}, [day])[0])
    tracemalloc.start()
    InboundBundle(bundle, lambda *_: KEY.verify_key).copy(envelope, Nowhere())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


class Nowhere:
    def write(self, data: object, /) -> None:
        """Forget it."""


@given(st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else_is_raised(noise: bytes) -> None:
    with pytest.raises(BundleError):
        read(noise)


def test_a_bundle_of_too_many_days_or_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    small = b'{"days": [' + b",".join([b"[]"] * 2_200_000) + b"]}"
    with pytest.raises(BundleError, match="too many values"):
        read(forged(log=small))
    monkeypatch.setattr("crypto.inbound.MAX_DAYS", 2)
    with pytest.raises(ValueError, match="not too many"):
        pack(FIRST, LOG.envelopes, LOG.days)
    monkeypatch.setattr("crypto.inbound_reader.MAX_DAYS", 2)
    with pytest.raises(BundleError, match="not a list of days"):
        read(BUNDLE)
