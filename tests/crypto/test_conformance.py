"""The age project's own vectors, npm cctv-age, each by name.

Candor reads the binary form only, so what is armored must be refused as malformed whatever else it
is; `ARMORED` lists those vectors as outside the profile.
"""

import hashlib
import io
import zlib
from pathlib import Path

import pytest

from crypto.envelope import open_envelope, open_seekable
from crypto.errors import (
    CandorError,
    DamagedEnvelopeError,
    MalformedEnvelopeError,
    NotAddressedError,
)
from crypto.keys import AnyIdentity, Identity, X25519Identity
from crypto.passphrase import ScryptIdentity
from tests.crypto.node_programs import run_node

REFUSALS: dict[str, type[CandorError]] = {
    "header failure": MalformedEnvelopeError,
    "no match": NotAddressedError,
    "HMAC failure": DamagedEnvelopeError,
    "payload failure": DamagedEnvelopeError,
}
KINDS = ("identity", "passphrase")
NOTHING = hashlib.sha256().hexdigest()
NAMES = [
    "empty",
    "header_crlf",
    "hmac_bad",
    "hmac_extra_space",
    "hmac_garbage",
    "hmac_missing",
    "hmac_no_space",
    "hmac_not_canonical",
    "hmac_trailing_space",
    "hmac_truncated",
    "hybrid",
    "hybrid_and_x25519",
    "hybrid_bad_tag",
    "hybrid_currupted_enc_mlkem",
    "hybrid_currupted_enc_x25519",
    "hybrid_extra_argument",
    "hybrid_grease",
    "hybrid_identity",
    "hybrid_long_file_key",
    "hybrid_long_share",
    "hybrid_low_order",
    "hybrid_multiple_recipients",
    "hybrid_no_match",
    "hybrid_not_canonical_body",
    "hybrid_not_canonical_enc",
    "hybrid_short_share",
    "hybrid_uppercase",
    "hybrid_x25519_arg",
    "scrypt",
    "scrypt_and_x25519",
    "scrypt_bad_tag",
    "scrypt_double",
    "scrypt_extra_argument",
    "scrypt_long_file_key",
    "scrypt_no_match",
    "scrypt_not_canonical_body",
    "scrypt_not_canonical_salt",
    "scrypt_salt_long",
    "scrypt_salt_missing",
    "scrypt_salt_short",
    "scrypt_uppercase",
    "scrypt_work_factor_23",
    "scrypt_work_factor_hex",
    "scrypt_work_factor_leading_garbage",
    "scrypt_work_factor_leading_plus",
    "scrypt_work_factor_leading_zero_decimal",
    "scrypt_work_factor_leading_zero_octal",
    "scrypt_work_factor_missing",
    "scrypt_work_factor_negative",
    "scrypt_work_factor_overflow",
    "scrypt_work_factor_trailing_garbage",
    "scrypt_work_factor_wrong",
    "scrypt_work_factor_zero",
    "stanza_bad_start",
    "stanza_base64_padding",
    "stanza_empty_argument",
    "stanza_empty_body",
    "stanza_empty_last_line",
    "stanza_invalid_character",
    "stanza_long_line",
    "stanza_missing_body",
    "stanza_missing_final_line",
    "stanza_multiple_short_lines",
    "stanza_no_arguments",
    "stanza_not_canonical",
    "stanza_spurious_cr",
    "stanza_valid_characters",
    "stream_257_chunks",
    "stream_257_chunks_full",
    "stream_258_chunks",
    "stream_bad_tag",
    "stream_bad_tag_second_chunk",
    "stream_bad_tag_second_chunk_full",
    "stream_empty_payload",
    "stream_last_chunk_empty",
    "stream_last_chunk_full",
    "stream_last_chunk_full_second",
    "stream_missing_tag",
    "stream_no_chunks",
    "stream_no_final",
    "stream_no_final_full",
    "stream_no_final_two_chunks",
    "stream_no_final_two_chunks_full",
    "stream_no_nonce",
    "stream_short_chunk",
    "stream_short_nonce",
    "stream_short_second_chunk",
    "stream_three_chunks",
    "stream_trailing_garbage_long",
    "stream_trailing_garbage_short",
    "stream_two_chunks",
    "stream_two_final_chunks",
    "stream_two_final_chunks_full",
    "stream_two_final_chunks_second",
    "stream_two_final_chunks_short",
    "version_unsupported",
    "x25519",
    "x25519_bad_tag",
    "x25519_extra_argument",
    "x25519_grease",
    "x25519_identity",
    "x25519_long_file_key",
    "x25519_long_share",
    "x25519_low_order",
    "x25519_lowercase",
    "x25519_multiple_recipients",
    "x25519_no_match",
    "x25519_not_canonical_body",
    "x25519_not_canonical_share",
    "x25519_short_share",
]
ARMORED = [
    "armor_crlf",
    "armor_empty",
    "armor_empty_last_line",
    "armor_empty_line_begin",
    "armor_empty_line_end",
    "armor_eol_between_padding",
    "armor_full_last_line",
    "armor_garbage_encoded",
    "armor_garbage_leading",
    "armor_garbage_trailing",
    "armor_header_crlf",
    "armor_headers",
    "armor_hybrid",
    "armor_invalid_character_header",
    "armor_invalid_character_payload",
    "armor_long_line",
    "armor_lowercase",
    "armor_no_end_line",
    "armor_no_eol",
    "armor_no_match",
    "armor_no_padding",
    "armor_not_canonical",
    "armor_pgp_checksum",
    "armor_scrypt",
    "armor_short_line",
    "armor_whitespace_begin",
    "armor_whitespace_end",
    "armor_whitespace_eol",
    "armor_whitespace_last_line",
    "armor_whitespace_line_start",
    "armor_whitespace_outside",
    "armor_wrong_type",
    "armor_x25519",
]


class Vector:
    """A vector's text lines, and the file, decompressed."""

    def __init__(self, data: bytes) -> None:
        head, _, body = data.partition(b"\n\n")
        pairs = [line.split(": ", 1) for line in head.decode().split("\n")]
        self.fields = dict(pairs)
        self.file = zlib.decompress(body) if "compressed" in self.fields else body
        self.identities = [_identity(kind, value) for kind, value in pairs if kind in KINDS]


def _identity(kind: str, value: str) -> AnyIdentity:
    if kind == "passphrase":
        return ScryptIdentity(value)
    return (Identity if value.startswith("AGE-SECRET-KEY-PQ-") else X25519Identity).parse(value)


@pytest.fixture(scope="session")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cctv")
    run_node("cctv.mjs", str(directory))
    return directory


both_ways = pytest.mark.parametrize("open_it", [open_envelope, open_seekable])


def read_all(open_it, vector: Vector, released: bytearray) -> None:
    with open_it(io.BytesIO(vector.file), vector.identities) as payload:
        while part := payload.read(100_000):
            released += part


def test_every_vector_of_the_package_is_listed_here(vectors):
    assert sorted(NAMES + ARMORED) == sorted(path.name for path in vectors.iterdir())


def expected_outcome(open_it, vector: Vector) -> bytes:
    """Open a vector, hold it to what it expects, and return what was released."""
    released = bytearray()
    if vector.fields["expect"] == "success":
        read_all(open_it, vector, released)
    else:
        with pytest.raises(CandorError) as caught:
            read_all(open_it, vector, released)
        assert caught.type is REFUSALS[vector.fields["expect"]]
    return bytes(released)


@pytest.mark.parametrize("name", NAMES)
def test_vector_from_front_to_back(vectors, name):
    vector = Vector((vectors / name).read_bytes())
    released = expected_outcome(open_envelope, vector)
    assert hashlib.sha256(released).hexdigest() == vector.fields.get("payload", NOTHING)


@pytest.mark.parametrize("name", NAMES)
def test_vector_anywhere(vectors, name):
    """A seekable reader looks at the end first, and so may refuse before it releases anything."""
    vector = Vector((vectors / name).read_bytes())
    released = expected_outcome(open_seekable, vector)
    if vector.fields["expect"] == "success":
        assert hashlib.sha256(released).hexdigest() == vector.fields["payload"]
    else:
        assert expected_outcome(open_envelope, vector).startswith(released)


@both_ways
@pytest.mark.parametrize("name", ARMORED)
def test_armored_vector_is_outside_the_profile_and_refused(vectors, name, open_it):
    vector = Vector((vectors / name).read_bytes())
    with pytest.raises(MalformedEnvelopeError):
        read_all(open_it, vector, bytearray())
