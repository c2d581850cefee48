"""Signatures: minisign's format, our profile, and nothing else."""

import base64
import hashlib
import io
import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import KeyFormatError, SignatureError
from crypto.minisign import SignedKind, SigningKey, VerifyKey, digest
from crypto.root_key_file import secret_key_text

KEY = SigningKey(bytes(range(32)))
MESSAGE = b"what was seen at the gate\n"


VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "minisign.json").read_bytes())


def minisign(*arguments: object, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["minisign", *map(str, arguments)],
        cwd=directory,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def sign_with_minisign(directory: Path, *options: str, comment: str = "candor v1 report") -> bytes:
    (directory / "secret.key").write_text(secret_key_text(KEY))
    (directory / "message").write_bytes(MESSAGE)
    made = minisign(
        "-S", "-s", "secret.key", "-m", "message", "-c", "candor", "-t", comment, *options,
        directory=directory,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return (directory / "message.minisig").read_bytes()


def is_refused(signature: bytes, kind: str = "report", message: bytes = MESSAGE) -> bool:
    try:
        KEY.verify_key.verify(kind, digest(message), signature)
    except SignatureError:
        return True
    return False


@pytest.mark.parametrize("kind", SignedKind)
def test_a_pinned_signature_is_made_and_accepted(kind: SignedKind) -> None:
    key = SigningKey(bytes.fromhex(VECTOR["seed_hex"]))
    message, signature = VECTOR["message"].encode(), VECTOR["signatures"][kind].encode()
    assert key.verify_key == VerifyKey.parse(VECTOR["public_key"])
    assert key.sign(kind, digest(message)) == signature
    key.verify_key.verify(kind, digest(message), signature)


def test_debians_minisign_accepts_what_we_sign(tmp_path: Path) -> None:
    for kind in SignedKind:
        (tmp_path / "message").write_bytes(MESSAGE)
        (tmp_path / "message.minisig").write_bytes(KEY.sign(kind, digest(MESSAGE)))
        checked = minisign(
            "-V", "-H", "-m", "message", "-P", KEY.verify_key.serialize(), directory=tmp_path
        )
        assert checked.returncode == 0, checked.stderr
        assert f"Trusted comment: candor v1 {kind}\n" in checked.stdout


def test_what_debians_minisign_signs_with_our_key_is_accepted_and_is_the_same_file(
    tmp_path: Path,
) -> None:
    signature = sign_with_minisign(tmp_path)
    KEY.verify_key.verify("report", digest(MESSAGE), signature)
    assert signature == KEY.sign("report", digest(MESSAGE))


def test_a_key_with_minisigns_own_random_key_id_is_refused(tmp_path: Path) -> None:
    assert minisign("-G", "-W", "-p", "a.pub", "-s", "a.key", directory=tmp_path).returncode == 0
    line = (tmp_path / "a.pub").read_text().splitlines()[1]
    with pytest.raises(KeyFormatError):
        VerifyKey.parse(line)
    (tmp_path / "message").write_bytes(MESSAGE)
    minisign(
        "-S", "-s", "a.key", "-m", "message", "-c", "candor", "-t", "candor v1 report",
        directory=tmp_path,
    )  # fmt: skip
    key = VerifyKey(base64.b64decode(line)[10:])
    with pytest.raises(SignatureError):
        key.verify("report", digest(MESSAGE), (tmp_path / "message.minisig").read_bytes())


def test_a_legacy_signature_that_is_not_prehashed_is_refused(tmp_path: Path) -> None:
    signature = sign_with_minisign(tmp_path, "-l")
    assert base64.b64decode(signature.splitlines()[1]).startswith(b"Ed")
    assert is_refused(signature)


@pytest.mark.parametrize(
    "comment",
    ["candor v1 message", "candor v2 report", "candor v1 report ", "candor v1 report\tfile:x", ""],
)
def test_another_trusted_comment_is_refused_though_well_signed(
    tmp_path: Path, comment: str
) -> None:
    assert is_refused(sign_with_minisign(tmp_path, comment=comment))


def test_a_signature_of_one_kind_serves_no_other() -> None:
    for made in SignedKind:
        signature = KEY.sign(made, digest(MESSAGE))
        assert [kind for kind in SignedKind if not is_refused(signature, kind)] == [made]


def test_a_signature_of_another_message_or_another_key_is_refused() -> None:
    signature = KEY.sign("report", digest(MESSAGE))
    assert is_refused(signature, message=MESSAGE + b" ")
    assert is_refused(SigningKey.generate().sign("report", digest(MESSAGE)))


def test_a_flipped_bit_in_any_byte_is_refused() -> None:
    signature = KEY.sign("report", digest(MESSAGE))
    for place in range(len(signature)):
        for bit in range(8):
            flipped = bytearray(signature)
            flipped[place] ^= 1 << bit
            assert is_refused(bytes(flipped)), (place, bit)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (rb"\Auntrusted comment: candor", b"untrusted comment: signature from a secret key"),
        (rb"\Z", b"\n"),
        (rb"\Z", b"further line\n"),
        (rb"\n\Z", b""),
        (rb"\n", b"\r\n"),
        (rb"trusted comment: c", b"trusted comment:  c"),
        (rb"==\n\Z", b"\n"),
        (rb"==\n\Z", b"== \n"),
        (rb"\A", b"\xef\xbb\xbf"),
        (rb"(?s)\A.*\Z", b""),
        (rb"(?s)\A(.*)\Z", rb"\1\1"),
    ],
)
def test_another_spelling_of_the_same_signature_is_refused(
    pattern: bytes, replacement: bytes
) -> None:
    signature = KEY.sign("report", digest(MESSAGE))
    altered = re.sub(pattern, replacement, signature)
    assert altered != signature
    assert is_refused(altered)


def test_the_unused_bits_of_base64_must_be_zero() -> None:
    lines = KEY.sign("report", digest(MESSAGE)).split(b"\n")
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for line, place in ((1, -2), (3, -3)):
        altered = list(lines)
        letter = alphabet[alphabet.index(lines[line][place]) + 1]
        altered[line] = lines[line][:place] + bytes([letter]) + lines[line][place + 1 :]
        assert base64.b64decode(altered[line]) == base64.b64decode(lines[line])
        assert is_refused(b"\n".join(altered))


@given(st.binary(max_size=400))
def test_noise_is_refused_and_nothing_else_is_raised(noise: bytes) -> None:
    assert is_refused(noise)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.sampled_from(SignedKind))
def test_every_key_kind_and_message_round_trips_at_the_length_of_its_kind(
    seed: bytes, message: bytes, kind: SignedKind
) -> None:
    key = SigningKey(seed)
    signature = key.sign(kind, digest(message))
    assert len(signature) == 244 + len(kind)
    VerifyKey.parse(key.verify_key.serialize()).verify(kind, digest(message), signature)


def test_a_public_key_is_one_line_that_begins_with_rw() -> None:
    line = KEY.verify_key.serialize()
    assert re.fullmatch(r"RW[A-Za-z0-9+/]{54}", line)
    assert VerifyKey.parse(line) == KEY.verify_key
    for altered in ("", line[:-1], line + "=", line + "\n", " " + line, "RX" + line[2:], "ключ"):
        with pytest.raises(KeyFormatError):
            VerifyKey.parse(altered)


def test_any_altered_letter_of_a_public_key_is_noticed() -> None:
    line = KEY.verify_key.serialize()
    for place, letter in enumerate(line):
        altered = line[:place] + ("A" if letter != "A" else "B") + line[place + 1 :]
        with pytest.raises(KeyFormatError):
            VerifyKey.parse(altered)


def test_keys_of_a_wrong_length_and_unknown_kinds_are_refused() -> None:
    for length in (0, 31, 33, 64):
        with pytest.raises(KeyFormatError):
            VerifyKey(bytes(length))
        with pytest.raises(KeyFormatError):
            SigningKey(bytes(length))
    with pytest.raises(ValueError, match="not a valid SignedKind"):
        KEY.sign("anything", digest(MESSAGE))
    with pytest.raises(ValueError, match="digest"):
        KEY.sign("report", MESSAGE)


def test_a_signing_key_does_not_show_its_seed() -> None:
    assert str(KEY.seed) not in repr(KEY)
    assert "seed" not in repr(KEY)


def test_a_file_has_the_digest_of_its_bytes() -> None:
    data = bytes(range(256)) * 9000
    assert digest(io.BytesIO(data)) == digest(data) == hashlib.blake2b(data).digest()
