"""bag-info.txt: what is written is read, and nothing else is."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.bag_info import (
    BagInfo,
    BagKind,
    ReplyInfo,
    Sealed,
    SourceInfo,
    Status,
    StatusCode,
    SubjectInfo,
    require_id,
)
from crypto.bag_info_file import PayloadCount, parse_bag_info, serialize_bag_info
from crypto.errors import DamagedBagError
from tests.crypto.bags import OTHER_SOURCE, SOURCE, reply_info

IDS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
HASHES = st.binary(min_size=32, max_size=32)
COUNTS = st.builds(PayloadCount, st.integers(0, 1 << 50), st.integers(0, 99))
RECIPIENTS = st.sampled_from([SOURCE.identity.recipient, OTHER_SOURCE.identity.recipient])
KEYS = st.sampled_from([SOURCE.signing.verify_key, OTHER_SOURCE.signing.verify_key])
SOURCES = st.builds(SourceInfo, HASHES, RECIPIENTS, KEYS)
REPLIES = st.builds(
    ReplyInfo,
    HASHES,
    RECIPIENTS,
    HASHES,
    st.integers(1, 1 << 40),
    st.lists(IDS, max_size=40, unique=True).map(tuple),
    st.dates(),
)
STATUSES = st.none() | st.builds(Status, st.sampled_from(StatusCode), st.none() | st.dates())
INFOS = st.one_of(
    st.builds(
        BagInfo,
        st.sampled_from([BagKind.REPORT, BagKind.MESSAGE, BagKind.CANARY]),
        IDS,
        SOURCES,
        st.sampled_from(Sealed),
    ),
    st.builds(BagInfo, st.just(BagKind.REPLY), IDS, REPLIES, st.none(), STATUSES),
    st.builds(
        BagInfo,
        st.sampled_from([BagKind.IDENTITY, BagKind.REQUEST, BagKind.DISCLOSURE]),
        IDS,
        st.builds(SubjectInfo, KEYS),
    ),
)
A_REPLY = BagInfo(
    BagKind.REPLY, "main", reply_info(), status=Status(StatusCode.WORKING, date(2026, 12, 1))
)


@given(INFOS, COUNTS)
@settings(deadline=None)
def test_every_bag_info_is_read_as_it_was_written(info, count):
    assert parse_bag_info(serialize_bag_info(info, count)) == (info, count)


def test_a_reply_is_written_so():
    recipient = SOURCE.identity.recipient.serialize()
    assert serialize_bag_info(A_REPLY, PayloadCount(9, 1)).decode() == (
        "Candor-Kind: reply\n"
        "Channel: main\n"
        f"Reply-To-Mailbox: {SOURCE.address.hex()}\n"
        f"Reply-To-Recipient: {recipient}\n"
        f"In-Reply-To: {'00' * 32}\n"
        "Reply-Number: 1\n"
        "Readers: anna boris\n"
        "Day: 2026-11-23\n"
        "Status: working\n"
        "Next-Day: 2026-12-01\n"
        "Payload-Oxum: 9.1\n"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Candor-Kind: reply", "Candor-Kind: report"),
        ("Candor-Kind: reply", "Candor-Kind: rumour"),
        ("Candor-Kind: reply\n", ""),
        ("Candor-Kind: reply\n", "Candor-Kind: reply\nCandor-Sealed: arrival\n"),
        ("Channel: main\n", "Channel: main\nChannel: main\n"),
        ("Channel: main", "Channel: Main"),
        ("Channel: main", "Channel: ../main"),
        ("Channel: main", "Channel:  main"),
        ("Channel: main", "Channel: main\r"),
        ("Channel: main\n", "Channel: main\n continued\n"),
        ("Channel: main", "channel: main"),
        ("Day: 2026-11-23", "Day: 2026-11-23T10:00"),
        ("Day: 2026-11-23", "Day: 20261123"),
        ("Day: 2026-11-23", "Day: 2026-02-30"),
        ("Reply-Number: 1", "Reply-Number: 0"),
        ("Reply-Number: 1", "Reply-Number: 01"),
        ("Reply-Number: 1", "Reply-Number: \u0661"),
        ("Readers: anna boris", "Readers: anna anna"),
        ("Readers: anna boris", "Readers: "),
        ("Readers: anna boris", "Readers: Anna"),
        ("Status: working\n", ""),
        ("Status: working", "Status: lost"),
        ("Reply-To-Recipient: age1pq1", "Reply-To-Recipient: age1pq2"),
        ("In-Reply-To: 00", "In-Reply-To: "),
        (SOURCE.address.hex(), SOURCE.address.hex().upper()),
        ("Payload-Oxum: 9.1", "Payload-Oxum: 9"),
        ("Payload-Oxum: 9.1", "Payload-Oxum: -9.1"),
        ("Payload-Oxum: 9.1\n", "Payload-Oxum: 9.1"),
        ("Payload-Oxum: 9.1\n", "Payload-Oxum: 9.1\nBag-Software-Agent: candor\n"),
    ],
)
def test_any_other_line_is_refused(old, new):
    good = serialize_bag_info(A_REPLY, PayloadCount(9, 1)).decode()
    assert old in good
    with pytest.raises(DamagedBagError):
        parse_bag_info(good.replace(old, new).encode())


@given(st.binary(min_size=1, max_size=200))
def test_noise_is_no_bag_info(noise):
    with pytest.raises(DamagedBagError):
        parse_bag_info(noise)


@pytest.mark.parametrize(
    "text", ["", "-", "a-", "-a", "A", "a b", "a/b", "a" * 33, "\u0430", "a\n"]
)
def test_this_is_no_id(text):
    with pytest.raises(ValueError, match="id"):
        require_id(text)


def test_fields_of_another_kind_are_refused_when_a_bag_is_made():
    source = SourceInfo(SOURCE.address, SOURCE.identity.recipient, SOURCE.signing.verify_key)
    status = Status(StatusCode.OPENED)
    for wrong in (
        lambda: BagInfo(BagKind.REPORT, "main", source),
        lambda: BagInfo(BagKind.REPORT, "main", reply_info(), Sealed.ARRIVAL),
        lambda: BagInfo(BagKind.REPORT, "main", source, Sealed.ARRIVAL, status),
        lambda: BagInfo(BagKind.REPLY, "main", reply_info(), Sealed.ARRIVAL),
        lambda: BagInfo(BagKind.IDENTITY, "main", source),
        lambda: reply_info(number=0),
        lambda: reply_info(mailbox=b"short"),
        lambda: reply_info(readers=("anna", "anna")),
        lambda: reply_info(readers=tuple(f"r{number}" for number in range(41))),
    ):
        with pytest.raises(ValueError, match=r"."):
            wrong()


def test_addresses_are_not_in_what_is_printed_for_debugging():
    source = SourceInfo(SOURCE.address, SOURCE.identity.recipient, SOURCE.signing.verify_key)
    for value in (source, reply_info(mailbox=SOURCE.address)):
        assert repr(SOURCE.address) not in repr(value)
        assert SOURCE.identity.recipient.serialize() not in repr(value)
