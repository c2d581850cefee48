"""Who may hand in which bundle: replies anybody of the roster, the rest for their own channels."""

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crypto.bundle import write_bundle
from crypto.bundle_sender import open_outbound
from crypto.envelope import EnvelopeWriter
from crypto.errors import BundleError, UnsignedBundleError
from crypto.minisign import SigningKey
from crypto.roster import FormerKey, Roster
from tests.crypto.roster_example import KEYS, ROSTER, TODAY, reviewer

HERS, HIS, CUSTODIANS, FORMER = (SigningKey(bytes([n]) * 32) for n in (1, 2, 3, 20))
OTHER = replace(ROSTER.channels[0], id="other", reviewers=("reviewer-2",))
TWO_CHANNELS = replace(ROSTER, channels=(*ROSTER.channels, OTHER))


def bundle(signing: SigningKey, *channels: str) -> io.BytesIO:
    envelope = io.BytesIO()
    writer = EnvelopeWriter(envelope, [], slots=16)
    writer.write(bytes(65_536))
    writer.close()
    file = io.BytesIO()
    write_bundle(file, [(channel, envelope) for channel in channels], signing)
    return file


def opened_by(
    signing: SigningKey, *channels: str, roster: Roster = TWO_CHANNELS, **options: Any
) -> str:
    today = options.get("today", TODAY)
    return open_outbound(bundle(signing, *channels), roster, today)[1].id


def test_everybody_of_the_roster_hands_in_replies() -> None:
    senders = {HERS: "reviewer-1", HIS: "reviewer-2", CUSTODIANS: "reviewer-3"}
    assert {key: opened_by(key) for key in senders} == senders


def test_a_reviewer_hands_in_for_the_channels_that_they_read() -> None:
    assert opened_by(HIS, "general", "other") == "reviewer-2"
    assert opened_by(HERS, "general") == "reviewer-1"


def test_the_custodian_hands_in_for_every_channel() -> None:
    assert opened_by(CUSTODIANS, "general", "other") == "reviewer-3"


@pytest.mark.parametrize(
    ("signing", "channel"), [(HERS, "other"), (HERS, "nowhere"), (CUSTODIANS, "nowhere")]
)
def test_a_bundle_for_a_channel_that_its_sender_does_not_read_is_refused(
    signing: SigningKey, channel: str
) -> None:
    with pytest.raises(BundleError, match="for a channel that its sender does not read"):
        opened_by(signing, "general", channel)


def test_a_bundle_of_nobody_in_the_roster_is_refused() -> None:
    with pytest.raises(UnsignedBundleError):
        opened_by(SigningKey.generate())
    with pytest.raises(UnsignedBundleError):
        opened_by(CUSTODIANS, roster=replace(TWO_CHANNELS, custodian=None))


@pytest.mark.parametrize("person", ["reviewer", "custodian"])
def test_a_key_that_was_replaced_hands_in_until_its_day_and_never_after(person: str) -> None:
    until = TODAY + timedelta(days=3)
    former = (FormerKey(KEYS[20], until),)
    plain = replace(TWO_CHANNELS, reviewers=(reviewer(1), reviewer(2)))
    roster = (
        replace(plain, custodian=reviewer(3, former_keys=former))
        if person == "custodian"
        else replace(plain, reviewers=(reviewer(1, former_keys=former), reviewer(2)))
    )
    assert opened_by(FORMER, "general", roster=roster, today=until)
    with pytest.raises(UnsignedBundleError):
        opened_by(FORMER, roster=roster, today=until + timedelta(days=1))
    with pytest.raises(UnsignedBundleError):
        opened_by(FORMER, roster=plain)
