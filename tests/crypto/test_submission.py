"""Reports and messages: whole round trips, one length for text, and everybody's tools agree."""

import hashlib
import io
import json
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.attachments import MAX_ATTACHMENTS
from crypto.bag_info import BagKind, Sealed, SourceInfo
from crypto.bag_layout import MAX_ANSWERS_BYTES, MAX_TEXT_BYTES
from crypto.bag_reader import BagReader
from crypto.envelope import EnvelopeWriter, open_seekable
from crypto.keys import Identity
from crypto.padding import is_padded, padded_bytes
from crypto.submission import SubmissionWriter
from crypto.zip_profile import zip_bytes
from tests.crypto.bags import (
    SOURCE,
    CountingSink,
    files_of,
    open_bag,
    source_keys,
    submission,
    write_submission,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
FILES = st.lists(
    st.tuples(NAMES, st.sampled_from(["image/png", "text/plain"]), st.binary(max_size=400)),
    max_size=5,
)
KINDS = st.sampled_from([BagKind.REPORT, BagKind.MESSAGE, BagKind.CANARY])


@given(KINDS, st.sampled_from(Sealed), TEXT, TEXT, FILES)
@settings(max_examples=40, deadline=None)
def test_what_a_source_sends_is_what_a_reviewer_reads(kind, sealed, text, answer, files):
    answers = json.dumps({"what": answer}, ensure_ascii=False).encode()
    bag = open_bag(submission(kind=kind, sealed=sealed, text=text, answers=answers, files=files))
    bag.verify()
    key = SOURCE.signing.verify_key
    assert (bag.kind, bag.channel, bag.sealed, bag.status) == (kind, "main", sealed, None)
    assert bag.info == SourceInfo(SOURCE.address, SOURCE.identity.recipient, key)
    assert bag.signer == key
    assert (bag.text, bag.answers) == (text, {"what": answer})
    assert [(a.number, a.original_name, a.claimed_type) for a in bag.attachments] == [
        (number, name, claimed) for number, (name, claimed, _) in enumerate(files, 1)
    ]
    for attachment, (_, _, data) in zip(bag.attachments, files, strict=True):
        assert attachment.size == len(data)
        assert attachment.sha256 == hashlib.sha256(data).digest()
        assert bag.open_attachment(attachment).read() == data


@given(st.lists(st.binary(max_size=3000), max_size=6), st.integers(1, 4000))
@settings(max_examples=20, deadline=None)
def test_a_bag_goes_through_an_envelope_however_it_is_sliced(blocks, slots):
    reviewer = Identity(bytes([9] * 32))
    sealed = io.BytesIO()
    envelope = EnvelopeWriter(sealed, [reviewer.recipient], slots=1 + slots % 3)
    writer = SubmissionWriter(
        envelope,
        kind=BagKind.REPORT,
        channel="main",
        sealed=Sealed.ARRIVAL,
        text="",
        answers=b"{}",
    )
    writer.begin_attachment("a.bin", "")
    for block in blocks:
        writer.write(memoryview(block))
    writer.end_attachment()
    writer.finish(SOURCE, identity_text="", custodian=None)
    envelope.close()
    bag = BagReader(open_seekable(sealed, [reviewer]))
    bag.verify()
    assert bag.open_attachment(bag.attachments[0]).read() == b"".join(blocks)


def test_the_files_stand_in_their_order():
    files = [("a.pdf", "", b"1"), ("b.exe", "", b"2")]
    assert list(files_of(submission(files=files))) == [
        "bagit.txt",
        "data/report.txt",
        "data/report.json",
        "data/attachments/001.pdf",
        "data/attachments/002.bin",
        "data/attachments.json",
        "data/identity.age",
        "bag-info.txt",
        "manifest-sha256.txt",
        "padding.bin",
        "tagmanifest-sha256.txt",
        "tagmanifest-sha256.txt.minisig",
    ]


def test_the_same_bag_is_written_the_same_but_for_what_is_sealed_anew():
    one, other = files_of(submission()), files_of(submission())
    differ = {name for name in one if one[name] != other[name]}
    assert differ == {
        "data/identity.age",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
        "tagmanifest-sha256.txt.minisig",
    }


def test_nothing_tells_the_time_or_the_program():
    info = files_of(submission())["bag-info.txt"].decode()
    assert [line.split(":")[0] for line in info.splitlines()] == [
        "Candor-Kind",
        "Candor-Sealed",
        "Channel",
        "Source-Mailbox",
        "Source-Recipient",
        "Source-Key",
        "Payload-Oxum",
    ]


WORST_TEXTS = {
    "English": "a",
    "Russian": "ж",
    "Georgian": "ღ",
    "Chinese": "报",
    "emoji": "\U0001f4a3",
    "controls": "\x01",
    "right to left": "\u202e",
}


@pytest.mark.parametrize("language", WORST_TEXTS)
@pytest.mark.parametrize("kind", [BagKind.REPORT, BagKind.MESSAGE, BagKind.CANARY])
@pytest.mark.parametrize("sealed", Sealed)
@pytest.mark.parametrize("channel", ["a", "a" * 32])
def test_52000_bytes_of_text_and_answers_look_like_none(language, kind, sealed, channel):
    letter = WORST_TEXTS[language]
    answers = b"{}"
    text = letter * ((52_000 - len(answers)) // len(letter.encode()))
    text += "a" * (52_000 - len(answers) - len(text.encode()))
    assert len(text.encode()) + len(answers) == 52_000
    longest = submission(kind=kind, sealed=sealed, channel=channel, text=text, answers=answers)
    assert len(longest) == 65_536
    assert len(submission(kind=kind, sealed=sealed, channel=channel, text="")) == 65_536


@given(st.integers(0, 52_000), st.integers(1, 255))
@settings(max_examples=30, deadline=None)
def test_any_share_of_52000_bytes_gives_the_same_length(in_text, seed):
    answers = json.dumps("a" * max(0, 52_000 - in_text - 2)).encode()[: 52_000 - in_text]
    sink = CountingSink()
    write_submission(sink, text="a" * in_text, answers=answers, keys=source_keys(seed))
    assert sink.size == 65_536


def test_the_text_that_no_longer_fits_goes_to_the_next_bucket():
    lengths = {len(submission(text="a" * size)) for size in range(53_000, 60_000, 100)}
    assert lengths == {65_536, 67_584, 69_632, 71_680} & lengths
    assert len(lengths) > 1


ONE_FILE = {
    name: len(data) for name, data in files_of(submission(files=[("a.bin", "", b"")])).items()
}


def unpadded_bytes(size: int) -> int:
    """Compute the length, without padding, of the report that has one file of this size."""
    sizes = dict(ONE_FILE)
    sizes["padding.bin"] = 0
    sizes["data/attachments/001.bin"] = size
    sizes["data/attachments.json"] += len(str(size)) - len("0")
    before, after = (
        sum(length for name, length in lengths.items() if name.startswith("data/"))
        for lengths in (ONE_FILE, sizes)
    )
    sizes["bag-info.txt"] += len(str(after)) - len(str(before))
    return zip_bytes((f"report/{name}", length) for name, length in sizes.items())


def test_a_thousand_random_file_sizes_are_stored_in_their_bucket():
    chance = random.Random(20261123)
    for size in (int(2 ** chance.uniform(0, 35)) for _ in range(1000)):
        expected = padded_bytes(unpadded_bytes(size))
        assert is_padded(expected)
        if size <= 1 << 20:
            sink = CountingSink()
            write_submission(sink, files=[("a.bin", "", bytes(size))])
            assert sink.size == expected


def test_fifty_attachments_fit_and_one_more_is_refused():
    files = [(f"{number}.txt", "text/plain", b"x") for number in range(MAX_ATTACHMENTS)]
    bag = open_bag(submission(files=files))
    assert [a.stored_name for a in bag.attachments] == [f"{n:03}.txt" for n in range(1, 51)]
    with pytest.raises(ValueError, match="50 attachments"):
        submission(files=[*files, ("more", "", b"")])


@pytest.mark.parametrize(
    "parts",
    [
        {"text": "ж" * (MAX_TEXT_BYTES // 2) + "."},
        {"answers": bytes(MAX_ANSWERS_BYTES + 1)},
        {"text": "\ud800"},
        {"channel": "a" * 33},
        {"kind": BagKind.REPLY},
        {"channel": "../main"},
        {"identity_text": "ж" * 750 + "."},
        {"files": [("x" * 256, "", b"")]},
        {"files": [("a\0b", "", b"")]},
    ],
)
def test_what_a_bag_cannot_hold_is_refused(parts):
    with pytest.raises(ValueError, match=r"."):
        submission(**parts)


def test_the_longest_text_is_read_again():
    text = "ж" * (MAX_TEXT_BYTES // 2)
    bag = open_bag(submission(text=text))
    assert bag.text == text


def test_bagit_and_unzip_accept_a_bag(tmp_path):
    files = [("отчёт.pdf", "application/pdf", b"1" * 100_000), ("\u202efdp.exe", "", b"")]
    (tmp_path / "bag.zip").write_bytes(submission(files=files, text="Что я видел"))
    subprocess.run(["unzip", "-q", "bag.zip"], cwd=tmp_path, check=True, timeout=60)
    bagit = Path(sys.executable).with_name("bagit.py")
    validate = [sys.executable, bagit, "--validate", "report"]
    subprocess.run(validate, cwd=tmp_path, check=True, timeout=60, capture_output=True)
    (tmp_path / "report/data/report.txt").write_text("what nobody said")
    assert subprocess.run(validate, cwd=tmp_path, check=False, capture_output=True).returncode


def test_memory_stays_flat_while_a_large_file_is_written_and_read(tmp_path):
    block, blocks = memoryview(random.Random(1).randbytes(1 << 20)), 48
    with (tmp_path / "bag.zip").open("w+b") as file:
        tracemalloc.start()
        try:
            writer = SubmissionWriter(
                file,
                kind=BagKind.REPORT,
                channel="main",
                sealed=Sealed.ARRIVAL,
                text="",
                answers=b"{}",
            )
            writer.begin_attachment("film.mp4", "video/mp4")
            for _ in range(blocks):
                writer.write(block)
            writer.end_attachment()
            writer.finish(SOURCE, identity_text="", custodian=None)
            bag = BagReader(file)
            bag.verify()
            assert len(bag.open_attachment(bag.attachments[0]).read(100)) == 100
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4 << 20
