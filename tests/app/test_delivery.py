"""What a reviewer's bundle brings goes where it is listed to go, once, and nowhere else."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.delivery import Delivered, deliver_bundle
from app.doors import channel_door, earlier_rosters
from app.state import Service
from crypto.bag_writer import BagWriter
from crypto.bundle import Destination, bundle_info, serialize_list, write_bundle
from crypto.bundle_reader import OutboundBundle
from crypto.envelope import EnvelopeWriter
from crypto.errors import BundleError
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.roster import Roster
from crypto.source_keys import reviewer_signing_key
from intake.errors import RefusedEnvelopeError, RestsElsewhereError
from intake.service import Intake
from tests.support.service import CHANNEL, House, make_house, write_roster

TODAY = datetime.now(UTC).date()
ADDRESS = bytes(range(32))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make_house(tmp_path_factory.mktemp("house"), origin="http://candor.test")


@pytest.fixture
def intake(house: House, tmp_path: Path) -> Iterator[Intake]:
    with Intake.create(tmp_path / "data") as intake:
        yield intake


def envelope(slots: int) -> io.BytesIO:
    file = io.BytesIO()
    writer = EnvelopeWriter(file, [], slots=slots)
    writer.write(bytes(65_536))
    writer.close()
    return file


def bundle(signing: SigningKey, *envelopes: tuple[Destination, io.BytesIO]) -> io.BytesIO:
    file = io.BytesIO()
    write_bundle(file, envelopes, signing)
    return file


def swapped(signing: SigningKey, listed: dict[Destination, int]) -> io.BytesIO:
    """Write a bundle of few envelopes, each with the slots of another destination."""
    file = io.BytesIO()
    bag = BagWriter(file, "bundle")
    names = {}
    for number, (destination, slots) in enumerate(listed.items()):
        name = f"{number:032x}.age"
        bag.add(f"data/{name}", envelope(slots).getvalue())
        names[name] = destination
    bag.add("data/replies.json", serialize_list(names))
    bag.finish(bundle_info, "bundle", signing, filled_bytes=None)
    return file


def press(house: House) -> SigningKey:
    return reviewer_signing_key(house.readers["press"])


def deliver(house: House, intake: Intake, file: io.BytesIO) -> Delivered:
    return deliver_bundle(file, intake, [house.roster], TODAY)


def held(intake: Intake) -> set[bytes]:
    return {
        intake.open_envelope(stored.hash).read()
        for stored in intake.envelopes(CHANNEL, open_day=True)
    }


def test_a_reply_goes_to_its_mailbox_and_a_request_to_its_channel(
    house: House, intake: Intake
) -> None:
    asked, reply = envelope(16), envelope(4)
    found = deliver(house, intake, bundle(press(house), (CHANNEL, asked), (ADDRESS, reply)))
    assert (found.sender.id, found.new, found.already) == ("press", 8, 0)
    assert held(intake) == {asked.getvalue()}
    (waiting,) = intake.waiting(ADDRESS)
    assert intake.open_reply(ADDRESS, waiting.hash).read() == reply.getvalue()


def test_a_bundle_delivered_twice_brings_nothing_new(house: House, intake: Intake) -> None:
    file = bundle(press(house), (CHANNEL, envelope(16)), (ADDRESS, envelope(4)))
    deliver(house, intake, file)
    before = held(intake)
    intake.erase_all(ADDRESS)
    again = deliver(house, intake, file)
    assert (again.new, again.already) == (0, 8)
    assert held(intake) == before
    assert not intake.waiting(ADDRESS)


def test_a_disk_does_not_tell_a_request_from_a_report(house: House, intake: Intake) -> None:
    file = bundle(press(house), (CHANNEL, envelope(16)))
    replies = sum(
        isinstance(one.destination, bytes)
        for one in OutboundBundle(file, [press(house).verify_key]).envelopes
    )
    deliver(house, intake, file)
    assert intake.status().delivered == replies


def test_the_custodian_hands_in_for_a_channel(house: House, intake: Intake) -> None:
    told = envelope(16)
    signing = reviewer_signing_key(house.custodian)
    assert deliver(house, intake, bundle(signing, (CHANNEL, told))).sender.id == "custodian"
    assert held(intake) == {told.getvalue()}


def test_a_bundle_for_a_channel_that_its_sender_does_not_read_delivers_nothing(
    house: House, intake: Intake
) -> None:
    other = replace(house.roster.channels[0], id="other", reviewers=("lawyers",))
    roster = replace(house.roster, channels=(*house.roster.channels, other))
    file = bundle(press(house), ("other", envelope(16)), (ADDRESS, envelope(4)))
    with pytest.raises(BundleError, match="does not read"):
        deliver_bundle(file, intake, [roster], TODAY)
    assert not intake.waiting(ADDRESS)
    assert not held(intake)


@pytest.mark.parametrize("listed", [{CHANNEL: 4}, {ADDRESS: 16}, {CHANNEL: 15}])
def test_an_envelope_that_is_listed_for_another_place_is_not_let_in(
    house: House, intake: Intake, listed: dict[Destination, int]
) -> None:
    with pytest.raises(RefusedEnvelopeError):
        deliver(house, intake, swapped(press(house), listed))
    assert not intake.waiting(ADDRESS)
    assert not held(intake)


def test_a_bundle_that_was_delivered_in_part_goes_on(house: House, intake: Intake) -> None:
    file = bundle(press(house), (CHANNEL, envelope(16)))
    opened = OutboundBundle(file, [press(house).verify_key])
    for one in opened.envelopes[:3]:
        if isinstance(one.destination, bytes):
            intake.deliver(one.destination, io.BufferedReader(opened.open(one)))
    part = intake.status().delivered
    found = deliver(house, intake, file)
    assert (found.new, found.already) == (8 - part, part)


def test_what_was_sealed_under_an_earlier_roster_is_let_in(tmp_path: Path) -> None:
    house = make_house(tmp_path / "house", origin="http://candor.test")
    with house.open() as service:
        assert slots(service) == {16}
    wider = replace(house.roster.channels[0], slots=20)
    write_roster(house, house.roster, channels=(wider,))
    with house.open() as service:
        assert slots(service) == {16, 20}
        earlier = earlier_rosters(service.intake, service.roster)
        file = bundle(press(house), (CHANNEL, envelope(16)), (CHANNEL, envelope(20)))
        deliver_bundle(file, service.intake, [service.roster, *earlier], TODAY)
        assert len(held(service.intake)) == 2


def slots(service: Service) -> frozenset[int]:
    return channel_door(service.roster.channels[0], service.earlier).slots


def test_a_bundle_of_a_stranger_or_cut_short_delivers_nothing(house: House, intake: Intake) -> None:
    strange = bundle(reviewer_signing_key(Identity.generate()), (ADDRESS, envelope(4)))
    cut = io.BytesIO(bundle(press(house), (ADDRESS, envelope(4))).getvalue()[:-1])
    for file in (strange, cut):
        with pytest.raises(BundleError):
            deliver(house, intake, file)
    assert not intake.waiting(ADDRESS)


def with_lawyers(house: House) -> Roster:
    """Add a channel that others read, with as many slots."""
    other = replace(house.roster.channels[0], id="other", reviewers=("lawyers",))
    return replace(house.roster, channels=(*house.roster.channels, other))


def test_a_copy_handed_in_first_for_another_place_makes_nothing_vanish(
    house: House, intake: Intake
) -> None:
    """Whoever has a copy and may send somewhere else: it is told, and all others arrive."""
    roster, lawyers = with_lawyers(house), reviewer_signing_key(house.readers["lawyers"])
    asked, reply = envelope(16), envelope(4)
    stolen = bundle(lawyers, ("other", asked), (bytes(32), reply))
    assert deliver_bundle(stolen, intake, [roster], TODAY).new == 8
    genuine = bundle(press(house), (CHANNEL, asked), (ADDRESS, reply), (CHANNEL, envelope(16)))
    for _ in range(2):
        with pytest.raises(RestsElsewhereError):
            deliver_bundle(genuine, intake, [roster], TODAY)
    (waiting,) = intake.waiting(ADDRESS)
    assert intake.open_reply(ADDRESS, waiting.hash).read() == reply.getvalue()
    assert len(held(intake)) == 1


def test_an_envelope_is_not_taken_for_a_second_channel(house: House, intake: Intake) -> None:
    sent = envelope(16).getvalue()
    door = channel_door(house.roster.channels[0], [])
    intake.receive(door, [sent])
    intake.receive(door, [sent])
    with pytest.raises(RestsElsewhereError):
        intake.receive(replace(door, channel="other"), [sent])
    assert held(intake) == {sent}
