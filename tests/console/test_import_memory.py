"""What an import directory remembers: its state, its alarms, its forms."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alarms import NAMED, AlarmBook, Finding, book_object, read_book_object
from console.errors import ImportDirectoryError, UnknownAlarmError
from console.form_shelf import FormShelf
from console.import_state import Carried, ImportState, parse_state, serialize_state
from crypto.errors import MalformedLogError
from crypto.log_day import Followed
from crypto.log_watch import Alarm, Cause, alarm_object
from crypto.merkle import EMPTY_TREE
from crypto.roster import FormReference
from forms.loader import default_form, load_form
from tests.console.desk import Desk, log_of
from tests.support.carried import (
    CHANNEL,
    OTHER_FORM,
    ROOT,
    SERVICE_ID,
    Carrier,
    channels_with,
    make_roster,
)

DAY = date(2026, 11, 23)
ONE, TWO = bytes([1]) * 32, bytes([2]) * 32
hashes = st.binary(min_size=32, max_size=32)
ids = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
days = st.dates(min_value=date(1000, 1, 1))
alarms = st.builds(Alarm, st.sampled_from(Cause), st.none() | ids, st.none() | days, st.none())
findings = st.builds(
    lambda alarm, evidence, envelopes: Finding(alarm, evidence).about(envelopes),
    alarms,
    hashes,
    st.lists(hashes),
)
states = st.builds(
    ImportState,
    root=st.just(ROOT.verify_key),
    service_id=st.just(SERVICE_ID),
    rosters=st.dictionaries(st.integers(1, 1 << 53), hashes),
    forms=st.lists(st.builds(FormReference, ids, st.integers(1, 1000), hashes)).map(tuple),
    logs=st.dictionaries(
        ids, st.builds(lambda day, found: (EMPTY_TREE.grow(found), day), days, st.lists(hashes))
    ).map(
        lambda logs: {
            channel: Followed(f"{SERVICE_ID.hex()}/{channel}", *log)
            for channel, log in logs.items()
        }
    ),
    carried=st.dictionaries(
        st.tuples(ids, ids),
        st.builds(
            Carried,
            st.integers(1, 100),
            st.lists(hashes, min_size=1).map(tuple),
            st.integers(1, 9),
            days,
        ),
    ),
    alarms=st.lists(findings).map(AlarmBook().with_findings),
)


@given(states)
def test_a_state_reads_back_as_it_was_written(state: ImportState) -> None:
    assert parse_state(serialize_state(state)) == state


@pytest.mark.parametrize(
    "change",
    [
        (b'"version": 1', b'"version": 2'),
        (b'"last": 0', b'"last": null'),
        (b"RW", b"RX"),
        (b'"forms": []', b'"forms": [1]'),
        (b"\n", b""),
    ],
)
def test_a_state_that_was_altered_is_refused(change: tuple[bytes, bytes]) -> None:
    data = serialize_state(ImportState(ROOT.verify_key, SERVICE_ID))
    with pytest.raises(ImportDirectoryError, match="state of imports"):
        parse_state(data.replace(*change))


def missing(*envelopes: bytes, evidence: bytes = ONE) -> Finding:
    return Finding(Alarm(Cause.MISSING, CHANNEL, DAY), evidence).about(envelopes)


def test_envelopes_of_an_alarm_are_counted_and_only_the_first_named() -> None:
    many = [number.to_bytes(32, "big") for number in range(NAMED + 2)]
    (group,) = AlarmBook().with_findings([missing(*many)]).waiting
    assert (group.count, group.envelopes) == (NAMED + 2, tuple(many[:NAMED]))
    assert group.sentence.startswith("34 envelopes of 2026-11-23 are in the log of general")


def test_an_alarm_is_repeated_until_it_is_acknowledged_and_stays_acknowledged() -> None:
    alarm = missing(ONE)
    book = AlarmBook().with_findings([alarm])
    assert book.with_findings([alarm]) == book
    book = book.acknowledge(1)
    assert book.waiting == ()
    assert book.with_findings([alarm]).waiting == ()


def test_other_evidence_is_another_alarm_once_the_first_is_acknowledged() -> None:
    same = missing(ONE, evidence=TWO)
    book = AlarmBook().with_findings([missing(ONE)])
    assert [group.number for group in book.with_findings([same]).waiting] == [1]
    assert [group.number for group in book.acknowledge(1).with_findings([same]).waiting] == [2]


def test_what_is_missing_becomes_fewer_and_never_more() -> None:
    book = AlarmBook().with_findings([missing(ONE, TWO)])
    assert book.with_missing(CHANNEL, DAY, [ONE, TWO, bytes(32)]) == book
    assert book.with_missing("other", DAY, []) == book
    (group,) = book.with_missing(CHANNEL, DAY, [TWO]).waiting
    assert (group.count, group.envelopes) == (1, (TWO,))


def test_a_number_is_never_given_twice() -> None:
    book = AlarmBook().with_findings([missing(ONE)]).with_missing(CHANNEL, DAY, [])
    assert book.groups == ()
    assert [group.number for group in book.with_findings([missing(TWO)]).waiting] == [2]


def test_what_is_no_alarm_cannot_be_acknowledged() -> None:
    with pytest.raises(UnknownAlarmError, match="no alarm 1"):
        AlarmBook().acknowledge(1)


@pytest.mark.parametrize("cause", Cause)
def test_every_alarm_says_what_happened_and_what_to_do(cause: Cause) -> None:
    (group,) = AlarmBook().with_findings([Finding(Alarm(cause, CHANNEL, DAY), ONE)]).waiting
    assert CHANNEL in group.sentence or cause.startswith("roster")
    assert len(group.advice) > 20


@given(st.lists(findings))
def test_a_book_of_alarms_reads_back_as_it_was_written(raised: list[Finding]) -> None:
    book = AlarmBook().with_findings(raised)
    assert read_book_object(book_object(book)) == book


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {"last": 1},
        {"last": 1, "raised": [1]},
        {
            "last": 1,
            "raised": [
                {
                    "acknowledged": False,
                    "alarm": alarm_object(Alarm(Cause.SHRANK, CHANNEL, DAY)),
                    "count": 0,
                    "envelopes": [],
                    "evidence": "00",
                    "number": 1,
                }
            ],
        },
    ],
)
def test_what_is_no_book_of_alarms_is_refused(content: object) -> None:
    with pytest.raises(MalformedLogError):
        read_book_object(content)


@pytest.mark.parametrize("form", [OTHER_FORM, OTHER_FORM.replace(b"version = 2", b"version = 1")])
def test_the_form_that_came_with_the_bundle_goes_before_the_one_of_candor(
    tmp_path: Path, form: bytes
) -> None:
    desk, log = Desk(tmp_path), log_of(1)
    loaded = load_form(form)
    name = f"{loaded.id}-{loaded.version}.toml"
    roster = make_roster(channels=channels_with(form))
    desk.take(Carrier().pull(log, log.days, roster, forms={name: form}))
    (envelope,) = (desk.path / "inbox" / CHANNEL).iterdir()
    answers = {"form": loaded.id, "version": loaded.version}
    assert FormShelf().find(answers, envelope) == loaded
    (kept,) = (desk.path / "forms").iterdir()
    kept.write_bytes(form + b"#")
    assert FormShelf().find(answers, envelope) != loaded


def test_without_an_import_directory_the_form_of_candor_is_the_only_one(tmp_path: Path) -> None:
    form, envelope = default_form(), tmp_path / "x.age"
    shelf = FormShelf()
    assert shelf.find({"form": form.id, "version": form.version}, envelope) is form
    assert shelf.find({"form": form.id, "version": form.version + 1}, envelope) is None
    assert shelf.find({}, tmp_path / "inbox" / "general" / "x.age") is None
