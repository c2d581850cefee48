"""`candor import` and `candor status`, as an investigator runs them."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.inbound import InboundInfo
from crypto.log_day import serialize_day
from crypto.minisign import SigningKey
from tests.cli.support import candor, is_one_line, run
from tests.console.desk import log_of
from tests.console.support import answers, seal_report, write_identity, write_passphrase
from tests.support.carried import (
    CHANNEL,
    OTHER_FORM,
    ROOT,
    TODAY,
    VAN,
    Carrier,
    Log,
    channels_with,
    make_roster,
    pack,
)

FINGERPRINT = ROOT.verify_key.serialize()


@pytest.fixture
def log() -> Log:
    return log_of(2, 1, 1)


def bundles(place: Path, log: Log) -> list[Path]:
    """Write a bundle of each day; the last brings no envelope."""
    van, paths = Carrier(), []
    for number, day in enumerate(log.days[:-1], 1):
        paths.append(place / f"{number}.zip")
        paths[-1].write_bytes(van.pull(log, [day]))
    last = InboundInfo(VAN, CHANNEL, van.serial + 1, van.previous)
    paths.append(place / "last.zip")
    paths[-1].write_bytes(pack(last, {}, log.days[-1:])[0])
    return paths


def test_an_import_says_what_came_and_what_to_do_next(tmp_path: Path, log: Log) -> None:
    first, second, _ = bundles(tmp_path, log)
    into = tmp_path / "my imports"
    done = run("import", second, first, "--into", into, "--root", FINGERPRINT)
    assert done.exit_code == 0
    assert "2 new envelopes" in done.stdout
    assert "Together: 3 new envelopes." in done.stdout
    assert f"log: 3 envelopes by the end of {log.days[1].day}, witnessed by van" in done.stdout
    assert f"candor open '{into}/inbox/general' --identity" in done.stdout
    assert done.stderr == ""


def test_the_first_import_asks_for_the_fingerprint(tmp_path: Path, log: Log) -> None:
    first, *_ = bundles(tmp_path, log)
    done = run("import", first, "--into", tmp_path / "in")
    assert done.exit_code == 1
    assert is_one_line(done.stderr)
    assert f"{FINGERPRINT[:13]}…: compare with what the service publishes" in done.stderr


def test_a_refused_bundle_is_named_and_the_others_are_taken(tmp_path: Path, log: Log) -> None:
    first, second, _ = bundles(tmp_path, log)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(first.read_bytes()[:-1])
    done = run("import", broken, first, second, "--into", tmp_path / "in", "--root", FINGERPRINT)
    assert done.exit_code == 1
    assert is_one_line(done.stderr)
    assert "broken.zip: refused: the bundle was cut short or damaged on the way" in done.stderr
    assert "Together: 3 new envelopes." in done.stdout


def test_an_alarm_is_repeated_until_it_is_acknowledged(tmp_path: Path, log: Log) -> None:
    *_, last = paths = bundles(tmp_path, log)
    into = tmp_path / "in"
    done = run("import", *paths, "--into", into, "--root", FINGERPRINT)
    missing = log.days[-1].leaves[0].hex()
    sentence = f"ALARM 1: 1 envelope of {log.days[-1].day} is in the log of general and was not"
    for again in (done, run("import", last, "--into", into), run("status", into)):
        assert again.exit_code == 4
        assert sentence in again.stderr
        assert missing in again.stderr
        assert "What to do: import what another courier" in again.stderr
        assert f"candor status {into} --acknowledge 1" in again.stderr
    done = run("status", into, "--acknowledge", 1)
    assert done.exit_code == 0
    assert "Alarm 1, acknowledged: 1 envelope of" in done.stdout
    assert run("import", last, "--into", into).exit_code == 1  # replayed, and no alarm any more


def test_an_alarm_is_settled_aloud_when_the_envelope_comes(tmp_path: Path, log: Log) -> None:
    into, boat = tmp_path / "in", tmp_path / "boat.zip"
    boat.write_bytes(Carrier("boat").pull(log, log.days))
    run("import", *bundles(tmp_path, log), "--into", into, "--root", FINGERPRINT)
    done = run("import", boat, "--into", into)
    assert done.exit_code == 0
    assert "1 new envelope, 3 here already" in done.stdout
    assert "Alarm 1 is settled" in done.stdout


def test_what_is_not_there_cannot_be_acknowledged(tmp_path: Path, log: Log) -> None:
    assert run("status", tmp_path / "nowhere", "--acknowledge", 1).exit_code == 1
    assert not (tmp_path / "nowhere").exists()
    assert run("status", tmp_path).exit_code == 1
    first, *_ = bundles(tmp_path, log)
    run("import", first, "--into", tmp_path / "in", "--root", FINGERPRINT)
    done = run("status", tmp_path / "in", "--acknowledge", 7)
    assert done.exit_code == 1
    assert "there is no alarm 7" in done.stderr


def test_an_expired_roster_is_said_and_stops_nobody(tmp_path: Path, log: Log) -> None:
    bundle = tmp_path / "1.zip"
    roster = make_roster(expires=TODAY - timedelta(days=2))
    bundle.write_bytes(Carrier().pull(log, log.days, roster))
    done = run("import", bundle, "--into", tmp_path / "in", "--root", FINGERPRINT)
    assert done.exit_code == 0
    assert "warning: the roster was valid until" in done.stderr


def test_a_log_that_ends_long_ago_is_asked_about(tmp_path: Path) -> None:
    log, bundle = Log(), tmp_path / "1.zip"
    log.close_day(1, day=TODAY - timedelta(days=15))
    bundle.write_bytes(Carrier().pull(log, log.days))
    done = run("import", bundle, "--into", tmp_path / "in", "--root", FINGERPRINT)
    assert done.exit_code == 0
    assert "the newest day of general is 15 days old" in done.stderr


def test_a_log_is_begun_at_a_day_that_is_named(tmp_path: Path, log: Log) -> None:
    bundle, head = tmp_path / "3.zip", tmp_path / "day.json"
    bundle.write_bytes(Carrier().pull(log, log.days[2:]))
    head.write_bytes(serialize_day(log.days[1]))
    begin = ("import", bundle, "--into", tmp_path / "in", "--root", FINGERPRINT, "--head")
    bad = run(*begin, bundle)
    assert bad.exit_code == 1
    assert "not a JSON document" in bad.stderr
    assert run(*begin, head).exit_code == 0


def test_a_report_is_shown_in_the_words_of_the_form_that_came_with_it(tmp_path: Path) -> None:
    report = seal_report(tmp_path / "sealed", report=answers({"may_ask": "yes"}, version=2))
    log, bundle = Log(), tmp_path / "1.zip"
    log.put(report.read_bytes())
    roster = make_roster(channels=channels_with(OTHER_FORM))
    forms = {"default-2.toml": OTHER_FORM}
    bundle.write_bytes(Carrier().pull(log, log.days, roster, forms=forms))
    run("import", bundle, "--into", tmp_path / "in", "--root", FINGERPRINT)
    identity, words = write_identity(tmp_path / "anna.age"), write_passphrase(tmp_path / "words")
    who = ("--identity", identity, "--passphrase-file", words)
    done = run("open", tmp_path / "in" / "inbox" / CHANNEL, *who)
    assert done.exit_code == 0
    assert "Other: " in done.stdout
    assert "Other: " not in run("open", report, *who).stdout


def test_status_says_how_far_everything_is(tmp_path: Path, log: Log) -> None:
    run("import", *bundles(tmp_path, log), "--into", tmp_path / "in", "--root", FINGERPRINT)
    said = run("status", tmp_path / "in").stdout
    assert FINGERPRINT in said
    assert "general: 3 envelopes here" in said
    assert f"4 envelopes by the end of {log.days[-1].day}" in said
    assert log.days[-1].after.root.hex() in said
    assert f"van for general: bundle 3, up to {log.days[-1].day}" in said


def test_an_import_needs_neither_terminal_nor_server(tmp_path: Path, log: Log) -> None:
    first, *_ = bundles(tmp_path, log)
    done = candor("import", first, "--into", tmp_path / "in", "--root", FINGERPRINT)
    assert (done.status, done.complaints) == (0, "")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [Path.mkdir, make_dangling_link, make_pipe])
def test_what_is_no_file_on_the_stick_keeps_no_bundle_out(
    tmp_path: Path, log: Log, make: Callable[[Path], None]
) -> None:
    paths = bundles(tmp_path, log)
    into, strange = tmp_path / "in", tmp_path / "z.zip"
    make(strange)
    done = run("import", *paths, strange, "--into", into, "--root", FINGERPRINT)
    assert done.exit_code == 4
    assert "z.zip: refused: it " in done.stderr
    assert "Together: 3 new envelopes." in done.stdout
    again = run("import", strange, "--into", into)
    assert "ALARM 1: 1 envelope of" in again.stderr
    assert again.exit_code == 4


def test_alarms_are_told_whatever_stops_an_import(tmp_path: Path, log: Log) -> None:
    *paths, last = bundles(tmp_path, log)
    into = tmp_path / "in"
    run("import", *paths, last, "--into", into, "--root", FINGERPRINT)
    done = run(
        "import", paths[0], "--into", into, "--root", SigningKey.generate().verify_key.serialize()
    )
    assert "belongs to the service" in done.stderr
    assert "ALARM 1: 1 envelope of" in done.stderr


def test_a_bundle_that_was_held_back_is_told(tmp_path: Path) -> None:
    held, bundle = log_of(), tmp_path / "1.zip"
    held.close_day(2, day=TODAY - timedelta(days=40))
    bundle.write_bytes(pack(InboundInfo(VAN, CHANNEL, 1), {}, held.days)[0])
    done = run("import", bundle, "--into", tmp_path / "in", "--root", FINGERPRINT)
    assert "warning: 2 envelopes of general did not come, and their time has passed" in done.stderr
