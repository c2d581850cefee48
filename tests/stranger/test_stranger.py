"""What the stranger makes Candor takes, and what Candor makes the stranger takes."""

import dataclasses
import io
import json
import subprocess
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.replies import open_mail
from app.sealing import Order, Sealing
from console.opening import open_source_identity
from console.reply import Answer, Reviewer, write_reply_bundle
from console.verify import verify
from crypto.bag_info import BagKind, ReplyInfo, SourceInfo, StatusCode
from crypto.bag_reader import BagReader
from crypto.bundle import read_bundle
from crypto.codename import Codename
from crypto.envelope import open_seekable
from crypto.errors import CodenameTypoError, DamagedBagError, EnvelopeError, RosterError
from crypto.identity_file import open_identity, seal_identity
from crypto.keys import Identity
from crypto.minisign import VerifyKey
from crypto.reply import write_reply
from crypto.roster import parse_roster
from crypto.source_keys import derive_source_keys, reviewer_signing_key
from forms.form import MAIN_TEXT
from forms.loader import default_form
from intake.errors import RefusedEnvelopeError
from intake.values import Delivery, Door
from tests.cli.support import candor
from tests.crypto.node_programs import NODE
from tests.stranger import age, archive, client, keys, roster
from tests.support.service import CHANNEL, ROOT, make_house

ORIGIN = "http://127.0.0.1:8080"
TODAY = date(2026, 11, 23)
PASSPHRASE = "верные слова"
FILES = (
    ("доклад.PDF", "application/PDF; x=1", b"%PDF-1.7 " * 9000),
    ("evil\u202efdp.exe", "nonsense", b"MZ"),
    ("пусто", "text/plain", b""),
)
SUBMISSION = client.Submission(
    CHANNEL,
    "Что видели у ворот.\nSecond line.\n",
    {"where": "У ворот", "ongoing": "yes", "matter": ["abuse", "other"]},
    FILES,
    "Имя: нет",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return make_house(tmp_path_factory.mktemp("house"), origin=ORIGIN)


@pytest.fixture(scope="module")
def service(house):
    with house.open() as service:
        yield service


@pytest.fixture(scope="module")
def signed(house):
    """The service's roster as bytes, its signature, and its root key."""
    path = house.settings.roster
    signature = path.with_name("roster.json.minisig").read_bytes()
    return path.read_bytes(), signature, house.settings.root_key


@pytest.fixture(scope="module")
def public(signed):
    return roster.read_roster(*signed, today=TODAY, origin=ORIGIN)


@pytest.fixture(scope="module")
def codename():
    return Codename.generate("ru")


@pytest.fixture(scope="module")
def theirs(codename, house):
    """The source's keys as Candor derives them."""
    return derive_source_keys(codename, house.roster.service_id)


@pytest.fixture(scope="module")
def mine(codename, public):
    """The source's keys as the stranger derives them."""
    secret = keys.read_codename(" ".join(codename.words), "ru")
    return keys.derive(secret, bytes.fromhex(public["service_id"]))


def door(slots=16):
    return Door(CHANNEL, frozenset({slots}))


def receive(service, envelope, slots=16):
    """Let the service take an envelope in two pieces, and give it out again as it rests there."""
    digest = service.intake.receive(door(slots), [envelope[:1000], envelope[1000:]])
    assert digest.hex() == client.sha256(envelope)
    with service.intake.open_envelope(digest) as file:
        return file.read()


def bag_of(envelope, identity):
    """Open and verify a source's bag as the console does."""
    bag = BagReader(open_seekable(io.BytesIO(envelope), [identity]))
    bag.verify()
    return bag


def stranger(identity):
    return age.Identity(identity.seed)


def seal_as_candor(service, theirs, *, kind=BagKind.REPORT, readers=("press",)):
    """Seal what SUBMISSION says as the service does on arrival."""
    form = default_form()
    values = {MAIN_TEXT: [SUBMISSION.text], "where": [SUBMISSION.answers["where"]]}
    assert set(values) <= {field.id for field in form.fields}
    order = Order(kind, service.channel(CHANNEL), form, "ru")
    known = hashes(service)
    sealing = Sealing(service, order, values, readers)
    for name, claimed, content in FILES:
        sealing.submission.begin_attachment(name, claimed)
        sealing.submission.write(content)
        sealing.submission.end_attachment()
    sealing.commit(theirs)
    (new,) = hashes(service) - known
    with service.intake.open_envelope(new) as file:
        return file.read()


def hashes(service):
    return {envelope.hash for envelope in service.intake.envelopes(CHANNEL, open_day=True)}


# keys and codenames


def test_both_derive_the_same_keys(mine, theirs):
    assert mine.token == theirs.token
    assert mine.identity.recipient == theirs.identity.recipient.serialize()
    assert mine.signing == theirs.signing.seed
    assert mine.info["Source-Key"] == theirs.info.key.serialize()


def either(word):
    return st.sampled_from([word, word.upper(), word[:4], word[:5], word[:3], word[1:]])


@given(st.data(), st.binary(min_size=10, max_size=10), *[st.sampled_from(list(keys.LANGUAGES))] * 2)
def test_both_read_words_alike(data, random, language, page):
    words = [data.draw(either(word)) for word in Codename.from_random(random, language).words]
    typed = data.draw(st.sampled_from([" ", "\n", ", ", "-", "1", "\u200b"])).join(words)
    try:
        expected = Codename.parse(typed, page).secret
    except CodenameTypoError:
        with pytest.raises(keys.CodenameError):
            keys.read_codename(typed, page)
    else:
        assert keys.read_codename(typed, page) == expected


def test_identity_files_go_both_ways():
    identity = Identity.generate()
    written = age.seal_identity(stranger(identity), PASSPHRASE, 4)
    assert open_identity(written, PASSPHRASE) == identity
    written = seal_identity(identity, PASSPHRASE, work_factor=4)
    assert age.open_identity(written, PASSPHRASE) == stranger(identity)


# roster


def test_candors_roster_is_read_and_written_byte_for_byte(signed, public, house):
    document, signature, _ = signed
    assert roster.write_roster(public) == document
    assert keys.sign(house.root.seed, "roster", document) == signature


def test_the_strangers_roster_is_taken(public, house):
    seed = bytes(range(32))
    root = keys.key_text(keys.ReviewerKeys(age.Identity(seed)).key)
    several = public["channels"][0] | {
        "id": "several",
        "threshold": 2,
        "recipient": age.Identity(bytes(32)).recipient,
        "names": {"pt-BR": "Vários"},
        "slots": 40,
    }
    mine = public | {
        "channels": [public["channels"][0], several],
        "couriers": [{"channels": ["several"], "id": "van", "key": keys.key_text(bytes(32))}],
        "decoys": {"mean_per_day": 3, "ranges": [{"up_to_bytes": 65_536, "weight": 1}]},
        "demonstration": True,
        "serial": 7,
    }
    document = roster.write_roster(mine)
    signature = keys.sign(keys.subkey(seed, 3), "roster", document)
    arguments = {"today": TODAY, "origin": ORIGIN, "seen_serial": 7}
    read = parse_roster(document, signature, VerifyKey.parse(root), **arguments)
    assert read.channel("several").threshold == 2
    assert roster.read_roster(document, signature, root, **arguments) == mine


@pytest.mark.parametrize(
    "change",
    [
        {"today": date(2100, 1, 1)},
        {"origin": "http://127.0.0.1:8081"},
        {"origin": ORIGIN + "/"},
        {"seen_serial": 2},
    ],
    ids=str,
)
def test_both_refuse_the_same_rosters(signed, change):
    document, signature, root = signed
    arguments = {"today": TODAY, "origin": ORIGIN} | change
    with pytest.raises(roster.RosterError):
        roster.read_roster(document, signature, root, **arguments)
    with pytest.raises(RosterError):
        parse_roster(document, signature, VerifyKey.parse(root), **arguments)


ENTRY = ("reviewers", 0)
BAD_ROSTERS = {
    "an unknown key": ((), {"more": 1}),
    "a key left out": ((), {"decoys": ...}),
    "too long": ((), {"expires": "2099-01-01"}),
    "a serial of zero": ((), {"serial": 0}),
    "no origin": ((), {"origins": []}),
    "an origin with a path": ((), {"origins": [ORIGIN + "/"]}),
    "another machine's demonstration": ((), {"demonstration": True, "origins": ["http://a.onion"]}),
    "a number that is true": (("channels", 0), {"slots": True}),
    "too few slots": (("channels", 0), {"slots": 1}),
    "too many slots": (("channels", 0), {"slots": 41}),
    "an unknown reviewer": (("channels", 0), {"reviewers": ["nobody"]}),
    "a reviewer twice": (("channels", 0), {"reviewers": ["press", "press"]}),
    "several without a key": (("channels", 0), {"threshold": 2}),
    "no name": (("channels", 0), {"names": {}}),
    "kept for ever": (("channels", 0), {"retention_days": 3651}),
    "an id with capitals": (ENTRY, {"id": "Press"}),
    "an empty name": (ENTRY, {"name": ""}),
    "a name that runs backwards": (ENTRY, {"name": "a\u202eb"}),
    "a name with space behind it": (ENTRY, {"name": "a "}),
    "a key that is none": (ENTRY, {"key": "RWabc"}),
    "the root's own key": (ENTRY, {"key": keys.key_text(b"r" * 32)}),
    "a day in another form": ((), {"issued": "20261123"}),
}


@pytest.mark.parametrize(("place", "change"), BAD_ROSTERS.values(), ids=BAD_ROSTERS)
def test_both_hold_a_roster_to_the_same_bounds(public, house, place, change):
    bad = json.loads(roster.write_roster(public))
    entry = bad
    for step in place:
        entry = entry[step]
    entry.update(change)
    for name in [name for name, value in entry.items() if value is ...]:
        del entry[name]
    root = house.root
    if change.get("key") == keys.key_text(b"r" * 32):
        entry["key"] = root.verify_key.serialize()
    document = roster.write_roster(bad)
    signature = keys.sign(root.seed, "roster", document)
    arguments = {"today": date(2026, 11, 23), "origin": None}
    with pytest.raises((roster.RosterError, keys.SignatureError)):
        roster.read_roster(document, signature, root.verify_key.serialize(), **arguments)
    with pytest.raises(RosterError):
        parse_roster(document, signature, root.verify_key, **arguments)


# reports and messages, from the stranger to Candor


@pytest.mark.parametrize("kind", client.SOURCE_KINDS)
def test_candor_takes_what_the_stranger_sends(*, service, house, public, mine, theirs, kind):
    submission = dataclasses.replace(SUBMISSION, kind=kind)
    envelope = client.seal_submission(submission, mine, public, ["press", "lawyers"])
    kept = receive(service, envelope)
    assert kept == envelope
    bag = bag_of(kept, house.readers["press"])
    assert (bag.kind, bag.channel, bag.sealed) == (kind, CHANNEL, "offline")
    assert bag.info == theirs.info
    assert bag.text == submission.text
    assert bag.answers["answers"] == submission.answers
    assert bag.answers["readers"] == ["lawyers", "press"]
    assert [(one.stored_name, one.original_name, one.claimed_type) for one in bag.attachments] == [
        ("001.pdf", "доклад.PDF", "application/pdf"),
        ("002.bin", "evil\u202efdp.exe", "application/octet-stream"),
        ("003.bin", "пусто", "text/plain"),
    ]
    for attachment, (_, _, content) in zip(bag.attachments, FILES, strict=True):
        with bag.open_attachment(attachment) as file:
            assert file.read() == content
    assert open_source_identity(bag, [house.custodian]) == submission.identity


def test_the_command_opens_what_the_stranger_sent(tmp_path, house, public, mine):
    envelope, identity = tmp_path / "one.age", tmp_path / "press.age"
    envelope.write_bytes(client.seal_submission(SUBMISSION, mine, public, ["press"]))
    identity.write_bytes(age.seal_identity(stranger(house.readers["press"]), PASSPHRASE, 4))
    identity.chmod(0o600)
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    done = candor("open", envelope, "-i", identity, "--passphrase-file", passphrase, "--json")
    assert (done.status, done.complaints) == (0, "")
    assert json.loads(done.out)["text"] == SUBMISSION.text
    assert "16 slots" in " ".join(verify(envelope, [], []).lines)


def test_whoever_was_not_chosen_opens_nothing(house, public, mine, service):
    envelope = client.seal_submission(SUBMISSION, mine, public, ["press"])
    with pytest.raises(EnvelopeError):
        bag_of(envelope, house.readers["lawyers"])
    envelope = seal_as_candor(service, derive_source_keys(Codename.generate(), bytes(16)))
    with pytest.raises(age.NotAddressedError):
        client.open_submission(envelope, [stranger(house.readers["lawyers"])])


def test_texts_up_to_52000_bytes_make_envelopes_of_one_length(service, public, mine):
    empty = len(client.report_json(SUBMISSION, {"id": "default", "version": 1}, ["press"]))
    for text in ("", "x" * (52_000 - empty)):
        submission = dataclasses.replace(SUBMISSION, text=text, files=())
        envelope = client.seal_submission(submission, mine, public, ["press"])
        assert len(receive(service, envelope)) == 90_550


def test_a_channel_with_a_key_of_its_own_is_sealed_to_that(public, mine, service):
    shared = Identity.generate()
    channel = public["channels"][0] | {"recipient": shared.recipient.serialize(), "threshold": 2}
    several = public | {"channels": [channel], "custodian": None}
    bag = bag_of(
        receive(service, client.seal_submission(SUBMISSION, mine, several, ["press"])), shared
    )
    assert bag.answers["readers"] == []


def test_npms_age_makes_and_opens_the_envelope(service, house, public, mine):
    nobodies = [age.Identity(bytes([number]) * 32).recipient for number in range(15)]
    recipients = [*nobodies, house.readers["press"].recipient.serialize()]
    bag = client.submission_bag(SUBMISSION, mine, public, ["press"])
    envelope = npm("seal", *recipients, given=bag)
    assert bag_of(receive(service, envelope), house.readers["press"]).text == SUBMISSION.text
    written = client.seal_submission(SUBMISSION, mine, public, ["press"])
    opened = npm("open", house.readers["press"].serialize(), given=written)
    assert client.read_bag(opened, ["report"]).text == SUBMISSION.text


def npm(*arguments, given):
    program = ROOT / "tests" / "stranger" / "age.mjs"
    return subprocess.run(
        [NODE, program, *arguments], input=given, capture_output=True, check=True
    ).stdout


# reports and messages, from Candor to the stranger


@pytest.mark.parametrize("kind", [BagKind.REPORT, BagKind.MESSAGE])
def test_the_stranger_takes_what_candor_sealed(service, house, theirs, mine, kind):
    envelope = seal_as_candor(service, theirs, kind=kind, readers=("press", "lawyers"))
    bag = client.open_submission(envelope, [stranger(house.readers["lawyers"])])
    assert bag.kind == kind
    assert client.thread_of(bag) == (
        mine.info["Source-Key"],
        mine.info["Source-Mailbox"],
        mine.info["Source-Recipient"],
    )
    assert bag.text == SUBMISSION.text.strip()
    assert bag.info["Candor-Sealed"] == "arrival"
    assert bag.answers["readers"] == ["lawyers", "press"]
    assert bag.answers["answers"] == {"where": "У ворот"}
    assert [one["name"] for one, _ in bag.attachments] == [name for name, _, _ in FILES]
    assert [content for _, content in bag.attachments] == [content for _, _, content in FILES]
    assert client.open_identity_of(bag, stranger(house.custodian)) == ""
    assert bag.identifier == bag_of(envelope, house.readers["press"]).hash.hex()


def test_what_candor_sealed_is_what_the_stranger_would_have_written(service, house, theirs, mine):
    """Byte for byte, given the same random bytes."""
    envelope = seal_as_candor(service, theirs)
    press = stranger(house.readers["press"])
    plaintext = age.open_age(envelope, [press])
    bag = client.read_bag(plaintext, ["report"])
    source = {"Candor-Sealed": "arrival", "Channel": CHANNEL, **mine.info}
    assert client.write_bag("report", list(bag.payload.items()), source, mine.signing) == plaintext
    assert bag.payload["data/attachments.json"] == client.attachments_json(FILES)
    answered = dataclasses.replace(
        SUBMISSION, answers={"where": "У ворот"}, language="ru", day=bag.answers["day"]
    )
    form = {"id": default_form().id, "version": default_form().version}
    assert bag.payload["data/report.json"] == client.report_json(answered, form, ["press"])
    identity = age.open_age(bag.payload["data/identity.age"], [stranger(house.custodian)])
    subject = {"Channel": CHANNEL, "Source-Key": mine.info["Source-Key"]}
    assert identity == client.write_bag(
        "identity", [("data/report.txt", b"")], subject, mine.signing, size=lambda _: 4096
    )
    stanzas, _, _, end = age.parse_header(envelope)
    file_key = next(filter(None, (press.unwrap(age.unb64(a[1]), body) for a, body in stanzas)))
    again = [age.stanza(age.unb64(arguments[1]), body) for arguments, body in stanzas]
    assert age.finish(again, file_key, envelope[end : end + 16], plaintext) == envelope


# what both refuse


def test_both_refuse_an_envelope_with_a_changed_byte(service, house, theirs):
    envelope = seal_as_candor(service, theirs)
    press, places = house.readers["press"], [30, 1540, 24_960, 24_990, 40_000, len(envelope) - 1]
    for place in places:
        changed = bytearray(envelope)
        changed[place] ^= 1
        with pytest.raises((age.MalformedError, age.DamagedError)):
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
    with pytest.raises((client.BagError, keys.SignatureError)):
        client.read_bag(bad, client.SOURCE_KINDS)
    with pytest.raises(DamagedBagError):
        BagReader(io.BytesIO(bad)).verify()


def payload_of(public, mine):
    bag = client.submission_bag(SUBMISSION, mine, public, ["press"])
    return client.read_bag(bag, ["report"]).payload


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
    bag = client.write_bag("report", list(payload.items()), source_info(mine), mine.signing)
    reader = Identity.generate()
    envelope = age.seal(bag, [reader.recipient.serialize()], 1)
    with pytest.raises((client.BagError, ValueError)):
        client.open_submission(envelope, [stranger(reader)])
    with pytest.raises(DamagedBagError):
        bag_of(envelope, reader)


GOOD_PAYLOADS = {
    "other line ends": {"data/report.txt": b"one\r\ntwo\rthree"},
    "an empty text": {"data/report.txt": b""},
    "answers that nobody knows": {"data/report.json": b'{"more": [1, 2.5, null]}\n'},
}


@pytest.mark.parametrize("change", GOOD_PAYLOADS.values(), ids=GOOD_PAYLOADS)
def test_both_take_the_same_payloads(public, mine, change):
    payload = payload_of(public, mine) | change
    bag = client.write_bag("report", list(payload.items()), source_info(mine), mine.signing)
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
    tags = client.manifest([(name, parts[f"report/{name}"]) for name in covered])
    files = changed(files, "tagmanifest-sha256.txt", lambda _: tags)
    signature = keys.sign(mine.signing, "report", tags)
    files = changed(files, "tagmanifest-sha256.txt.minisig", lambda _: signature)
    room = len(archive.write_zip(changed(files, "padding.bin", lambda _: b"")))
    files = changed(files, "padding.bin", lambda _: bytes(archive.padded(room) - room))
    bad = archive.write_zip(files)
    with pytest.raises((client.BagError, keys.SignatureError, age.MalformedError)):
        client.read_bag(bad, client.SOURCE_KINDS)
    with pytest.raises(DamagedBagError):
        BagReader(io.BytesIO(bad)).verify()


def test_both_refuse_an_identity_that_was_moved(house, public, mine):
    other = keys.derive(keys.new_codename(), bytes(16))
    moved = client.identity_file(other, CHANNEL, "somebody else", public["custodian"]["recipient"])
    bag = client.submission_bag(SUBMISSION, mine, public, ["press"])
    payload = client.read_bag(bag, ["report"]).payload | {"data/identity.age": moved}
    info = {"Candor-Sealed": "offline", "Channel": CHANNEL, **mine.info}
    forged = client.write_bag("report", list(payload.items()), info, mine.signing)
    with pytest.raises(client.BagError):
        client.open_identity_of(client.read_bag(forged, ["report"]), stranger(house.custodian))
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


# replies and bundles


@pytest.fixture(scope="module")
def report(mine, public):
    return client.seal_submission(SUBMISSION, mine, public, ["press", "lawyers"])


def test_a_reply_of_the_stranger_reaches_the_source(
    *, service, house, mine, theirs, report, tmp_path
):
    """As reviewer: open, answer, bundle; the service delivers, the source reads."""
    identity = stranger(house.readers["press"])
    reviewer = keys.ReviewerKeys(identity)
    bag = client.open_submission(report, [identity])
    more = {"number": 1, "day": "2026-11-23", "status": "question", "next_day": "2026-12-01"}
    reply = client.write_reply(bag, report, reviewer, "Когда это было?", **more)
    bundle = client.write_bundle([(mine.address, reply)], reviewer)

    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle)
    done = candor("deliver", path, "--config", house.config)
    assert done.status == 0, done.complaints
    read = read_bundle(io.BytesIO(bundle), [one.key for one in house.roster.reviewers])
    assert len(read.replies) == 8
    for one in read.replies:
        assert service.intake.deliver(one.address, read.open(one)) is Delivery.ALREADY
        assert one.size == len(reply)

    (letter,) = open_mail(service.intake, house.roster, theirs).letters
    assert (letter.reviewer.id, letter.reply.text) == ("press", "Когда это было?")
    assert letter.reply.status.code is StatusCode.QUESTION
    assert letter.reply.status.next_day == date(2026, 12, 1)
    assert letter.reply.info == ReplyInfo(
        mine.address,
        theirs.identity.recipient,
        bytes.fromhex(client.sha256(report)),
        1,
        ("lawyers", "press"),
        date(2026, 11, 23),
    )
    assert client.open_reply(reply, mine, public_of(house))[0].text == "Когда это было?"


def public_of(house):
    return json.loads(house.settings.roster.read_bytes())


def test_a_reply_of_candor_reaches_the_stranger(house, public, mine, report, tmp_path):
    identity = house.readers["lawyers"]
    path = tmp_path / "lawyers.age"
    path.write_bytes(seal_identity(identity, PASSPHRASE, work_factor=4))
    answer = Answer("Спасибо.", StatusCode.WORKING, date(2026, 12, 24), date(2026, 11, 23))
    reviewer = Reviewer(identity, path)
    hash_ = bytes.fromhex(client.sha256(report))
    bag = bag_of(report, identity)
    assert isinstance(bag.info, SourceInfo)
    for number in (1, 2):
        out = tmp_path / f"{number}.zip"
        write_reply_bundle(out, bag, hash_, answer, reviewer)
        signers = [keys.parse_key(one["key"]) for one in public["reviewers"]]
        replies = client.read_bundle(out.read_bytes(), signers)
        assert len(replies) == 8
        (envelope,) = [sealed for address, sealed in replies if address == mine.address]
        assert {len(sealed) for _, sealed in replies} == {len(envelope)}
        reply, entry = client.open_reply(envelope, mine, public)
        assert (reply.text, entry["id"]) == ("Спасибо.", "lawyers")
        told = {name: reply.info[name] for name in ("Status", "Next-Day", "Day", "Readers")}
        assert told == {
            "Status": "working",
            "Next-Day": "2026-12-24",
            "Day": "2026-11-23",
            "Readers": "lawyers press",
        }
        assert (reply.info["Reply-Number"], reply.info["In-Reply-To"]) == (str(number), hash_.hex())


def test_replies_and_bundles_are_written_byte_for_byte_alike(house, theirs, tmp_path, report):
    identity = house.readers["press"]
    info = ReplyInfo(theirs.address, theirs.identity.recipient, bytes(32), 3, (), date(2026, 1, 2))
    written = io.BytesIO()
    signing = reviewer_signing_key(identity)
    write_reply(written, channel=CHANNEL, info=info, text="Да.", status=None, signing=signing)
    lines = {
        "Channel": CHANNEL,
        "Reply-To-Mailbox": theirs.address.hex(),
        "Reply-To-Recipient": theirs.identity.recipient.serialize(),
        "In-Reply-To": "00" * 32,
        "Reply-Number": "3",
        "Day": "2026-01-02",
    }
    mine = client.write_bag("reply", [("data/report.txt", "Да.".encode())], lines, signing.seed)
    assert mine == written.getvalue()

    path = tmp_path / "press.age"
    path.write_bytes(b"locked")
    answer = Answer("Нет.", None, None, date(2026, 11, 23))
    out = tmp_path / "bundle.zip"
    write_reply_bundle(out, bag_of(report, identity), bytes(32), answer, Reviewer(identity, path))
    files = archive.read_zip(out.read_bytes(), known=client.is_bundle_name)
    payload = [(name.removeprefix("bundle/"), data) for name, data in files if "/data/" in name]
    direction = {"Direction": "outbound"}
    again = client.write_bag("bundle", payload, direction, signing.seed, size=None, folder="bundle")
    assert again == out.read_bytes()


def test_both_refuse_replies_that_are_not_for_this_source(
    *, house, service, public, mine, theirs, report
):
    identity = stranger(house.readers["press"])
    bag = client.open_submission(report, [identity])
    other = derive_source_keys(Codename.generate(), house.roster.service_id)
    other_info = {
        "Reply-To-Mailbox": other.address.hex(),
        "Reply-To-Recipient": other.identity.recipient.serialize(),
    }
    nobody = keys.ReviewerKeys(age.Identity(bytes(range(32))))
    reviewer = keys.ReviewerKeys(identity)
    said = [("data/report.txt", b"Trust me.")]
    reply = client.write_reply(bag, report, reviewer, "Trust me.", number=1, day="2026-11-23")
    info = client.read_bag(
        age.open_age(reply, [mine.identity]), ["reply"], signers=[reviewer.key]
    ).info
    lines = {k: v for k, v in info.items() if k not in ("Candor-Kind", "Payload-Oxum")}
    bad = [
        client.write_bag("reply", said, lines, nobody.signing),
        client.write_bag("reply", said, lines | other_info, reviewer.signing),
        client.submission_bag(SUBMISSION, mine, public, ["press"]),
    ]
    for plaintext in bad:
        envelope = age.seal(plaintext, [mine.identity.recipient], 4)
        with pytest.raises(client.BagError):
            client.open_reply(envelope, mine, public)
        service.intake.deliver(mine.address, io.BytesIO(envelope))
    mail = open_mail(service.intake, house.roster, theirs)
    assert len(mail.unreadable) == len(bad)
