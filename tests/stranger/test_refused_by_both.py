"""What is not as the document has it, neither takes."""

import io

import pytest

from console.opening import open_source_identity
from crypto.bag_reader import BagReader
from crypto.errors import DamagedBagError, EnvelopeError
from crypto.keys import Identity
from intake.errors import RefusedEnvelopeError
from tests.stranger import age, archive, bags, client, keys
from tests.stranger.support import SUBMISSION, bag_of, door, seal_as_candor, stranger
from tests.support.service import CHANNEL


def test_both_refuse_an_envelope_with_a_changed_byte(service, house, theirs):
    envelope = seal_as_candor(service, theirs)
    press, places = house.readers["press"], [30, 1540, 24_960, 24_990, 40_000, len(envelope) - 1]
    for place in places:
        changed = bytearray(envelope)
        changed[place] ^= 1
        with pytest.raises((age.MalformedError, age.DamagedError, age.NotAddressedError)):
            client.open_submission(bytes(changed), [stranger(press)])
        with pytest.raises((EnvelopeError, DamagedBagError)):
            bag_of(bytes(changed), press)


def changed(files, name, change):
    return [(one, change(data) if one == f"report/{name}" else data) for one, data in files]


def swapped(files):
    return [files[1], files[0], *files[2:]]


BAD_BAGS = {
    "another order": swapped,
    "a file less": lambda files: [one for one in files if not one[0].endswith("report.json")],
    "padding that says something": lambda files: changed(
        files, "padding.bin", lambda data: b"\1" + data[1:]
    ),
    "padding too long": lambda files: changed(
        files, "padding.bin", lambda data: data + bytes(4096)
    ),
    "another text": lambda files: changed(files, "data/report.txt", lambda data: data[::-1]),
    "another attachment": lambda files: changed(
        files, "data/attachments/001.pdf", lambda data: data[::-1]
    ),
    "another channel": lambda files: changed(
        files, "bag-info.txt", lambda data: data.replace(b"general", b"special")
    ),
    "another version of BagIt": lambda files: changed(
        files, "bagit.txt", lambda data: data.replace(b"1.0", b"0.9")
    ),
    "another comment on the signature": lambda files: changed(
        files,
        "tagmanifest-sha256.txt.minisig",
        lambda data: data.replace(b": candor\n", b": Candor\n"),
    ),
    "a signature of another use": lambda files: changed(
        files,
        "tagmanifest-sha256.txt.minisig",
        lambda data: data.replace(b"v1 report", b"v1 message"),
    ),
}


@pytest.mark.parametrize("spoil", BAD_BAGS.values(), ids=BAD_BAGS)
def test_both_refuse_the_same_bags(public, mine, spoil):
    bag = client.submission_bag(SUBMISSION, mine, public, ["press"])
    bad = archive.write_zip(spoil(archive.read_zip(bag)))
    with pytest.raises((bags.BagError, keys.SignatureError)):
        bags.read_bag(bad, bags.SOURCE_KINDS)
    with pytest.raises(DamagedBagError):
        BagReader(io.BytesIO(bad)).verify()


def payload_of(public, mine):
    bag = client.submission_bag(SUBMISSION, mine, public, ["press"])
    return bags.read_bag(bag, ["report"]).payload


def source_info(mine):
    return {"Candor-Sealed": "offline", "Channel": CHANNEL, **mine.info}


def attachments_with(*change):
    return lambda payload: (
        payload | {"data/attachments.json": payload["data/attachments.json"].replace(*change)}
    )


BAD_PAYLOADS = {
    "a text that is none": lambda payload: payload | {"data/report.txt": b"\xff"},
    "a text over 1 MiB": lambda payload: payload | {"data/report.txt": bytes(1 << 20) + b"x"},
    "answers that are a list": lambda payload: payload | {"data/report.json": b"[]"},
    "answers with a key twice": lambda payload: (
        payload | {"data/report.json": b'{"day": "2026-11-23", "day": "2026-11-24"}'}
    ),
    "answers that are no number": lambda payload: payload | {"data/report.json": b'{"a": NaN}'},
    "a number too large": lambda payload: payload | {"data/report.json": b'{"a": -1e400}'},
    "its zeros written out": lambda payload: (
        payload | {"data/report.json": b'{"a": 1' + b"0" * 400 + b"}"}
    ),
    "answers too deep": lambda payload: (
        payload | {"data/report.json": b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}"}
    ),
    "a short identity": lambda payload: payload | {"data/identity.age": b"age"},
    "a number left out": lambda payload: {
        name: data for name, data in payload.items() if "attachments/002" not in name
    },
    "a type with capitals": attachments_with(b"text/plain", b"Text/plain"),
    "a name with NUL": attachments_with("пусто".encode(), rb"\u0000"),
    "a name too long": attachments_with("пусто".encode(), b"x" * 256),
    "another hash": attachments_with(b'256": "', b'256": "0'),
    "other bytes": attachments_with(b'"bytes": 2', b'"bytes": 3'),
    "a key more": attachments_with(b'{"file"', b'{"more": 1, "file"'),
    "keys in another order": attachments_with(
        b'"type": "text/plain", "bytes": 0', b'"bytes": 0, "type": "text/plain"'
    ),
}


@pytest.mark.parametrize("spoil", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS)
def test_both_refuse_the_same_payloads_though_signed(public, mine, spoil):
    payload = spoil(payload_of(public, mine))
    bag = bags.write_bag("report", list(payload.items()), source_info(mine), mine.signing)
    reader = Identity.generate()
    envelope = age.seal(bag, [reader.recipient.serialize()], 1)
    with pytest.raises((bags.BagError, ValueError)):
        client.open_submission(envelope, [stranger(reader)])
    with pytest.raises(DamagedBagError):
        bag_of(envelope, reader)


GOOD_PAYLOADS = {
    "other line ends": {"data/report.txt": b"one\r\ntwo\rthree"},
    "an empty text": {"data/report.txt": b""},
    "answers as deep as may be": {"data/report.json": b'{"[[": ' + b"[" * 31 + b"]" * 31 + b"}"},
    "answers that nobody knows": {"data/report.json": b'{"more": [1, 2.5, null]}\n'},
}


@pytest.mark.parametrize("change", GOOD_PAYLOADS.values(), ids=GOOD_PAYLOADS)
def test_both_take_the_same_payloads(public, mine, change):
    payload = payload_of(public, mine) | change
    bag = bags.write_bag("report", list(payload.items()), source_info(mine), mine.signing)
    reader = Identity.generate()
    envelope = age.seal(bag, [reader.recipient.serialize()], 1)
    ours = client.open_submission(envelope, [stranger(reader)])
    assert (ours.text, ours.answers) == (
        bag_of(envelope, reader).text,
        bag_of(envelope, reader).answers,
    )


LINE_CHANGES = {
    "another sum": (b"Payload-Oxum: ", b"Payload-Oxum: 1"),
    "a label more": (b"Channel: ", b"Contact: me\nChannel: "),
    "a status": (b"Payload-Oxum: ", b"Status: opened\nPayload-Oxum: "),
    "another order": (b"Channel: general\n", b""),
    "a way of sealing that is none": (b"offline", b"online"),
    "a mailbox in capitals": (b"Source-Mailbox: ", b"Source-Mailbox: A"),
    "a channel that is no id": (b"general", b"General"),
    "a recipient mistyped": (b"Source-Recipient: age1pq1", b"Source-Recipient: age1pq1q"),
    "no line end": (b"\nPayload", b" Payload"),
    "a carriage return": (b"general\n", b"general\r\n"),
}


@pytest.mark.parametrize("change", LINE_CHANGES.values(), ids=LINE_CHANGES)
def test_both_refuse_the_same_lines_of_bag_info_though_signed(public, mine, change):
    files = archive.read_zip(client.submission_bag(SUBMISSION, mine, public, ["press"]))
    files = changed(files, "bag-info.txt", lambda data: data.replace(*change))
    parts = dict(files)
    covered = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
    tags = bags.manifest([(name, parts[f"report/{name}"]) for name in covered])
    files = changed(files, "tagmanifest-sha256.txt", lambda _: tags)
    signature = keys.sign(mine.signing, "report", tags)
    files = changed(files, "tagmanifest-sha256.txt.minisig", lambda _: signature)
    room = len(archive.write_zip(changed(files, "padding.bin", lambda _: b"")))
    files = changed(files, "padding.bin", lambda _: bytes(archive.padded(room) - room))
    bad = archive.write_zip(files)
    with pytest.raises((bags.BagError, keys.SignatureError, age.MalformedError)):
        bags.read_bag(bad, bags.SOURCE_KINDS)
    with pytest.raises(DamagedBagError):
        BagReader(io.BytesIO(bad)).verify()


def test_both_refuse_an_identity_that_was_moved(house, public, mine):
    other = keys.derive(keys.new_codename(), bytes(16))
    moved = client.identity_file(other, CHANNEL, "somebody else", public["custodian"]["recipient"])
    bag = client.submission_bag(SUBMISSION, mine, public, ["press"])
    payload = bags.read_bag(bag, ["report"]).payload | {"data/identity.age": moved}
    info = {"Candor-Sealed": "offline", "Channel": CHANNEL, **mine.info}
    forged = bags.write_bag("report", list(payload.items()), info, mine.signing)
    with pytest.raises(bags.BagError):
        client.open_identity_of(bags.read_bag(forged, ["report"]), stranger(house.custodian))
    with pytest.raises(DamagedBagError):
        open_source_identity(BagReader(io.BytesIO(forged)), [house.custodian])


def test_intake_refuses_what_the_document_says(service, mine, public):
    bag = client.submission_bag(SUBMISSION, mine, public, ["press"])
    press = public["reviewers"][0]["recipient"]
    good = age.seal(bag, [press], 16)
    low_order = age.stanza(
        age.unb64(good.split(b"\n", 2)[1].split()[2])[:1088] + bytes(32), bytes(32)
    )
    bad = {
        "other slots": age.seal(bag, [press], 15),
        "a passphrase": age.seal_identity(age.Identity(bytes(32)), "x", 4),
        "a length without padding": age.seal(bag[:-1], [press], 16),
        "cut short": good[:-1],
        "a share of low order": age.VERSION + low_order + good[22 + 1557 :],
        "armour": b"-----BEGIN AGE ENCRYPTED FILE-----\n" + good,
    }
    for envelope in bad.values():
        with pytest.raises(RefusedEnvelopeError):
            service.intake.receive(door(), [envelope])
    with pytest.raises(age.MalformedError):
        age.open_age(bad["a share of low order"], [age.Identity(bytes(32))])
