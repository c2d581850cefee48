"""The roster: verified before it is read, and read in one way only."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import (
    ExpiredRosterError,
    ForeignRosterError,
    MalformedRosterError,
    UnsignedRosterError,
)
from crypto.minisign import SignedKind, SigningKey, digest
from crypto.padding import padded_bytes
from crypto.roster import (
    Channel,
    Courier,
    DecoyRange,
    Decoys,
    FormerKey,
    FormReference,
    Reviewer,
    Roster,
)
from crypto.signed_roster import parse_roster, serialize_roster, sign_roster
from tests.crypto.roster_example import (
    CHANNEL,
    KEYS,
    ORIGIN,
    RECIPIENTS,
    ROOT,
    ROSTER,
    TODAY,
    parse,
    parse_signed,
    reviewer,
)

VECTOR = Path(__file__).parents[1] / "vectors" / "roster.json"
names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=200)
hashes = st.binary(min_size=32, max_size=32)
origins = st.lists(
    st.sampled_from([ORIGIN, "http://127.0.0.1:8080", "https://a.b"]), min_size=1, unique=True
)
days = st.dates(date(2026, 1, 1), date(2080, 1, 1))


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    people = [
        Reviewer(
            id=f"r{number}",
            name=draw(names),
            role=draw(names),
            organisation=draw(st.just("") | names),
            independence=draw(st.just("") | names),
            recipient=RECIPIENTS[number],
            key=KEYS[number],
            former_keys=tuple(
                FormerKey(KEYS[20 + 4 * number + one], draw(days))
                for one in range(draw(st.integers(0, 2)))
            ),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    ids = tuple(person.id for person in people)
    channels = []
    for number in range(draw(st.integers(1, 3))):
        readers = tuple(draw(st.lists(st.sampled_from(ids), min_size=1, unique=True)))
        threshold = draw(st.integers(1, len(readers)))
        channels.append(
            Channel(
                id=f"c-{number}",
                names=draw(
                    st.dictionaries(st.sampled_from(["en", "ru", "pt-BR"]), names, min_size=1)
                ),
                form=FormReference("a", draw(st.integers(1, 1000)), draw(hashes)),
                reviewers=readers,
                slots=draw(st.integers(len(readers), 40)),
                retention_days=draw(st.integers(1, 3650)),
                threshold=threshold,
                recipient=RECIPIENTS[5 + number] if threshold > 1 else None,
            )
        )  # fmt: skip
    issued = draw(days)
    lengths = draw(st.lists(st.integers(0, 1 << 30).map(padded_bytes), unique=True, max_size=9))
    ranges = tuple(DecoyRange(length, draw(st.integers(1, 99))) for length in sorted(lengths))
    return Roster(
        service_id=draw(st.binary(min_size=16, max_size=16)),
        serial=draw(st.integers(1, 2**53 - 1)),
        issued=issued,
        expires=issued + timedelta(days=draw(st.integers(0, 731))),
        origins=tuple(draw(origins)),
        channels=tuple(channels),
        reviewers=tuple(people),
        root=ROOT.verify_key,
        custodian=draw(st.none() | st.just(reviewer(9))),
        couriers=draw(st.just(()) | st.just((Courier("van", ("c-0",), KEYS[10]),))),
        release_key=draw(st.none() | st.just(KEYS[11])),
        log_keys=draw(st.just(()) | st.just((KEYS[12],))),
        decoys=Decoys(draw(st.integers(1, 1000)), ranges) if ranges else None,
    )  # fmt: skip


@given(rosters())
def test_every_roster_round_trips(roster: Roster) -> None:
    document, signature = sign_roster(roster, ROOT)
    assert document == serialize_roster(roster)
    read = parse(document, signature, today=roster.expires, origin=None)
    assert read == roster


def test_a_pinned_roster_is_read_and_signed_to_the_same_bytes() -> None:
    vector = json.loads(VECTOR.read_bytes())
    assert ROSTER.root.serialize() == vector["root_key"]
    document, signature = vector["document"].encode(), vector["signature"].encode()
    assert sign_roster(ROSTER, ROOT) == (document, signature)
    assert parse(document, signature) == ROSTER


def test_the_document_is_readable_canonical_json() -> None:
    document = serialize_roster(ROSTER)
    content = json.loads(document)
    again = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert document == again.encode()
    assert "Общий" in document.decode()
    assert content["channels"][0]["slots"] == 16
    assert content["decoys"] == {
        "mean_per_day": 6,
        "ranges": [
            {"up_to_bytes": 65_536, "weight": 90},
            {"up_to_bytes": 16_777_216, "weight": 10},
        ],
    }


def test_a_flipped_bit_in_document_or_signature_is_refused() -> None:
    document, signature = sign_roster(replace(ROSTER, custodian=None, couriers=()), ROOT)
    for data, other in ((document, signature), (signature, document)):
        for place in range(0, len(data), 7 if data is document else 1):
            flipped = bytearray(data)
            flipped[place] ^= 1 << place % 8
            pair = (flipped, other) if data is document else (other, flipped)
            with pytest.raises(UnsignedRosterError):
                parse(bytes(pair[0]), bytes(pair[1]))


def test_nothing_is_read_before_the_signature_is_checked() -> None:
    document = b'{"not": "a roster"}'
    with pytest.raises(UnsignedRosterError):
        parse(document, b"")
    with pytest.raises(UnsignedRosterError):
        parse(document, ROOT.sign(SignedKind.ASSETS, digest(document)))
    with pytest.raises(UnsignedRosterError):
        parse(document, SigningKey.generate().sign(SignedKind.ROSTER, digest(document)))
    with pytest.raises(MalformedRosterError):
        parse_signed(document)


def test_a_roster_holds_to_its_last_day_and_not_longer() -> None:
    document, signature = sign_roster(ROSTER, ROOT)
    assert parse(document, signature, today=ROSTER.expires) == ROSTER
    with pytest.raises(ExpiredRosterError):
        parse(document, signature, today=ROSTER.expires + timedelta(days=1))


def test_a_roster_for_another_origin_is_refused() -> None:
    document, signature = sign_roster(ROSTER, ROOT)
    for origin in ("http://other.onion", ORIGIN + "/", ORIGIN + ":80", ORIGIN.upper(), ""):
        with pytest.raises(ForeignRosterError):
            parse(document, signature, origin=origin)
    assert parse(document, signature, origin=None) == ROSTER


def test_a_former_key_signs_for_its_reviewer_until_its_day_and_on_it() -> None:
    until = TODAY + timedelta(days=183)
    first, second = ROSTER.reviewers
    assert ROSTER.signers(until) == {KEYS[1]: first, KEYS[20]: first, KEYS[2]: second}
    assert ROSTER.signers(until + timedelta(days=1)) == {KEYS[1]: first, KEYS[2]: second}
    assert first.all_keys == (KEYS[1], KEYS[20])


def test_nobodys_former_key_is_somebody_elses() -> None:
    first, second = ROSTER.reviewers
    for taken in (first.key, KEYS[20], KEYS[3], KEYS[10], KEYS[11], KEYS[12], ROOT.verify_key):
        mixed = replace(second, former_keys=(FormerKey(taken, TODAY),))
        with pytest.raises(MalformedRosterError):
            replace(ROSTER, reviewers=(first, mixed))


def test_a_root_key_signs_no_roster_of_another() -> None:
    with pytest.raises(MalformedRosterError):
        sign_roster(ROSTER, SigningKey.generate())


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document + b"\n",
        lambda document: document[:-1],
        lambda document: document.replace(b"\n", b"\r\n"),
        lambda document: b"\xef\xbb\xbf" + document,
        lambda document: document.replace(b'"serial": 5', b'"serial":  5'),
        lambda document: document.replace(b'"serial": 5', b'"serial": 5,\n  "serial": 5'),
        lambda document: document.replace(b'"serial": 5', b'"serial": 5e0'),
        lambda document: document.replace(b'"serial": 5', b'"serial": NaN'),
        lambda document: document.replace("Общий".encode(), rb"\u041e\u0431\u0449\u0438\u0439"),
        lambda document: document.decode().encode("utf-16"),
        lambda document: document[: len(document) // 2],
        lambda _: b"",
        lambda _: b"null\n",
        lambda _: b"[" * 100_000,
        lambda document: document + b" " * (512 * 1024),
        lambda _: b"{" + b'"a":' + b"9" * 5000 + b"}",
    ],
)
def test_a_signed_document_written_in_another_way_is_refused(change: Any) -> None:
    document = serialize_roster(ROSTER)
    assert change(document) != document
    with pytest.raises(MalformedRosterError):
        parse_signed(change(document))


def test_a_channel_where_several_must_agree_has_a_key_of_its_own() -> None:
    shared = replace(CHANNEL, threshold=2, recipient=RECIPIENTS[7])
    roster = replace(ROSTER, channels=(shared,))
    assert parse_signed(serialize_roster(roster)) == roster
    with pytest.raises(MalformedRosterError):
        replace(CHANNEL, recipient=RECIPIENTS[7])
    with pytest.raises(MalformedRosterError):
        replace(ROSTER, channels=(replace(shared, recipient=RECIPIENTS[1]),))


def test_a_demonstration_is_for_this_machine_only() -> None:
    for origin in ("http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080"):
        roster = replace(ROSTER, origins=(origin,), demonstration=True)
        assert parse_roster(
            *sign_roster(roster, ROOT), ROOT.verify_key, today=TODAY, origin=origin
        ).demonstration
    for origin in (ORIGIN, "http://localhost.onion", "http://127.0.0.1.nip.io"):
        with pytest.raises(MalformedRosterError):
            replace(ROSTER, origins=(origin,), demonstration=True)


def test_a_channel_and_its_reviewers_are_found() -> None:
    channel = replace(CHANNEL, reviewers=("reviewer-2", "reviewer-1"))
    roster = replace(ROSTER, channels=(channel,))
    assert roster.channel("general") == channel
    assert [r.id for r in roster.reviewers_of(channel)] == ["reviewer-2", "reviewer-1"]
    with pytest.raises(KeyError):
        roster.channel("other")


@given(st.binary(max_size=200))
def test_signed_noise_is_malformed_and_nothing_else_is_raised(noise: bytes) -> None:
    with pytest.raises(MalformedRosterError):
        parse_signed(noise)
