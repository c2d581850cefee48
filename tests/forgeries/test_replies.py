"""Replies that are another source's, an old one's, nobody's, or out of number."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.replies import Gap, Mail, Repeat, open_mail
from crypto.envelope import EnvelopeWriter, open_envelope
from crypto.keys import Identity, Recipient
from crypto.reply import REPLY_SLOTS
from crypto.roster import FormerKey, Roster
from crypto.source_keys import SourceKeys, reviewer_signing_key
from intake.service import Intake
from intake.values import Delivery
from tests.crypto.bags import source_keys
from tests.support.replies import reply_info, sealed_reply
from tests.support.service import House, make_house

TODAY = datetime.now(UTC).date()
MINE, OTHERS = source_keys(31), source_keys(32)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make_house(tmp_path_factory.mktemp("house"), origin="http://candor.test")


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with Intake.create(tmp_path / "data") as intake:
        yield intake


def mail(
    intake: Intake, roster: Roster, keys: SourceKeys = MINE, day: timedelta = timedelta()
) -> Mail:
    return open_mail(intake, roster.signers(TODAY + day), keys)


def texts(found: Mail) -> list[str]:
    return [letter.reply.text for letter in found.letters]


def resealed(sealed: io.BytesIO, opener: Identity, recipient: Recipient) -> io.BytesIO:
    """Seal a reply's bag, signature and all, to somebody else: whoever opened it can."""
    bag = open_envelope(sealed, [opener]).read(1 << 20)
    again = io.BytesIO()
    envelope = EnvelopeWriter(again, [recipient], slots=REPLY_SLOTS)
    envelope.write(bag)
    envelope.close()
    again.seek(0)
    return again


def test_a_reply_put_into_another_sources_mailbox_is_not_shown_there(
    house: House, intake: Intake
) -> None:
    press = house.readers["press"]
    moved = sealed_reply(reply_info(OTHERS), "for another", press)
    intake.deliver(MINE.address, moved)
    found = mail(intake, house.roster)
    assert (texts(found), len(found.unreadable)) == ([], 1)


def test_a_reply_sealed_again_to_another_source_is_not_shown_there(
    house: House, intake: Intake
) -> None:
    press = house.readers["press"]
    genuine = sealed_reply(reply_info(OTHERS), "for another", press)
    moved = resealed(genuine, OTHERS.identity, MINE.identity.recipient)
    intake.deliver(MINE.address, moved)
    found = mail(intake, house.roster)
    assert (texts(found), len(found.unreadable)) == ([], 1)


def test_a_reply_is_delivered_once_to_its_mailbox_also_after_it_was_erased(
    house: House, intake: Intake
) -> None:
    genuine = sealed_reply(reply_info(MINE), "once", house.readers["press"])
    outcomes = []
    for address in (OTHERS.address, MINE.address, MINE.address):  # a copy elsewhere hinders nothing
        genuine.seek(0)
        outcomes.append(intake.deliver(address, genuine))
    assert texts(mail(intake, house.roster)) == ["once"]
    intake.erase_all(MINE.address)
    genuine.seek(0)
    outcomes.append(intake.deliver(MINE.address, genuine))
    assert outcomes == [*[Delivery.ACCEPTED] * 2, *[Delivery.ALREADY] * 2]
    assert texts(mail(intake, house.roster)) == []


def test_nobody_but_a_reviewer_answers(house: House, intake: Intake) -> None:
    strangers = {
        "the custodian": house.custodian,
        "a stranger": Identity.generate(),
        "another source": OTHERS.identity,
    }
    for said, identity in strangers.items():
        intake.deliver(MINE.address, sealed_reply(reply_info(MINE), said, identity))
    found = mail(intake, house.roster)
    assert (texts(found), len(found.unreadable)) == ([], len(strangers))


def test_who_left_the_roster_answers_no_more(house: House, intake: Intake) -> None:
    intake.deliver(MINE.address, sealed_reply(reply_info(MINE), "x", house.readers["press"]))
    channel = replace(house.roster.channels[0], reviewers=("lawyers",))
    without = replace(house.roster, channels=(channel,), reviewers=house.roster.reviewers[1:])
    assert texts(mail(intake, house.roster)) == ["x"]
    assert texts(mail(intake, without)) == []


def test_a_key_that_was_replaced_answers_until_its_day_and_one_that_was_revoked_never(
    house: House, intake: Intake
) -> None:
    old = house.readers["press"]
    intake.deliver(MINE.address, sealed_reply(reply_info(MINE), "x", old))
    until = timedelta(days=5)
    former = FormerKey(reviewer_signing_key(old).verify_key, TODAY + until)
    fresh = reviewer_signing_key(Identity.generate()).verify_key
    press, lawyers = house.roster.reviewers

    def with_press(*former_keys: FormerKey) -> Roster:
        changed = replace(press, key=fresh, former_keys=former_keys)
        return replace(house.roster, reviewers=(changed, lawyers))

    replaced, revoked = with_press(former), with_press()
    (letter,) = mail(intake, replaced, day=until).letters
    assert letter.reviewer.id == "press"
    for roster, day in ((replaced, until + timedelta(days=1)), (revoked, timedelta())):
        found = mail(intake, roster, day=day)
        assert (texts(found), len(found.unreadable)) == ([], 1)


def test_numbers_that_are_missing_or_given_twice_are_told(house: House, intake: Intake) -> None:
    for number in (1, 4, 4, 4, 5, 9):
        reply = sealed_reply(reply_info(MINE, number=number), "x", house.readers["press"])
        intake.deliver(MINE.address, reply)
    found = mail(intake, house.roster)
    press = house.roster.reviewers[0]
    assert list(found.gaps) == [Gap(press, 2, 3), Gap(press, 6, 8)]
    assert list(found.repeats) == [Repeat(press, 4)]
