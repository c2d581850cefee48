"""The courier's commands, as they are typed and as cron sees them."""

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from courier.state import CourierDirectory
from crypto.log_day import serialize_day
from crypto.minisign import VerifyKey
from tests.cli.support import candor, run
from tests.courier.listener import Listener, listening
from tests.courier.support import QUICK, Errand, make_errand
from tests.courier.test_push import outbound
from tests.support.carried import CHANNEL, LOG_KEY, ROOT, VAN, Log

ROOT_LINE = ROOT.verify_key.serialize()
ONION = f"http://{'a' * 56}.onion"


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A service of today, since commands ask the clock."""
    with listening(datetime.now(UTC).date()) as serving:
        yield serving


@pytest.fixture
def errand(tmp_path: Path, listener: Listener) -> Errand:
    return make_errand(tmp_path, listener.origin)


def test_making_a_courier_prints_the_line_that_the_ceremony_needs(tmp_path: Path) -> None:
    done = run(
        "courier", "init", tmp_path / "car", "--service", ONION, "--root", ROOT_LINE, "--id", "car"
    )
    assert done.exit_code == 0, done.stderr
    line = re.search(r"candor (roster add courier .*)", done.stdout)
    assert line is not None
    words = shlex.split(line[1])
    key = VerifyKey.parse(words[words.index("--key") + 1])
    assert key == CourierDirectory.open(tmp_path / "car").key.verify_key
    # the ceremony has such a command with these options
    assert run(*words[:3], "--help").exit_code == 0
    shown = run(*words[:3], "--help").stdout
    assert all(option in shown for option in words if option.startswith("--"))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("--service", "http://example.org"), "onion"),
        (("--proxy", "none"), "Tor"),
        (("--root", "RW"), "root key"),
        (("--id", "../car"), "id"),
    ],
)
def test_a_courier_that_would_go_past_tor_is_not_made(
    tmp_path: Path, change: tuple[str, str], word: str
) -> None:
    options = {"--service": ONION, "--root": ROOT_LINE, "--id": "car", change[0]: change[1]}
    done = run(
        "courier", "init", tmp_path / "car", *(word for pair in options.items() for word in pair)
    )
    assert done.exit_code == 1
    assert word in done.stderr
    assert not (tmp_path / "car").exists()


def test_a_courier_begins_at_a_day_file(tmp_path: Path) -> None:
    day = Log().close_day(key=LOG_KEY)
    (tmp_path / "day.json").write_bytes(serialize_day(day))
    options = ("--service", ONION, "--root", ROOT_LINE, "--id", VAN)
    done = run("courier", "init", tmp_path / "car", *options, "--head", tmp_path / "day.json")
    assert done.exit_code == 0, done.stderr
    assert CourierDirectory.open(tmp_path / "car").channel(CHANNEL).last_day() == day


def test_what_is_no_day_file_begins_nothing(tmp_path: Path) -> None:
    (tmp_path / "day.json").write_bytes(b"{}")
    options = ("--service", ONION, "--root", ROOT_LINE, "--id", VAN)
    done = run("courier", "init", tmp_path / "car", *options, "--head", tmp_path / "day.json")
    assert done.exit_code == 1
    assert not (tmp_path / "car").exists()


def test_a_pull_names_its_bundles_and_the_next_one_has_nothing_new(errand: Errand) -> None:
    done = run("courier", "pull", errand.directory, "--out", errand.out)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.split() == [str(path) for path in errand.bundles()]
    assert done.stderr == ""
    again = run("courier", "pull", errand.directory, "--out", errand.out)
    assert (again.exit_code, again.stdout, again.stderr) == (0, "Nothing new.\n", "")


def test_a_pull_runs_without_a_terminal(errand: Errand) -> None:
    done = candor("courier", "pull", errand.directory, "--out", errand.out)
    assert (done.status, done.complaints) == (0, "")
    assert len(errand.bundles()) == 2


def test_without_the_stick_nothing_is_written_anywhere(errand: Errand) -> None:
    done = run("courier", "pull", errand.directory, "--out", errand.out / "missing")
    assert done.exit_code == 1
    assert "is the stick there" in done.stderr
    assert not (errand.out / "missing").exists()


def test_an_alarm_has_an_exit_status_until_it_is_acknowledged(
    errand: Errand, listener: Listener
) -> None:
    log = listener.logs[CHANNEL]
    del log.envelopes[log.days[-1].leaves[0]]
    done = run("courier", "pull", errand.directory, "--out", errand.out)
    assert done.exit_code == 4
    assert "ALARM: an envelope of general" in done.stderr
    assert "What to do: tell the reviewers" in done.stderr
    assert len(done.stdout.split()) == 2
    again = run("courier", "pull", errand.directory, "--out", errand.out)
    assert again.exit_code == 4
    assert "alarms of earlier runs wait" in again.stderr
    shown = run("courier", "status", errand.directory)
    assert shown.exit_code == 4
    assert "ALARM: an envelope of general" in shown.stderr
    assert run("courier", "status", errand.directory, "--acknowledge").exit_code == 0
    assert run("courier", "status", errand.directory).exit_code == 0
    assert run("courier", "pull", errand.directory, "--out", errand.out).exit_code == 0


def test_a_late_log_is_a_warning_only(errand: Errand, listener: Listener) -> None:
    del listener.logs[CHANNEL].days[1:]
    done = run("courier", "pull", errand.directory, "--out", errand.out)
    assert done.exit_code == 0
    assert "warning: the log of general still has no" in done.stderr
    assert "warning" in run("courier", "status", errand.directory).stdout


def test_a_revoked_courier_reads_a_plain_sentence(errand: Errand, listener: Listener) -> None:
    listener.couriers.clear()
    done = run("courier", "pull", errand.directory, "--out", errand.out)
    assert done.exit_code == 1
    assert done.stderr.startswith("candor: the service does not take this courier")
    assert len(done.stderr.splitlines()) == 1


def test_a_service_that_is_not_there_is_told_in_one_line(errand: Errand) -> None:
    errand.change(service="http://127.0.0.1:9", **QUICK)
    done = run("courier", "pull", errand.directory, "--out", errand.out)
    assert done.exit_code == 1
    assert "cannot be reached" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_status_before_and_after_a_pull(errand: Errand, listener: Listener) -> None:
    before = run("courier", "status", errand.directory)
    assert "none seen yet" in before.stdout
    errand.today = datetime.now(UTC).date()
    errand.pull()
    after = run("courier", "status", errand.directory).stdout
    head = listener.logs[CHANNEL].days[-1].head
    assert f"{head.size} {head.root.hex()}" in after
    assert str(errand.today - timedelta(days=1)) in after
    assert "van-general-1.zip" in after


def test_a_push_counts_what_was_delivered(errand: Errand, tmp_path: Path) -> None:
    bundle = outbound(tmp_path)
    done = run("courier", "push", errand.directory, bundle)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{bundle}: 8 delivered, dummies among them\n"
    again = run("courier", "push", errand.directory, bundle)
    assert again.stdout == f"{bundle}: 0 delivered, 8 delivered before, dummies among them\n"


def test_one_refused_bundle_does_not_keep_back_the_others(errand: Errand, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("to do")
    done = run("courier", "push", errand.directory, tmp_path / "notes.txt", outbound(tmp_path))
    assert done.exit_code == 1
    assert "it stays here" in done.stderr
    assert "8 delivered" in done.stdout


def test_a_directory_that_is_no_couriers_is_told(tmp_path: Path) -> None:
    for arguments in (("pull", tmp_path, "--out", tmp_path), ("status", tmp_path)):
        done = run("courier", *arguments)
        assert done.exit_code == 1
        assert "candor courier init" in done.stderr


def test_no_command_shows_the_key(errand: Errand) -> None:
    secret = (errand.directory / "key").read_text().splitlines()[1]
    shown = [
        run("courier", "pull", errand.directory, "--out", errand.out),
        run("courier", "status", errand.directory),
    ]
    assert not any(secret in done.output for done in shown)
