"""A bag that was changed anywhere, by anybody, is refused or reported; what is left can be read."""

import io
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.bag_info import BagInfo, BagKind, PayloadCount, SubjectInfo, serialize_bag_info
from crypto.bag_layout import IDENTITY_FILE_BYTES, MAX_TEXT_BYTES
from crypto.bag_reader import BagReader
from crypto.bag_salvage import WHOLE, read_damaged
from crypto.errors import DamagedBagError
from tests.crypto.bags import (
    OTHER_SOURCE,
    REVIEWER,
    SOURCE,
    STRANGER,
    files_of,
    forged,
    open_bag,
    reply,
    submission,
    zipped,
)

FILES = [("a.pdf", "application/pdf", b"first " * 50), ("b.jpg", "image/jpeg", b"second " * 50)]
REPORT = submission(files=FILES, text="what I saw", answers=b'{"form": "default"}\n')
REPLY = reply()


def read_all(data: bytes) -> None:
    open_bag(data, REVIEWER).verify()


def flipped(data: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1 << bit
    return bytes(changed)


def padding_of(data: bytes) -> range:
    return range(data.index(bytes(4096)), data.rindex(bytes(4096)) + 4096)


@pytest.mark.parametrize("data", [REPORT, REPLY], ids=["report", "reply"])
def test_any_flipped_bit_is_refused_or_reported(data):
    chance = random.Random(7)
    padding = padding_of(data)
    places = sorted(set(range(len(data))) - set(padding))
    for place in [*chance.sample(places, 400), *chance.sample(padding, 40)]:
        with pytest.raises(DamagedBagError):
            read_all(flipped(data, place, chance.randrange(8)))


@pytest.mark.slow
@pytest.mark.parametrize("data", [REPORT, REPLY], ids=["report", "reply"])
def test_every_flipped_byte_is_refused_or_reported(data):
    chance = random.Random(8)
    padding = padding_of(data)
    places = sorted({*range(len(data))} - set(padding) | set(padding[::64]))
    for place in places:
        with pytest.raises(DamagedBagError):
            read_all(flipped(data, place, chance.randrange(8)))


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_any_part_cut_out_doubled_or_replaced_is_refused(data):
    start = data.draw(st.integers(0, len(REPORT) - 1))
    end = data.draw(st.integers(start + 1, len(REPORT)))
    instead = data.draw(st.binary(max_size=20) | st.just(REPORT[start:end] * 2))
    changed = REPORT[:start] + instead + REPORT[end:]
    if changed != REPORT:
        with pytest.raises(DamagedBagError):
            read_all(changed)


def put(name: str, data: bytes):
    return lambda files: files.update({name: data})


def drop(name: str):
    return lambda files: files.pop(name)


def move_to_end(name: str):
    return lambda files: files.update({name: files.pop(name)})


def insert(name: str, data: bytes, before: str):
    def change(files):
        items = list(files.items())
        items.insert(list(files).index(before), (name, data))
        files.clear()
        files.update(items)

    return change


def answers(text: bytes):
    return put("data/report.json", text)


def replace(name: str, old: bytes, new: bytes):
    def change(files):
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return change


LISTED = "data/attachments.json"
FORGERIES = {
    "text that is not UTF-8": (put("data/report.txt", b"\xff".ljust(10)), "UTF-8"),
    "answers that are a list": (answers(b"[]"), "counts another"),
    "no answers": (drop("data/report.json"), "not those of such a bag"),
    "no attachments.json": (drop(LISTED), "not those of such a bag"),
    "no identity": (drop("data/identity.age"), "not those of such a bag"),
    "no padding": (drop("padding.bin"), "not those of such a bag"),
    "no bagit.txt": (drop("bagit.txt"), "missing"),
    "no text": (drop("data/report.txt"), "not those of such a bag"),
    "padding at the end": (move_to_end("padding.bin"), "not those of such a bag"),
    "bagit.txt at the end": (move_to_end("bagit.txt"), "not those of such a bag"),
    "the text after the answers": (move_to_end("data/report.txt"), "not those of such a bag"),
    "a third file": (
        insert("data/attachments/003.pdf", b"", LISTED),
        "counts another payload",
    ),
    "another number in a name": (replace(LISTED, b"001.pdf", b"003.pdf"), "no attachment has"),
    "another size of a file": (replace(LISTED, b": 300", b": 301"), "lists other attachments"),
    "another version of BagIt": (replace("bagit.txt", b"1.0", b"0.9"), "not those of a bag"),
    "another count": (replace("bag-info.txt", b".6\n", b".7\n"), "counts another payload"),
    "another mailbox, half written": (
        replace("bag-info.txt", b"Source-Mailbox: ", b"Source-Mailbox: 0"),
        "not that of any kind",
    ),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_bag_that_its_source_signed_but_that_is_none_is_refused(what):
    change, said = FORGERIES[what]
    pad = what != "no padding"
    with pytest.raises(DamagedBagError, match=said):
        read_all(forged(REPORT, change, pad=pad))


def test_a_bag_taken_apart_and_put_together_is_the_same():
    assert forged(REPORT) == REPORT


def test_answers_are_an_object():
    kept = files_of(REPORT)["data/report.json"]
    for wrong in (b"[]", b"null", b'"a"', b'{"a":1,"a":2}', b"{", b'{"a":NaN}'):
        with pytest.raises(DamagedBagError, match=r"report\.json"):
            read_all(forged(REPORT, answers(wrong.ljust(len(kept)))))


def with_text(data: bytes) -> bytes:
    old = files_of(REPORT)
    payload = sum(len(part) for name, part in old.items() if name.startswith("data/"))
    grown = payload - len(old["data/report.txt"]) + len(data)

    def change(files):
        files["data/report.txt"] = data
        info = files["bag-info.txt"]
        files["bag-info.txt"] = info.replace(f" {payload}.".encode(), f" {grown}.".encode())

    return forged(REPORT, change, pad=len(data) < 1000)


def test_text_longer_than_text_may_be_is_refused_before_it_is_read():
    read_all(with_text(b"x"))
    with pytest.raises(DamagedBagError, match="padding"):
        read_all(with_text(b"x" * (MAX_TEXT_BYTES + 1)))


def test_an_identity_of_another_length_is_refused():
    identity = files_of(REPORT)["data/identity.age"]
    assert len(identity) == IDENTITY_FILE_BYTES
    old = files_of(REPORT)["bag-info.txt"]
    count = int(old.rsplit(b" ", 1)[1].split(b".")[0])

    def shorter(files):
        files["data/identity.age"] = identity[:-1]
        files["bag-info.txt"] = old.replace(str(count).encode(), str(count - 1).encode())

    with pytest.raises(DamagedBagError, match=r"identity\.age"):
        read_all(forged(REPORT, shorter))


def test_padding_that_is_not_zeros_or_of_another_length_is_refused():
    files = files_of(REPORT)
    size = len(files["padding.bin"])
    for wrong in (bytes(size - 1), bytes(size + 1), b"", bytes(size + 2048)):
        with pytest.raises(DamagedBagError, match="padding is not as long"):
            read_all(zipped(files | {"padding.bin": wrong}))
    for place in (0, size // 2, size - 1):
        changed = bytearray(size)
        changed[place] = 1
        bag = open_bag(zipped(files | {"padding.bin": bytes(changed)}))
        with pytest.raises(DamagedBagError, match="padding is not zeros"):
            bag.verify()


def test_a_signature_serves_for_one_kind_and_one_key_only():
    for kind, signing in (
        ("message", SOURCE.signing),
        ("reply", SOURCE.signing),
        ("report", OTHER_SOURCE.signing),
        ("report", REVIEWER),
    ):
        data = forged(REPORT, kind=kind, signing=signing)
        with pytest.raises(DamagedBagError, match="signature"):
            read_all(data)


def test_a_report_cannot_be_made_a_message():
    change = replace("bag-info.txt", b"Candor-Kind: report", b"Candor-Kind: message")
    files = files_of(REPORT)
    change(files)
    with pytest.raises(DamagedBagError, match="signature"):
        read_all(zipped(files))


def test_a_tag_manifest_names_each_tag_file_and_nothing_else():
    tags = {"bagit.txt": bytes(32), "bag-info.txt": bytes(32), "manifest-sha256.txt": bytes(32)}
    for wrong in (tags | {"padding.bin": bytes(32)}, {"bagit.txt": bytes(32)}):
        with pytest.raises(DamagedBagError, match="tag files"):
            read_all(forged(REPORT, tags=wrong))
    with pytest.raises(DamagedBagError, match=r"bagit\.txt is not what was signed"):
        read_all(forged(REPORT, tags=tags))


@pytest.mark.parametrize(
    "manifest",
    [
        drop("data/identity.age"),
        drop("data/attachments/001.pdf"),
        move_to_end("data/report.txt"),
        put("data/more.txt", bytes(32)),
        put("padding.bin", bytes(32)),
    ],
)
def test_a_manifest_names_the_payload_and_nothing_else(manifest):
    with pytest.raises(DamagedBagError, match="not those of such a bag"):
        read_all(forged(REPORT, manifest=manifest))


@pytest.mark.parametrize(
    "name", ["data/report.txt", "data/report.json", LISTED, "data/identity.age"]
)
def test_what_is_small_is_checked_when_the_bag_is_opened(name):
    forgery = forged(REPORT, manifest=put(name, bytes(32)))
    with pytest.raises(DamagedBagError, match=f"{name} is not what was signed"):
        open_bag(forgery)


def damage(name: str) -> bytes:
    """Change a file and its CRC-32, but not what was signed."""
    files = files_of(REPORT)
    files[name] = bytes([files[name][0] ^ 1]) + files[name][1:]
    return zipped(files)


def test_a_damaged_attachment_is_not_handed_out_and_the_others_are():
    bag = open_bag(damage("data/attachments/001.pdf"))
    assert bag.text == "what I saw"
    with pytest.raises(DamagedBagError, match=r"001\.pdf is not what was signed"):
        bag.open_attachment(bag.attachments[0])
    assert bag.open_attachment(bag.attachments[1]).read() == FILES[1][2]
    with pytest.raises(DamagedBagError, match=r"attachment 001\.pdf$"):
        bag.verify()


def test_an_attachment_is_copied_and_checked_in_one_pass():
    bag = open_bag(damage("data/attachments/001.pdf"))
    copy = io.BytesIO()
    bag.copy_attachment(bag.attachments[1], copy)
    assert copy.getvalue() == FILES[1][2]
    with pytest.raises(DamagedBagError, match=r"001\.pdf is not what was signed"):
        bag.copy_attachment(bag.attachments[0], io.BytesIO())
    with pytest.raises(DamagedBagError, match=r"attachment 001\.pdf$"):
        bag.verify()


def test_verifying_names_every_damaged_attachment():
    files = files_of(REPORT)
    for name in ("data/attachments/001.pdf", "data/attachments/002.jpg"):
        files[name] = bytes(len(files[name]))
    with pytest.raises(DamagedBagError, match=r"001\.pdf, 002\.jpg"):
        open_bag(zipped(files)).verify()


def test_verifying_tells_how_far_it_is():
    bag = open_bag(submission(files=[("a", "", bytes(3 << 20)), ("b", "", b"x")]))
    steps = []
    bag.verify(steps.append)
    assert sum(steps) == bag.bytes_to_verify
    assert max(steps) == 1 << 20
    again = []
    bag.verify(again.append)
    assert sum(again) < 1 << 20


def test_a_bag_has_one_hash_whatever_its_envelope_and_padding():
    assert open_bag(REPORT).hash == open_bag(REPORT).hash
    assert open_bag(REPORT).hash != open_bag(submission()).hash
    assert len(open_bag(REPORT).hash) == 32


def reviewers_bag(kind: BagKind) -> bytes:
    """Make a request or disclosure out of a reply: no other code writes them yet."""
    info = BagInfo(kind, "main", SubjectInfo(SOURCE.signing.verify_key))
    identity = files_of(REPORT)["data/identity.age"] if kind is BagKind.REQUEST else b""

    def change(files):
        text = files["data/report.txt"]
        count = PayloadCount(len(text) + len(identity), 2 if identity else 1)
        files["bag-info.txt"] = serialize_bag_info(info, count)
        if identity:
            insert("data/identity.age", identity, "bag-info.txt")(files)

    return forged(REPLY, change, signing=REVIEWER, kind=kind)


@pytest.mark.parametrize("kind", [BagKind.REQUEST, BagKind.DISCLOSURE])
def test_a_request_and_a_disclosure_are_a_reviewers(kind):
    data = reviewers_bag(kind)
    bag = open_bag(data, STRANGER, REVIEWER)
    bag.verify()
    assert (bag.kind, bag.signer) == (kind, REVIEWER.verify_key)
    assert (bag.identity_file is None) == (kind is BagKind.DISCLOSURE)
    for signers in ((), (STRANGER,), (SOURCE.signing,)):
        with pytest.raises(DamagedBagError, match="signature"):
            open_bag(data, *signers)


def test_a_disclosure_has_no_attachments():
    def change(files):
        insert("data/attachments/001.pdf", b"", "bag-info.txt")(files)

    data = forged(reviewers_bag(BagKind.DISCLOSURE), change, signing=REVIEWER, kind="disclosure")
    with pytest.raises(DamagedBagError, match="not those of such a bag"):
        open_bag(data, REVIEWER)


def test_a_damaged_bag_stays_readable():
    left = read_damaged(io.BytesIO(damage("data/report.txt")))
    assert left.text[1:] == "hat I saw"
    names = {file.name: file for file in left.files}
    assert left.open(names["data/attachments/001.pdf"]).read() == FILES[0][2]
    assert json.loads(left.open(names["data/report.json"]).read()) == {"form": "default"}
    assert names["data/attachments/001.pdf"].size == len(FILES[0][2])


def test_of_what_is_no_bag_the_bytes_stay_readable():
    left = read_damaged(io.BytesIO(b"not a ZIP"))
    (only,) = left.files
    assert (only.name, left.text, left.open(only).read()) == (WHOLE, "", b"not a ZIP")


def test_what_a_source_wrote_is_in_no_refusal_and_in_nothing_printed_for_debugging():
    data = submission(text="marker", files=[("marker.pdf", "", b"marker")])
    bag = open_bag(data)
    assert "marker" not in repr(bag) + repr(bag.attachments) + repr(bag.info)
    changed = data.replace(b"marker.pdf", b"Marker.pdf")
    with pytest.raises(DamagedBagError) as refusal:
        BagReader(io.BytesIO(changed))
    assert "arker" not in str(refusal.value)
