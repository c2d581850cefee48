"""Requests and disclosures: whose each may be, and what anybody sees of them."""

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.bag_info import BagKind
from crypto.bag_reader import BagReader
from crypto.custody import (
    MAX_REASON_BYTES,
    custody_signer,
    custody_signers,
    write_disclosure,
    write_request,
)
from crypto.errors import DamagedBagError, UnsignedBagError
from crypto.identity_bag import open_identity_bag, seal_identity_bag
from crypto.minisign import SigningKey
from crypto.padding import SMALLEST_BYTES
from crypto.roster import FormerKey, Reviewer, Roster
from tests.crypto.bags import CUSTODIAN, reply, source_keys, submission
from tests.crypto.roster_example import KEYS, ROSTER, TODAY, reviewer

HERS, HIS, CUSTODIANS, FORMER = (SigningKey(bytes([n]) * 32) for n in (1, 2, 3, 20))
SOURCE = source_keys(31)
KEY = SOURCE.signing.verify_key
CHANNEL = "general"
TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
OTHER = replace(ROSTER.channels[0], id="other", reviewers=("reviewer-2",))
TWO_CHANNELS = replace(
    ROSTER, channels=(*ROSTER.channels, OTHER), reviewers=(reviewer(1), reviewer(2))
)


def identity_file(text: str = "Anna", *, channel: str = CHANNEL, source=SOURCE) -> bytes:
    return seal_identity_bag(
        text, channel=channel, signing=source.signing, custodian=CUSTODIAN.recipient
    )


def request(
    reason: str = "a trial",
    *,
    channel: str = CHANNEL,
    signing: SigningKey = HERS,
    identity: bytes | None = None,
) -> bytes:
    sink = io.BytesIO()
    write_request(
        sink,
        channel=channel,
        key=KEY,
        identity_file=identity or identity_file(channel=channel),
        reason=reason,
        signing=signing,
    )
    return sink.getvalue()


def disclosure(
    text: str = "Anna", *, channel: str = CHANNEL, signing: SigningKey = CUSTODIANS
) -> bytes:
    sink = io.BytesIO()
    write_disclosure(sink, channel=channel, key=KEY, text=text, signing=signing)
    return sink.getvalue()


def read(data: bytes, roster: Roster = TWO_CHANNELS, today: date = TODAY) -> BagReader:
    bag = BagReader(io.BytesIO(data), signers=custody_signers(roster, today))
    bag.verify()
    return bag


def signer(data: bytes, roster: Roster = TWO_CHANNELS, today: date = TODAY) -> Reviewer:
    return custody_signer(read(data, roster, today), roster, today)


@given(TEXT)
@settings(max_examples=30, deadline=None)
def test_a_request_says_why_and_brings_the_identity_as_it_came(reason: str) -> None:
    brought = identity_file()
    bag = read(request(reason, identity=brought))
    assert (bag.kind, bag.channel, bag.text) == (BagKind.REQUEST, CHANNEL, reason)
    assert bag.identity_file == brought
    assert bag.info.key == KEY
    assert open_identity_bag(brought, [CUSTODIAN], key=KEY, channel=CHANNEL) == "Anna"


@given(TEXT)
@settings(max_examples=30, deadline=None)
def test_a_disclosure_tells_what_the_source_wrote(text: str) -> None:
    bag = read(disclosure(text))
    assert (bag.kind, bag.channel, bag.text) == (BagKind.DISCLOSURE, CHANNEL, text)
    assert bag.info.key == KEY


@pytest.mark.parametrize("channel", ["a", "a" * 32])
def test_both_are_as_long_as_a_report_without_files_whatever_they_say(channel: str) -> None:
    lengths = {
        len(request("", channel=channel)),
        len(request("x" * MAX_REASON_BYTES, channel=channel)),
        len(disclosure("", channel=channel)),
        len(disclosure("x" * 1500, channel=channel)),
        len(submission(text="", channel=channel)),
    }
    assert lengths == {SMALLEST_BYTES}


def test_they_say_no_more_than_they_must() -> None:
    for data, signing in ((request(), HERS), (disclosure(), CUSTODIANS)):
        bag = BagReader(io.BytesIO(data), signers=[signing.verify_key])
        info = bag._bag.info.decode()
        labels = [line.split(":")[0] for line in info.splitlines()]
        assert labels == ["Candor-Kind", "Channel", "Source-Key", "Payload-Oxum"]


def test_what_they_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        request("x" * (MAX_REASON_BYTES + 1))
    with pytest.raises(ValueError, match="another length"):
        request(identity=b"x")
    with pytest.raises(ValueError, match="1,500"):
        disclosure("x" * 1501)


def test_a_request_is_that_of_the_reviewer_who_signed_it() -> None:
    assert signer(request()).id == "reviewer-1"
    assert signer(request(signing=HIS)).id == "reviewer-2"
    assert signer(request(signing=HIS, channel="other")).id == "reviewer-2"


def test_a_request_by_a_reviewer_who_does_not_read_the_channel_is_refused() -> None:
    for channel in ("other", "nowhere"):
        with pytest.raises(UnsignedBagError, match="does not read its channel"):
            signer(request(channel=channel))


def test_a_request_by_somebody_who_is_no_reviewer_is_refused() -> None:
    with pytest.raises(UnsignedBagError, match="no reviewer of the roster"):
        signer(request(signing=CUSTODIANS))
    for stranger in (SOURCE.signing, FORMER, SigningKey.generate()):
        with pytest.raises(UnsignedBagError, match="nobody's"):
            signer(request(signing=stranger))


def test_a_disclosure_is_the_custodians() -> None:
    assert signer(disclosure()).id == "reviewer-3"


def test_a_disclosure_by_somebody_who_is_not_the_custodian_is_refused() -> None:
    for somebody in (HERS, HIS):
        with pytest.raises(UnsignedBagError, match="not the roster's custodian"):
            signer(disclosure(signing=somebody))
    with pytest.raises(UnsignedBagError):
        signer(disclosure(signing=SigningKey.generate()))
    with pytest.raises(UnsignedBagError):
        signer(disclosure(), replace(TWO_CHANNELS, custodian=None))


def test_a_key_that_was_replaced_asks_and_tells_until_its_day_and_never_after() -> None:
    until = TODAY + timedelta(days=3)
    former = (FormerKey(KEYS[20], until),)
    asking = replace(TWO_CHANNELS, reviewers=(reviewer(1, former_keys=former), reviewer(2)))
    telling = replace(TWO_CHANNELS, custodian=reviewer(3, former_keys=former))
    for data, roster, person in (
        (request(signing=FORMER), asking, "reviewer-1"),
        (disclosure(signing=FORMER), telling, "reviewer-3"),
    ):
        assert signer(data, roster, until).id == person
        with pytest.raises(UnsignedBagError):
            signer(data, roster, until + timedelta(days=1))
        with pytest.raises(UnsignedBagError):
            signer(data, TWO_CHANNELS)


def test_no_other_kind_of_bag_is_taken_for_one() -> None:
    for data in (submission(channel=CHANNEL), reply(signing=HERS)):
        with pytest.raises(DamagedBagError, match="neither a request nor a disclosure"):
            signer(data)
