"""A bag whose signature holds and that is none, or not of its kind, is refused."""

import io

import pytest

from crypto.bag_info import BagKind
from crypto.bag_layout import IDENTITY_FILE_BYTES, MAX_TEXT_BYTES
from crypto.custody import write_disclosure, write_request
from crypto.errors import DamagedBagError
from crypto.minisign import SigningKey
from tests.crypto.bags import (
    OTHER_SOURCE,
    REPORT,
    REVIEWER,
    SOURCE,
    STRANGER,
    files_of,
    forged,
    open_bag,
    read_all,
    zipped,
)


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


def reviewers_bag(kind: BagKind, signing: SigningKey = REVIEWER) -> bytes:
    sink = io.BytesIO()
    about = {"channel": "main", "key": SOURCE.signing.verify_key, "signing": signing}
    if kind is BagKind.REQUEST:
        identity = files_of(REPORT)["data/identity.age"]
        write_request(sink, identity_file=identity, reason="a trial", **about)
    else:
        write_disclosure(sink, text="Anna", **about)
    return sink.getvalue()


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
