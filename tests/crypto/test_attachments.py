"""attachments.json, stored names and claimed types: what is written is read, and no more."""

import json

import pytest
from hypothesis import given, settings
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
from crypto.errors import DamagedBagError

HASHES = st.binary(min_size=32, max_size=32)
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


@given(st.binary(min_size=1, max_size=200))
def test_noise_is_no_list_of_attachments(noise):
    with pytest.raises(DamagedBagError):
        parse_attachments(noise)
