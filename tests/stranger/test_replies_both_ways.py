"""Replies and bundles go both ways."""

import io
import json
from datetime import date

import pytest

from app.replies import open_mail
from console.reply import Answer, Reviewer, write_reply_bundle
from crypto.bag_info import ReplyInfo, SourceInfo, StatusCode
from crypto.bundle_reader import OutboundBundle
from crypto.codename import Codename
from crypto.identity_file import seal_identity
from crypto.reply import write_reply
from crypto.source_keys import derive_source_keys, reviewer_signing_key
from intake.values import Delivery
from tests.cli.support import candor
from tests.stranger import age, archive, bags, client, keys
from tests.stranger.support import PASSPHRASE, SUBMISSION, TODAY, bag_of, stranger
from tests.support.service import CHANNEL


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
    read = OutboundBundle(io.BytesIO(bundle), list(house.roster.signers(TODAY)))
    assert len(read.envelopes) == 8
    for one in read.envelopes:
        assert service.intake.deliver(one.destination, read.open(one)) is Delivery.ALREADY
        assert one.size == len(reply)

    (letter,) = open_mail(service.intake, house.roster.signers(TODAY), theirs).letters
    assert (letter.reviewer.id, letter.reply.text) == ("press", "Когда это было?")
    assert letter.reply.status.code is StatusCode.QUESTION
    assert letter.reply.status.next_day == date(2026, 12, 1)
    assert letter.reply.info == ReplyInfo(
        mine.address,
        theirs.identity.recipient,
        bytes.fromhex(bags.sha256(report)),
        1,
        ("lawyers", "press"),
        date(2026, 11, 23),
    )
    assert client.open_reply(reply, mine, public_of(house), TODAY)[0].text == "Когда это было?"


def public_of(house):
    return json.loads(house.settings.roster.read_bytes())


def test_a_reply_of_candor_reaches_the_stranger(house, public, mine, report, tmp_path):
    identity = house.readers["lawyers"]
    path = tmp_path / "lawyers.age"
    path.write_bytes(seal_identity(identity, PASSPHRASE, work_factor=4))
    answer = Answer("Спасибо.", StatusCode.WORKING, date(2026, 12, 24), date(2026, 11, 23))
    reviewer = Reviewer(identity, path)
    hash_ = bytes.fromhex(bags.sha256(report))
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
        reply, entry = client.open_reply(envelope, mine, public, TODAY)
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
    mine = bags.write_bag("reply", [("data/report.txt", "Да.".encode())], lines, signing.seed)
    assert mine == written.getvalue()

    path = tmp_path / "press.age"
    path.write_bytes(b"locked")
    answer = Answer("Нет.", None, None, date(2026, 11, 23))
    out = tmp_path / "bundle.zip"
    write_reply_bundle(out, bag_of(report, identity), bytes(32), answer, Reviewer(identity, path))
    files = archive.read_zip(out.read_bytes(), known=client.is_bundle_name)
    payload = [(name.removeprefix("bundle/"), data) for name, data in files if "/data/" in name]
    direction = {"Direction": "outbound"}
    again = bags.write_bag("bundle", payload, direction, signing.seed, size=None, folder="bundle")
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
    info = bags.read_bag(
        age.open_age(reply, [mine.identity]), ["reply"], signers=[reviewer.key]
    ).info
    lines = {k: v for k, v in info.items() if k not in ("Candor-Kind", "Payload-Oxum")}
    bad = [
        bags.write_bag("reply", said, lines, nobody.signing),
        bags.write_bag("reply", said, lines | other_info, reviewer.signing),
        client.submission_bag(SUBMISSION, mine, public, ["press"]),
    ]
    for plaintext in bad:
        envelope = age.seal(plaintext, [mine.identity.recipient], 4)
        with pytest.raises(bags.BagError):
            client.open_reply(envelope, mine, public, TODAY)
        service.intake.deliver(mine.address, io.BytesIO(envelope))
    mail = open_mail(service.intake, house.roster.signers(TODAY), theirs)
    assert len(mail.unreadable) == len(bad)
