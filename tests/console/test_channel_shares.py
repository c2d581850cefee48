"""A key for a channel, drawn and shared: the roster names it, and any k of the sheets make it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.channel_shares import share_channel
from console.errors import RosterChangeError
from console.share_sheet import read_sheet
from crypto.errors import TooFewSharesError
from crypto.keys import Identity, Recipient
from crypto.roster import Channel, Roster
from crypto.shares import join_shares
from tests.console.ceremonies import TODAY, person
from tests.crypto.roster_example import ROSTER

NAMES = [f"reader-{number}" for number in range(1, 18)]
READERS = tuple(
    person(name, Identity(bytes([100 + n]) * 32)) for n, name in enumerate(NAMES, start=1)
)


def roster_of(count: int) -> Roster:
    channel = Channel(
        "prisons", {"en": "Prisons"}, ROSTER.channels[0].form, tuple(NAMES[:count]), slots=40
    )
    return replace(ROSTER, channels=(channel,), reviewers=READERS, couriers=())


@st.composite
def numbers(draw):
    count = draw(st.integers(2, 16))
    return draw(st.integers(2, count)), count


@given(numbers(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_any_k_of_n_readers_open_together_and_fewer_do_not(several, chance):
    threshold, count = several
    changed, sheets = share_channel(roster_of(count), "prisons", threshold, (), today=TODAY)
    channel = changed.channel("prisons")
    assert (channel.threshold, len(sheets)) == (threshold, count)
    shares = [read_sheet(sheet.serialize().encode()) for sheet in sheets.values()]
    chosen = chance.sample(shares, threshold)
    joined = Identity(join_shares(chosen))
    assert joined.recipient == channel.recipient
    with pytest.raises(TooFewSharesError):
        join_shares(chosen[1:])
    sealed = Recipient(channel.recipient.raw).wrap(bytearray(16))
    assert joined.unwrap([sealed]) == bytes(16)


def test_each_reader_has_a_sheet_that_bears_channel_roster_and_name():
    roster = roster_of(3)
    _, sheets = share_channel(roster, "prisons", 2, (), today=TODAY)
    assert list(sheets) == [f"prisons-{roster.serial}-{name}.txt" for name in NAMES[:3]]
    for name, sheet in zip(NAMES, sheets.values(), strict=False):
        assert sheet.holder == name
        assert sheet.key == f"the key of channel prisons, from roster {roster.serial} on"
        assert sheet.service == roster.root


def test_a_new_key_may_go_to_other_readers():
    first, old = share_channel(roster_of(3), "prisons", 2, (), today=TODAY)
    second, new = share_channel(first, "prisons", 3, NAMES[1:5], today=TODAY)
    channel = second.channel("prisons")
    assert (channel.reviewers, channel.threshold) == (tuple(NAMES[1:5]), 3)
    assert channel.recipient != first.channel("prisons").recipient
    assert {sheet.share.set_id for sheet in old.values()}.isdisjoint(
        sheet.share.set_id for sheet in new.values()
    )


@pytest.mark.parametrize(
    ("channel", "threshold", "readers", "words"),
    [
        ("prisons", 1, NAMES[:3], "from 2 to 3 of them"),
        ("prisons", 4, NAMES[:3], "from 2 to 3 of them"),
        ("prisons", 2, NAMES[:1], "one reader"),
        ("prisons", 2, NAMES, "among 16 at most, and these are 17"),
        ("prisons", 2, ["reader-1", "nobody"], "there is no reviewer nobody"),
        ("prisons", 2, ["reader-1", "reader-1"], "that cannot be"),
        ("nowhere", 2, (), "there is no channel nowhere"),
        ("nowhere", 2, NAMES[:2], "there is no channel nowhere"),
    ],
)
def test_what_cannot_be_shared_is_refused(channel, threshold, readers, words):
    with pytest.raises(RosterChangeError, match=words):
        share_channel(roster_of(3), channel, threshold, readers, today=TODAY)
