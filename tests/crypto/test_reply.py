"""Replies: read by the source they are to, signed by a reviewer of the roster, or refused."""

import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.bag_info import BagKind, SourceInfo, Status, StatusCode
from crypto.bag_layout import MAX_TEXT_BYTES
from crypto.errors import DamagedBagError
from crypto.reply import read_reply
from tests.crypto.bags import (
    OTHER_SOURCE,
    REVIEWER,
    SOURCE,
    STRANGER,
    files_of,
    open_bag,
    reply,
    reply_info,
    submission,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=300)


def read(data, *, keys=SOURCE, reviewers=(STRANGER, REVIEWER)):
    return read_reply(io.BytesIO(data), keys, [key.verify_key for key in reviewers])


@given(TEXT, st.none() | st.sampled_from(StatusCode), st.none() | st.dates(), st.integers(1, 9999))
@settings(max_examples=40, deadline=None)
def test_the_source_reads_what_the_reviewer_wrote(text, status, day, number):
    next_day = day if status else None
    info = reply_info(number=number)
    found = read(reply(info=info, text=text, status=status, next_day=next_day))
    assert (found.channel, found.info, found.text) == ("main", info, text)
    assert found.status == (Status(status, next_day) if status else None)
    assert found.signer == REVIEWER.verify_key


def test_a_reply_is_padded_like_a_report_and_has_no_more_than_a_text():
    data = reply(status=StatusCode.CLOSED)
    assert len(data) == 65_536
    assert [name for name in files_of(data) if name.startswith("data/")] == ["data/report.txt"]


def test_a_reply_to_another_mailbox_or_source_is_refused():
    for changes in (
        {"mailbox": OTHER_SOURCE.address},
        {"recipient": OTHER_SOURCE.identity.recipient},
    ):
        with pytest.raises(DamagedBagError, match="another mailbox or another source"):
            read(reply(info=reply_info(**changes)))
    with pytest.raises(DamagedBagError, match="another mailbox or another source"):
        read(reply(), keys=OTHER_SOURCE)


def test_a_reply_by_nobody_of_the_roster_is_refused():
    for reviewers in ((), (STRANGER,), (SOURCE.signing,)):
        with pytest.raises(DamagedBagError, match="signature"):
            read(reply(), reviewers=reviewers)


def test_a_mailbox_holds_replies_only():
    for kind in (BagKind.REPORT, BagKind.MESSAGE):
        with pytest.raises(DamagedBagError, match="replies only"):
            read(submission(kind=kind))


def test_a_report_takes_its_own_key_whoever_else_may_sign():
    bag = open_bag(submission(), REVIEWER)
    assert isinstance(bag.info, SourceInfo)
    assert bag.signer == SOURCE.signing.verify_key


def test_a_reply_keeps_its_words_out_of_what_is_printed_for_debugging():
    found = read(reply(text="marker"))
    assert "marker" not in repr(found)
    assert repr(SOURCE.address) not in repr(found)


def test_what_a_reply_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="too long"):
        reply(text="a" * (MAX_TEXT_BYTES + 1))
    with pytest.raises(ValueError, match="without a status"):
        reply(next_day=date(2026, 12, 1))
