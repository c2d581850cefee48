"""What the stranger sends Candor takes, and what Candor sealed the stranger takes."""

import dataclasses
import json
import subprocess

import pytest

from console.opening import open_source_identity
from console.verify import verify
from crypto.bag_info import BagKind
from crypto.codename import Codename
from crypto.errors import EnvelopeError
from crypto.keys import Identity
from crypto.source_keys import derive_source_keys
from forms.loader import default_form
from tests.cli.support import candor
from tests.crypto.node_programs import NODE
from tests.stranger import age, bags, client
from tests.stranger.support import (
    FILES,
    PASSPHRASE,
    SUBMISSION,
    bag_of,
    receive,
    seal_as_candor,
    stranger,
)
from tests.support.service import CHANNEL, ROOT


@pytest.mark.parametrize("kind", bags.SOURCE_KINDS)
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
    assert bags.read_bag(opened, ["report"]).text == SUBMISSION.text


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
    bag = bags.read_bag(plaintext, ["report"])
    source = {"Candor-Sealed": "arrival", "Channel": CHANNEL, **mine.info}
    assert bags.write_bag("report", list(bag.payload.items()), source, mine.signing) == plaintext
    assert bag.payload["data/attachments.json"] == client.attachments_json(FILES)
    answered = dataclasses.replace(
        SUBMISSION, answers={"where": "У ворот"}, language="ru", day=bag.answers["day"]
    )
    form = {"id": default_form().id, "version": default_form().version}
    assert bag.payload["data/report.json"] == client.report_json(answered, form, ["press"])
    identity = age.open_age(bag.payload["data/identity.age"], [stranger(house.custodian)])
    subject = {"Channel": CHANNEL, "Source-Key": mine.info["Source-Key"]}
    assert identity == bags.write_bag(
        "identity", [("data/report.txt", b"")], subject, mine.signing, size=lambda _: 4096
    )
    stanzas, _, _, end = age.parse_header(envelope)
    file_key = next(filter(None, (press.unwrap(age.unb64(a[1]), body) for a, body in stanzas)))
    again = [age.stanza(age.unb64(arguments[1]), body) for arguments, body in stanzas]
    assert age.finish(again, file_key, envelope[end : end + 16], plaintext) == envelope
