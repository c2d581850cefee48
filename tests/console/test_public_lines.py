"""The two public lines of an identity, from hand to hand."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import PublicLinesError
from console.public_lines import MAX_LINES_BYTES, PublicLines
from crypto.keys import Identity

LINES = PublicLines.of(Identity(bytes(32)))
KEY, RECIPIENT = LINES.serialize().splitlines()


@given(st.binary(min_size=32, max_size=32))
def test_the_lines_of_every_identity_round_trip(seed: bytes) -> None:
    lines = PublicLines.of(Identity(seed))
    assert PublicLines.parse(lines.serialize().encode()) == lines


def test_a_letter_that_quotes_the_lines_will_do() -> None:
    letter = f"Dear Vera,\r\n> Recipient   {RECIPIENT}\r\n> Signs as    {KEY}.\r\nYours, Анна\r\n"
    assert PublicLines.parse(letter.encode()) == LINES


def test_the_check_is_what_sha256sum_says(tmp_path: Path) -> None:
    (tmp_path / "anna.pub").write_text(LINES.serialize())
    said = subprocess.run(
        ["sha256sum", "anna.pub"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith(LINES.check.replace(" ", ""))
    assert LINES.check != PublicLines.of(Identity(bytes([1]) * 32)).check


@pytest.mark.parametrize(
    "text",
    [
        "",
        KEY,
        RECIPIENT,
        f"{KEY}\n{RECIPIENT[:-1]}",
        f"{KEY}\n{RECIPIENT[:100]}\n{RECIPIENT[100:]}",
        f"{KEY[:-1]}\n{RECIPIENT}",
        f"{KEY[:20]}x{KEY[21:]}\n{RECIPIENT}",
        f"{LINES.serialize()}{PublicLines.of(Identity(bytes([1]) * 32)).serialize()}",
        LINES.serialize() + " " * MAX_LINES_BYTES,
        f"{KEY}\n{RECIPIENT.upper()}",
    ],
)
def test_lines_that_are_missing_mistyped_or_somebody_elses_too_are_refused(text: str) -> None:
    with pytest.raises(PublicLinesError):
        PublicLines.parse(text.encode())


@given(st.binary(max_size=300))
def test_noise_holds_no_lines(noise: bytes) -> None:
    with pytest.raises(PublicLinesError):
        PublicLines.parse(noise)
