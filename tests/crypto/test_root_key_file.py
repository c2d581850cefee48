"""The root key at rest: a passphrase around minisign's own file."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import KeyFormatError, MalformedIdentityFileError, WrongPassphraseError
from crypto.identity_file import seal_identity
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.root_key_file import (
    open_root_key,
    parse_secret_key_text,
    seal_root_key,
    secret_key_text,
)
from tests.crypto.test_minisign import minisign

KEY = SigningKey(bytes(range(32)))
SEALED = seal_root_key(KEY, "eight words", work_factor=2)


@given(st.binary(min_size=32, max_size=32))
def test_every_key_round_trips(seed: bytes) -> None:
    key = SigningKey(seed)
    assert parse_secret_key_text(secret_key_text(key)) == key


def test_a_root_key_file_opens_with_its_passphrase_only() -> None:
    assert open_root_key(SEALED, "eight words") == KEY
    with pytest.raises(WrongPassphraseError):
        open_root_key(SEALED, "seven words")
    assert secret_key_text(KEY).encode() not in SEALED


def test_a_reviewers_identity_is_no_root_key() -> None:
    identity = seal_identity(Identity(bytes(32)), "x", work_factor=2)
    with pytest.raises(MalformedIdentityFileError):
        open_root_key(identity, "x")
    with pytest.raises(MalformedIdentityFileError):
        open_root_key(b"nothing", "x")


def test_a_secret_key_that_minisign_made_is_refused_for_its_key_id(tmp_path: Path) -> None:
    assert minisign("-G", "-W", "-p", "a.pub", "-s", "a.key", directory=tmp_path).returncode == 0
    with pytest.raises(KeyFormatError):
        parse_secret_key_text((tmp_path / "a.key").read_text())


def test_any_flipped_bit_of_a_secret_key_is_noticed() -> None:
    comment, line = secret_key_text(KEY).splitlines()
    raw = base64.b64decode(line)
    for place in range(len(raw)):
        flipped = bytearray(raw)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(KeyFormatError):
            parse_secret_key_text(f"{comment}\n{base64.b64encode(flipped).decode()}\n")
    for text in ("", "\n", comment, line + "\n", f"{comment}\n{line}\n\n", f"{comment}\n{line}"):
        with pytest.raises(KeyFormatError):
            parse_secret_key_text(text)
