"""`candor receipt`, `candor verify-receipt` and `candor verify-log`, for anybody."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.log_day import serialize_day
from tests.cli.support import is_one_line, run
from tests.console.desk import log_of
from tests.support.carried import ROOT, TODAY, Log, make_day, make_roster, signed


@dataclass(frozen=True)
class Public:
    """What a service publishes, fetched."""

    directory: Path
    log: Log

    @property
    def trust(self) -> tuple[object, ...]:
        return "--roster", self.directory / "roster.json", "--root", ROOT.verify_key.serialize()

    def day(self, number: int) -> Path:
        return self.directory / "log" / f"{self.log.days[number].day}.json"


@pytest.fixture
def public(tmp_path: Path) -> Public:
    made = Public(tmp_path, log_of(2, 3))
    write_roster(made)
    (tmp_path / "log").mkdir()
    for number, day in enumerate(made.log.days):
        made.day(number).write_bytes(serialize_day(day))
    return made


def write_roster(public: Public, **changes: object) -> None:
    roster = signed(make_roster(**changes))
    (public.directory / "roster.json").write_bytes(roster.document)
    (public.directory / "roster.json.minisig").write_bytes(roster.signature)


def test_a_receipt_is_made_from_a_day_and_checked_with_the_envelope(public: Public) -> None:
    leaf = public.log.days[1].leaves[0]
    out, envelope = public.directory / "receipt.txt", public.directory / "report.age"
    envelope.write_bytes(public.log.envelopes[leaf])
    done = run("receipt", leaf.hex().upper(), "--day", public.day(1), "--out", out)
    assert done.exit_code == 0
    assert "envelope 3 of 5 in general" in done.stdout
    for what in ((envelope,), ("--hash", leaf.hex())):
        done = run("verify-receipt", out, *what, *public.trust)
        assert (done.exit_code, done.stderr) == (0, "")
        assert f"in general, by the end of {public.log.days[1].day}" in done.stdout
        assert "Witnessed  by courier van" in done.stdout


def test_a_receipt_without_a_witness_says_so(public: Public) -> None:
    day = public.log.days[1]
    public.day(1).write_bytes(
        serialize_day(make_day(day.day, day.before, day.leaves, witnesses=()))
    )
    out = public.directory / "receipt.txt"
    run("receipt", day.leaves[0].hex(), "--day", public.day(1), "--out", out)
    done = run("verify-receipt", out, "--hash", day.leaves[0].hex(), *public.trust)
    assert done.exit_code == 0
    assert "Witnessed  not yet" in done.stdout
    assert "by the end of" not in done.stdout


def test_a_receipt_of_something_else_is_refused(public: Public) -> None:
    first, second = public.log.days[1].leaves[:2]
    out = public.directory / "receipt.txt"
    assert run("receipt", first.hex(), "--day", public.day(0), "--out", out).exit_code == 1
    run("receipt", first.hex(), "--day", public.day(1), "--out", out)
    done = run("verify-receipt", out, "--hash", second.hex(), *public.trust)
    assert done.exit_code == 1
    assert is_one_line(done.stderr)
    assert run("receipt", first.hex(), "--day", public.day(1), "--out", out).exit_code == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"c2sp.org/tlog-proof@v1\nindex 0\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n—\n\n".encode(),
    ],
)
def test_what_is_no_receipt_is_refused_in_one_line(public: Public, content: bytes) -> None:
    out = public.directory / "receipt.txt"
    out.write_bytes(content)
    done = run("verify-receipt", out, "--hash", "0" * 64, *public.trust)
    assert done.exit_code == 1
    assert is_one_line(done.stderr)


def test_wrong_usage_is_told_from_a_refusal(public: Public) -> None:
    out = public.directory / "receipt.txt"
    assert run("receipt", "abc", "--day", public.day(1), "--out", out).exit_code == 2
    assert run("verify-receipt", out, *public.trust).exit_code == 2
    assert run("verify-receipt", out, out, "--hash", "0" * 64, *public.trust).exit_code == 2


def test_a_log_is_checked_and_what_could_not_be_is_said(public: Public) -> None:
    done = run("verify-log", public.directory / "log", *public.trust)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "general: 2 days" in done.stdout
    assert f"5 {public.log.days[1].head.root.hex()}" in done.stdout
    assert "holds        signatures" in done.stdout
    assert "not checked  whether others are shown the same log" in done.stdout
    public.day(0).unlink()
    assert "2 envelopes" in run("verify-log", public.day(1), *public.trust).stdout


def test_a_log_that_does_not_hold_is_told(public: Public) -> None:
    public.day(1).write_bytes(serialize_day(log_of(2, 3).days[1]))
    done = run("verify-log", public.directory / "log", *public.trust)
    assert done.exit_code == 1
    assert is_one_line(done.stderr)
    assert "something else" in done.stderr
    public.day(1).write_bytes(b"{}")
    assert run("verify-log", public.directory / "log", *public.trust).exit_code == 1
    (public.directory / "empty").mkdir()
    assert run("verify-log", public.directory / "empty", *public.trust).exit_code == 1


def test_an_expired_roster_still_proves_and_is_said(public: Public) -> None:
    write_roster(public, expires=TODAY - timedelta(days=1))
    done = run("verify-log", public.directory / "log", *public.trust)
    assert done.exit_code == 0
    assert "warning: the roster was valid until" in done.stderr
