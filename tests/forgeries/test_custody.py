"""Identities, requests and disclosures that were moved, or are not by whom they ought to be."""

import io
from pathlib import Path

import pytest

from crypto.custody import write_disclosure, write_request
from crypto.identity_bag import seal_identity_bag
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.source_keys import SourceKeys, reviewer_signing_key
from tests.cli.support import MARKER, run
from tests.console.support import (
    ANNA,
    BORIS,
    CUSTODIAN,
    new_source,
    seal,
    write_bag,
    write_identity,
    write_passphrase,
)
from tests.crypto.bags import forged, reply, reply_info
from tests.support.office import CHANNEL, OTHER_CHANNEL, seal_to, write_roster

SOURCE, OTHER = new_source(), new_source()
ANNAS, BORISES, CLARAS = (reviewer_signing_key(one) for one in (ANNA, BORIS, CUSTODIAN))
MOVED = "the identity is of another source or for another channel"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    write_identity(tmp_path / "anna.age")
    write_identity(tmp_path / "clara.age", CUSTODIAN)
    write_passphrase(tmp_path / "passphrase")
    write_roster(tmp_path)
    return tmp_path


def who(desk: Path, name: str) -> tuple[object, ...]:
    return (
        "--identity", desk / f"{name}.age", "--passphrase-file", desk / "passphrase",
        *write_roster(desk),
    )  # fmt: skip


def identity_of(
    source: SourceKeys, channel: str = CHANNEL, custodian: Identity = CUSTODIAN
) -> bytes:
    return seal_identity_bag(
        MARKER, channel=channel, signing=source.signing, custodian=custodian.recipient
    )


def request(
    desk: Path,
    identity: bytes,
    *,
    channel: str = CHANNEL,
    signing: SigningKey = ANNAS,
    about: SourceKeys = SOURCE,
) -> Path:
    sink = io.BytesIO()
    write_request(
        sink,
        channel=channel,
        key=about.signing.verify_key,
        identity_file=identity,
        reason="why",
        signing=signing,
    )
    return seal_to(desk / "request.age", sink.getvalue(), CUSTODIAN)


def disclosure(desk: Path, signing: SigningKey) -> Path:
    sink = io.BytesIO()
    key = SOURCE.signing.verify_key
    write_disclosure(sink, channel=CHANNEL, key=key, text=MARKER, signing=signing)
    return seal_to(desk / "told.age", sink.getvalue(), ANNA)


def refused(desk: Path, envelope: Path, words: str) -> None:
    """Hold both of the custodian's commands to refuse a request, and to show nothing of it."""
    for command in (("disclose", envelope, "--out", desk / "tell.zip"), ("open", envelope)):
        found = run(*command, *who(desk, "clara"))
        assert found.exit_code == 1, found.output
        assert words in found.stderr
        assert MARKER not in found.output
    assert not (desk / "tell.zip").exists()


def test_the_forgeries_below_start_from_a_request_that_is_taken(desk: Path) -> None:
    envelope = request(desk, identity_of(SOURCE))
    assert run("open", envelope, *who(desk, "clara")).exit_code == 0
    told = disclosure(desk, CLARAS)
    assert MARKER in run("open", told, *who(desk, "anna")).output


def test_a_request_with_another_sources_identity_is_refused(desk: Path) -> None:
    refused(desk, request(desk, identity_of(OTHER)), MOVED)


def test_a_request_that_names_another_source_than_its_identity_is_refused(desk: Path) -> None:
    refused(desk, request(desk, identity_of(SOURCE), about=OTHER), MOVED)


def test_a_request_with_an_identity_from_another_channel_is_refused(desk: Path) -> None:
    refused(desk, request(desk, identity_of(SOURCE, OTHER_CHANNEL)), MOVED)


def test_a_request_in_a_channel_that_its_asker_does_not_read_is_refused(desk: Path) -> None:
    envelope = request(desk, identity_of(SOURCE, OTHER_CHANNEL), channel=OTHER_CHANNEL)
    refused(desk, envelope, "does not read its channel")


@pytest.mark.parametrize("signing", [CLARAS, SigningKey.generate(), SOURCE.signing])
def test_a_request_by_somebody_who_is_no_reviewer_is_refused(
    desk: Path, signing: SigningKey
) -> None:
    refused(desk, request(desk, identity_of(SOURCE), signing=signing), "sign")


def test_a_request_with_something_else_for_an_identity_is_refused(desk: Path) -> None:
    refused(desk, request(desk, bytes(5755)), "identity.age")


def test_an_identity_that_is_sealed_to_somebody_else_is_nothing_to_tell(desk: Path) -> None:
    envelope = request(desk, identity_of(SOURCE, custodian=BORIS))
    found = run("disclose", envelope, *who(desk, "clara"), "--out", desk / "tell.zip")
    assert found.exit_code == 1
    assert "another custodian, or to nobody" in found.stderr


def test_a_disclosure_by_somebody_who_is_not_the_custodian_is_marked_and_counts_as_none(
    desk: Path,
) -> None:
    for signing in (ANNAS, BORISES, SigningKey.generate(), SOURCE.signing):
        found = run("open", disclosure(desk, signing), *who(desk, "anna"))
        assert found.exit_code == 1
        assert "DAMAGED OR FORGED" in found.output
        assert "Told by" not in found.output
        assert "sign" in found.stderr


def test_an_identity_moved_into_another_sources_report_is_refused(desk: Path) -> None:
    sink = io.BytesIO()
    write_bag(sink, keys=SOURCE, custodian=CUSTODIAN.recipient)
    stolen = identity_of(OTHER)

    def transplant(files: dict[str, bytes]) -> None:
        files["data/identity.age"] = stolen

    moved = seal(desk / "report.age", forged(sink.getvalue(), transplant, signing=SOURCE.signing))
    found = run(
        "open", moved, "--identity", desk / "anna.age", "--identity", desk / "clara.age",
        "--passphrase-file", desk / "passphrase",
    )  # fmt: skip
    assert found.exit_code == 1
    assert f"identity.age: {MOVED}" in found.stderr
    assert MARKER not in found.output

    why = desk / "why.txt"
    why.write_text("why")
    asked = run("request", moved, *who(desk, "anna"), "--text", why, "--out", desk / "ask.zip")
    assert asked.exit_code == 0  # the reviewer cannot see it; the custodian does, above


def test_a_reply_among_a_channels_envelopes_is_nothing_to_read(desk: Path) -> None:
    data = reply(info=reply_info(), signing=ANNAS)
    found = run("open", seal(desk / "reply.age", data), *who(desk, "anna"))
    assert found.exit_code == 1
    assert "a reply belongs in its source's mailbox" in found.stderr


def test_a_request_is_no_report_whoever_signs_it(desk: Path) -> None:
    envelope = request(desk, identity_of(SOURCE))
    found = run("reply", envelope, *who(desk, "clara")[:4], "--status", "opened", "-o", desk / "x")
    assert found.exit_code == 1
    assert not (desk / "x").exists()
