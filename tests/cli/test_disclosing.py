"""Asking who a source is, and telling, as it is typed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from crypto.bag_info import BagKind
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.shares import split_secret
from tests.cli.support import MARKER, candor, is_one_line, on_terminal, run
from tests.console.support import (
    ANNA,
    BORIS,
    CUSTODIAN,
    PASSPHRASE,
    seal_report,
    write_identity,
    write_passphrase,
)
from tests.support.office import CHANNEL, OFFICE, TODAY, carried_to, imported, write_roster

WHY = "The paper wants to know\nwhether she was there."


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    for name, identity in (("anna", ANNA), ("boris", BORIS), ("clara", CUSTODIAN)):
        write_identity(tmp_path / f"{name}.age", identity)
    write_passphrase(tmp_path / "passphrase")
    (tmp_path / "why.txt").write_text(WHY)
    seal_report(
        tmp_path / "report.age",
        [ANNA, BORIS],
        identity_text=MARKER,
        custodian=CUSTODIAN.recipient,
    )
    write_roster(tmp_path)
    return tmp_path


def who(desk: Path, name: str) -> tuple[str, ...]:
    passphrase = ("--passphrase-file", str(desk / "passphrase"))
    return "--identity", str(desk / f"{name}.age"), *passphrase


def roster(desk: Path, **changes: object) -> tuple[str, ...]:
    return write_roster(desk, **changes)


def ask(desk: Path, name: str = "anna", **changes: object) -> Result:
    return run(
        "request", desk / "report.age", *who(desk, name), *roster(desk, **changes),
        "--text", desk / "why.txt", "--out", desk / "ask.zip",
    )  # fmt: skip


@pytest.fixture
def request_file(desk: Path) -> Path:
    found = ask(desk)
    assert found.exit_code == 0, found.stderr
    return carried_to(desk / "ask.zip", CHANNEL, desk / "request.age")


def decide(desk: Path, request_file: Path, typed: str, name: str = "clara") -> Result:
    arguments = [
        "disclose", request_file, *who(desk, name), *roster(desk), "--out", desk / "tell.zip",
    ]  # fmt: skip
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=typed)


def test_a_request_is_written_for_the_custodian_of_the_roster(desk: Path) -> None:
    found = ask(desk)
    assert found.exit_code == 0
    assert "Request for Clara, Custodian, A desk: " in found.output
    assert (desk / "ask.zip").stat().st_mode & 0o777 == 0o600


def test_what_the_source_wrote_is_shown_to_the_custodian_only_after_a_yes(
    desk: Path, request_file: Path
) -> None:
    found = decide(desk, request_file, "n\n")
    assert found.exit_code == 1
    assert "Asked by      Anna, Lawyer, A desk" in found.output
    assert "  │ whether she was there." in found.output
    assert MARKER not in found.output
    assert "nobody is told" in found.stderr
    assert not (desk / "tell.zip").exists()


def test_nothing_is_told_before_a_second_yes(desk: Path, request_file: Path) -> None:
    found = decide(desk, request_file, "y\nn\n")
    assert found.exit_code == 1
    assert f"  │ {MARKER}" in found.output
    assert not (desk / "tell.zip").exists()


def test_what_the_custodian_tells_reaches_the_reviewer_who_asked_and_nobody_else(
    desk: Path, request_file: Path
) -> None:
    found = decide(desk, request_file, "y\ny\n")
    assert found.exit_code == 0, found.stderr
    assert "Told to Anna, Lawyer, A desk alone" in found.output
    told = carried_to(desk / "tell.zip", CHANNEL, desk / "told.age")
    shown = run("open", told, *who(desk, "anna"), *roster(desk))
    assert shown.exit_code == 0, shown.stderr
    assert "Disclosure" in shown.output
    assert "Told by       Clara, Custodian, A desk" in shown.output
    assert f"  │ {MARKER}" in shown.output
    for other in ("boris", "clara"):
        assert run("open", told, *who(desk, other), *roster(desk)).exit_code == 3


def test_a_request_is_opened_by_the_custodian_alone_and_without_its_secret(
    desk: Path, request_file: Path
) -> None:
    shown = run("open", request_file, *who(desk, "clara"), *roster(desk))
    assert shown.exit_code == 0, shown.stderr
    assert "Asked by      Anna, Lawyer, A desk" in shown.output
    assert "candor disclose" in shown.output
    assert MARKER not in shown.output
    for other in ("anna", "boris"):
        assert run("open", request_file, *who(desk, other), *roster(desk)).exit_code == 3


def test_without_a_roster_nobody_is_named_and_nothing_is_called_forged(
    desk: Path, request_file: Path
) -> None:
    shown = run("open", request_file, *who(desk, "clara"))
    assert shown.exit_code == 1
    assert is_one_line(shown.stderr)
    assert "give --roster and --root" in shown.stderr
    assert "forged" not in shown.stderr
    assert shown.output.count("\n") == 1


def test_the_roster_of_an_import_directory_needs_no_option(
    desk: Path, request_file: Path, tmp_path: Path
) -> None:
    inbox = imported(tmp_path / "imports", request_file)
    shown = run("open", inbox, *who(desk, "clara"))
    assert shown.exit_code == 0, shown.stderr
    assert "Asked by      Anna" in shown.output


def test_json_names_who_signed_and_whom_it_is_about(desk: Path, request_file: Path) -> None:
    shown = run("open", request_file, *who(desk, "clara"), *roster(desk), "--json")
    assert '"signed_by": "anna"' in shown.output
    assert '"kind": "request"' in shown.output
    assert MARKER not in shown.output


def test_no_answer_is_a_no(desk: Path, request_file: Path) -> None:
    done = candor(
        "disclose", request_file, *who(desk, "clara"), *roster(desk), "--out", desk / "tell.zip"
    )
    assert done.status == 1
    assert is_one_line(done.complaints)
    assert MARKER not in done.out
    assert not (desk / "tell.zip").exists()


def test_a_source_cannot_command_the_custodians_terminal(desk: Path) -> None:
    seal_report(desk / "report.age", identity_text="\x1b[2Jme\u202e", custodian=CUSTODIAN.recipient)
    (desk / "why.txt").write_text("\x1b]0;x\x07why")
    ask(desk)
    request_file = carried_to(desk / "ask.zip", CHANNEL, desk / "request.age")
    found = decide(desk, request_file, "y\ny\n")
    assert "\x1b" not in found.output
    assert "⟨U+001B⟩[2Jme⟨U+202E⟩" in found.output


def test_on_a_terminal_the_passphrase_is_asked_for_first(desk: Path, request_file: Path) -> None:
    done = on_terminal(
        "disclose", request_file, "--identity", desk / "clara.age", *roster(desk),
        "--out", desk / "tell.zip", typed=(PASSPHRASE, "y", "y"),
    )  # fmt: skip
    assert done.status == 0, done.out
    assert (desk / "tell.zip").exists()


def test_a_report_whose_source_said_nothing_tells_so(desk: Path) -> None:
    seal_report(desk / "report.age", custodian=CUSTODIAN.recipient)
    ask(desk)
    request_file = carried_to(desk / "ask.zip", CHANNEL, desk / "request.age")
    assert "(nothing was given)" in decide(desk, request_file, "y\ny\n").output


def test_asking_about_a_message_is_warned_of_since_names_come_with_reports(desk: Path) -> None:
    seal_report(desk / "report.age", kind=BagKind.MESSAGE, custodian=CUSTODIAN.recipient)
    found = ask(desk)
    assert found.exit_code == 0
    assert "ask about that one instead" in found.stderr


def test_where_several_must_agree_one_who_was_there_asks_and_is_told(desk: Path) -> None:
    shared = Identity(bytes([9]) * 32)
    channel = replace(OFFICE.channels[0], threshold=2, recipient=shared.recipient)
    seal_report(desk / "report.age", [shared], identity_text=MARKER, custodian=CUSTODIAN.recipient)
    given: list[object] = []
    for number, share in enumerate(split_secret(shared.seed, 2, 3)[:2]):
        (desk / f"{number}.txt").write_text(share.serialize())
        given += ["--share", desk / f"{number}.txt"]
    found = run(
        "request", desk / "report.age", *who(desk, "anna"), *given,
        *roster(desk, channels=(channel, OFFICE.channels[1])),
        "--text", desk / "why.txt", "--out", desk / "ask.zip",
    )  # fmt: skip
    assert found.exit_code == 0, found.stderr
    assert "Give the channel a new one" in found.stderr
    request_file = carried_to(desk / "ask.zip", CHANNEL, desk / "request.age")
    assert decide(desk, request_file, "y\ny\n").exit_code == 0
    told = carried_to(desk / "tell.zip", CHANNEL, desk / "told.age")
    assert MARKER in run("open", told, *who(desk, "anna"), *roster(desk)).output


@pytest.mark.parametrize("name", ["anna", "boris"])
def test_nobody_but_the_custodian_discloses(desk: Path, request_file: Path, name: str) -> None:
    found = decide(desk, request_file, "y\ny\n", name)
    assert found.exit_code == 1
    assert "no identity that was given is the custodian's" in found.stderr


def test_the_custodian_is_no_reviewer(desk: Path) -> None:
    seal_report(desk / "report.age", [CUSTODIAN], custodian=CUSTODIAN.recipient)
    found = ask(desk, "clara")
    assert found.exit_code == 1
    assert "reviewer of this channel" in found.stderr
    assert not (desk / "ask.zip").exists()


def test_without_a_custodian_nobody_can_be_asked(desk: Path) -> None:
    found = ask(desk, custodian=None)
    assert found.exit_code == 1
    assert "no custodian" in found.stderr


def test_a_roster_that_has_expired_lets_nobody_ask_or_tell(desk: Path, request_file: Path) -> None:
    yesterday = TODAY - timedelta(days=1)
    found = ask(desk, expires=yesterday)
    assert found.exit_code == 1
    assert f"valid until {yesterday}" in found.stderr


def test_what_is_no_report_is_not_asked_about(desk: Path, request_file: Path) -> None:
    request_file.replace(desk / "report.age")
    found = run(
        "request", desk / "report.age", *who(desk, "clara"), *roster(desk),
        "--text", desk / "why.txt", "--out", desk / "again.zip",
    )  # fmt: skip
    assert found.exit_code == 1
    found = decide(desk, seal_report(desk / "r.age", [CUSTODIAN]), "y\ny\n")
    assert found.exit_code == 1
    assert "a bag of kind report asks for nobody's identity" in found.stderr


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--roster", "roster.json"),
        ("--root", "RW"),
    ],
)
def test_who_may_be_asked_only_a_roster_says(desk: Path, options: tuple[str, ...]) -> None:
    found = run(
        "request", desk / "report.age", *who(desk, "anna"), *options,
        "--text", desk / "why.txt", "--out", desk / "ask.zip",
    )  # fmt: skip
    assert found.exit_code in {1, 2}
    assert "--roster" in found.stderr


def test_a_roster_of_another_root_key_is_refused(desk: Path) -> None:
    *options, _ = roster(desk)
    other = SigningKey.generate().verify_key.serialize()
    found = run(
        "request", desk / "report.age", *who(desk, "anna"), *options, other,
        "--text", desk / "why.txt", "--out", desk / "ask.zip",
    )  # fmt: skip
    assert found.exit_code == 1
    assert "unsigned" in found.stderr


@pytest.mark.parametrize("reason", ["", " \n", "x" * 52_001, b"\xff"])
def test_a_reason_that_is_none_or_too_long_is_refused(desk: Path, reason: str | bytes) -> None:
    (desk / "why.txt").write_bytes(reason if isinstance(reason, bytes) else reason.encode())
    found = ask(desk)
    assert found.exit_code == 1
    assert is_one_line(found.stderr)
    assert not (desk / "ask.zip").exists()


def test_a_bundle_is_never_overwritten(desk: Path) -> None:
    (desk / "ask.zip").write_bytes(b"mine")
    assert ask(desk).exit_code == 1
    assert (desk / "ask.zip").read_bytes() == b"mine"
