"""bag-info.txt, manifests and attachments.json: what is written is read, and nothing else is."""

import json
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crypto.attachments import (
    ANY_TYPE,
    MAX_ATTACHMENTS_JSON_BYTES,
    Attachment,
    is_stored_name,
    parse_attachments,
    plain_type,
    require_name,
    serialize_attachments,
    stored_name,
)
from crypto.bag_info import (
    BagInfo,
    BagKind,
    PayloadCount,
    ReplyInfo,
    Sealed,
    SourceInfo,
    Status,
    StatusCode,
    SubjectInfo,
    parse_bag_info,
    require_id,
    serialize_bag_info,
)
from crypto.errors import DamagedBagError
from crypto.manifest import parse_manifest, serialize_manifest
from crypto.strict_json import parse_json
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


@given(st.binary(max_size=200))
def test_noise_is_no_bag_info_no_manifest_and_no_list_of_attachments(noise):
    assume(noise)
    for parse in (parse_bag_info, parse_manifest, parse_attachments):
        with pytest.raises(DamagedBagError):
            parse(noise)


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


@given(st.dictionaries(st.from_regex(r"data/[a-z0-9./]{1,30}", fullmatch=True), HASHES))
def test_every_manifest_is_read_as_it_was_written(files):
    data = serialize_manifest(files)
    assert parse_manifest(data) == files
    assert list(parse_manifest(data)) == list(files)


@pytest.mark.parametrize(
    "line",
    [
        f"{'0' * 64} data/a\n",
        f"{'0' * 64}  data/a",
        f"{'0' * 63}  data/a\n",
        f"{'A' * 64}  data/a\n",
        f"{'0' * 64}  data/a\r\n",
        f"{'0' * 64}  data/a b\n",
        f"{'0' * 64} *data/a\n",
        f"{'0' * 64}  data/a\n\n",
        f"{'0' * 64}  data/a\n{'0' * 64}  data/a\n",
        f"{'0' * 64}  data/\u0430\n",
    ],
)
def test_this_is_no_manifest(line):
    with pytest.raises(DamagedBagError):
        parse_manifest(line.encode())


NAMES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=255)
TYPES = st.sampled_from([ANY_TYPE, "image/jpeg", "text/plain"])


@given(st.lists(st.tuples(NAMES, TYPES, st.integers(0, 1 << 60), HASHES), max_size=50))
@settings(max_examples=50, deadline=None)
def test_every_list_of_attachments_is_read_as_it_was_written(files):
    attachments = tuple(
        Attachment(number, stored_name(number, name), name, claimed, size, sha256)
        for number, (name, claimed, size, sha256) in enumerate(files, 1)
    )
    data = serialize_attachments(attachments)
    assert parse_attachments(data) == attachments
    assert len(json.loads(data)) == len(files)


def test_the_longest_list_of_attachments_is_within_its_bound():
    longest = Attachment(
        50, "050.bin", "\U000e0001" * 255, f"{'a' * 63}/{'b' * 63}", 1 << 63, bytes(32)
    )
    assert plain_type(longest.claimed_type) == longest.claimed_type
    size = len(serialize_attachments([longest] * 50))
    assert MAX_ATTACHMENTS_JSON_BYTES * 0.9 < size <= MAX_ATTACHMENTS_JSON_BYTES


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("отчёт.pdf", '"отчёт.pdf"'),
        ("报告 \U0001f4c4.pdf", '"报告 \U0001f4c4.pdf"'),
        ("cod\u202efdp.exe", r'"cod\u202efdp.exe"'),
        ("two\nlines\r\x1b[2J\x7f\x85", r'"two\nlines\r\u001b[2J\u007f\u0085"'),
        ("\u2028\u2029\u2066\ufeff\u200f", r'"\u2028\u2029\u2066\ufeff\u200f"'),
        ('"\\', r'"\"\\"'),
        ("../../etc/passwd", '"../../etc/passwd"'),
        ("", '""'),
    ],
)
def test_a_name_is_kept_and_harmless_to_print(name, written):
    data = serialize_attachments([Attachment(1, "001.bin", name, ANY_TYPE, 0, bytes(32))])
    assert f'"name": {written}, "type"' in data.decode()
    assert data.count(b"\n") == 3
    assert parse_attachments(data)[0].original_name == name


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("report.pdf", "007.pdf"),
        ("REPORT.PDF", "007.pdf"),
        ("a.tar.gz", "007.gz"),
        (".jpg", "007.jpg"),
        ("photo.jpg.exe", "007.bin"),
        ("page.html", "007.bin"),
        ("macro.docm", "007.bin"),
        ("no extension", "007.bin"),
        ("pdf", "007.bin"),
        ("", "007.bin"),
        ("x.pdf ", "007.bin"),
        ("x.\u202epdf", "007.bin"),
        ("x.do\u0441", "007.bin"),
        ("../../x.pdf/", "007.bin"),
    ],
)
def test_a_file_is_stored_under_a_number_and_a_harmless_extension(name, stored):
    assert stored_name(7, name) == stored
    assert is_stored_name(stored)


@pytest.mark.parametrize(
    ("claimed", "kept"),
    [
        ("image/jpeg", "image/jpeg"),
        ("Text/Plain; charset=utf-8", "text/plain"),
        ("application/vnd.ms-excel", "application/vnd.ms-excel"),
        ("", ANY_TYPE),
        ("image", ANY_TYPE),
        ("a/b/c", ANY_TYPE),
        ("text/\u202eplain", ANY_TYPE),
        ("text/plain\nX: y", ANY_TYPE),
        ("a/" + "b" * 64, ANY_TYPE),
    ],
)
def test_a_claimed_type_is_kept_if_it_is_one(claimed, kept):
    assert plain_type(claimed) == kept


@pytest.mark.parametrize("name", ["x" * 256, "a\0b", "\ud800"])
def test_a_name_that_cannot_be_carried_is_refused(name):
    with pytest.raises(ValueError, match=r"."):
        require_name(name)


GOOD = {"file": "001.pdf", "name": "x", "type": "image/png", "bytes": 1, "sha256": "00" * 32}


@pytest.mark.parametrize(
    "changes",
    [
        *({"file": name} for name in ("002.pdf", "001.exe", "1.pdf", "", None, 1)),
        *({"name": name} for name in ("a\0", "x" * 256, None, 1)),
        *({"type": claimed} for claimed in ("IMAGE/PNG", "x", None)),
        *({"bytes": size} for size in (-1, 1.0, True, "1", None)),
        *({"sha256": value} for value in ("00" * 31, "0g" * 32, None)),
        {"more": 1},
    ],
)
def test_an_attachment_that_was_not_written_so_is_refused(changes):
    parse_attachments(json.dumps([GOOD]).encode())
    with pytest.raises(DamagedBagError):
        parse_attachments(json.dumps([GOOD | changes]).encode())


def test_other_documents_are_no_list_of_attachments():
    many = [GOOD | {"file": f"{number:03}.pdf"} for number in range(1, 52)]
    for wrong in ({}, None, [None], [[]], [{}], GOOD, many):
        with pytest.raises(DamagedBagError):
            parse_attachments(json.dumps(wrong).encode())
    parse_attachments(json.dumps(many[:50]).encode())


@pytest.mark.parametrize(
    "data",
    [
        *(b'{"a":1,"a":2}', b"NaN", b"[Infinity]", b"\xff", b'"\xed\xa0\x80"', b"{", b""),
        *(b"[1e400]", b"[-1e400]"),
        *(
            b"[" * 100_000,
            b"9" * 5000,
            b"{}{}",
            b"\xef\xbb\xbf{}",
            '"\N{LATIN SMALL LETTER A}"'.encode("utf-16"),
        ),
    ],
)
def test_this_json_is_refused(data):
    with pytest.raises(DamagedBagError, match=r"report\.json"):
        parse_json(data, "report.json")


@pytest.mark.parametrize(
    "nested", [lambda n: b"[" * n + b"]" * n, lambda n: b'{"a":' * n + b"0" + b"}" * n]
)
def test_how_deep_json_goes_does_not_depend_on_who_reads_it(nested):
    def read_from(frames, data):
        return read_from(frames - 1, data) if frames else parse_json(data, "report.json")

    for frames in (0, 500):
        read_from(frames, nested(32))
        with pytest.raises(DamagedBagError, match="levels"):
            read_from(frames, nested(33))
