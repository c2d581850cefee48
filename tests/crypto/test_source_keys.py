"""Keys from a codename: the same for ever, and held to libsodium's own functions."""

import ctypes
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import sodium
from crypto.codename import Codename
from crypto.keys import Identity
from crypto.minisign import digest
from crypto.source_keys import derive_source_keys, reviewer_signing_key

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "source_keys.json").read_bytes())
SERVICE_ID = bytes(range(16))
CODENAME = Codename.from_random(bytes(10))


@pytest.fixture(scope="module")
def libsodium() -> ctypes.CDLL:
    """Load Debian's libsodium, which comes with minisign."""
    library = ctypes.CDLL("libsodium.so.23")
    assert library.sodium_init() >= 0
    return library


def kdf(library: ctypes.CDLL, root: bytes, number: int) -> bytes:
    out = ctypes.create_string_buffer(32)
    made = library.crypto_kdf_derive_from_key(
        out, ctypes.c_size_t(32), ctypes.c_uint64(number), b"candorv1", root
    )
    assert made == 0
    return out.raw


def stretch(library: ctypes.CDLL, secret: bytes, salt: bytes) -> bytes:
    out = ctypes.create_string_buffer(32)
    made = library.crypto_pwhash(
        out, ctypes.c_ulonglong(32), secret, ctypes.c_ulonglong(len(secret)), salt,
        ctypes.c_ulonglong(2), ctypes.c_size_t(64 * 1024 * 1024), 2,
    )  # fmt: skip
    assert made == 0
    return out.raw


@pytest.mark.parametrize("vector", VECTORS["source_keys"], ids=lambda vector: vector["words"])
def test_a_pinned_codename_gives_pinned_keys(vector: dict[str, str]) -> None:
    codename = Codename.parse(vector["words"])
    keys = derive_source_keys(codename, bytes.fromhex(vector["service_id_hex"]))
    assert codename.secret.hex() == vector["secret_hex"]
    assert keys.token.hex() == vector["token_hex"]
    assert keys.address.hex() == vector["address_hex"]
    assert keys.identity.seed.hex() == vector["seed_hex"]
    assert hashlib.sha256(keys.identity.recipient.raw).hexdigest() == vector["recipient_sha256_hex"]
    assert keys.signing.seed.hex() == vector["signing_hex"]
    assert keys.signing.verify_key.serialize() == vector["key"]


@pytest.mark.parametrize("vector", VECTORS["subkeys"], ids=lambda vector: str(vector["number"]))
def test_pinned_subkeys_are_libsodiums(vector: dict[str, str], libsodium: ctypes.CDLL) -> None:
    root, number = bytes.fromhex(vector["root_hex"]), int(vector["number"])
    assert sodium.subkey(root, number).hex() == vector["subkey_hex"]
    assert kdf(libsodium, root, number).hex() == vector["subkey_hex"]


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1))
def test_every_subkey_is_that_of_crypto_kdf(root: bytes, number: int) -> None:
    library = ctypes.CDLL("libsodium.so.23")
    assert sodium.subkey(root, number) == kdf(library, root, number)


def test_the_keys_are_what_libsodium_alone_derives(libsodium: ctypes.CDLL) -> None:
    salt = hashlib.blake2b(b"candor mailbox v1" + SERVICE_ID, digest_size=16).digest()
    root = stretch(libsodium, CODENAME.secret, salt)
    keys = derive_source_keys(CODENAME, SERVICE_ID)
    assert keys.token == kdf(libsodium, root, 1)
    assert keys.identity.seed == kdf(libsodium, root, 2)
    assert keys.signing.seed == kdf(libsodium, root, 3)


def test_what_bags_say_of_a_source_is_public_and_belongs_to_the_keys() -> None:
    keys = derive_source_keys(CODENAME, SERVICE_ID)
    assert keys.info.mailbox == keys.address == hashlib.blake2b(keys.token, digest_size=32).digest()
    assert keys.info.recipient == keys.identity.recipient
    signature = keys.signing.sign("report", digest(b"bag"))
    keys.info.key.verify("report", digest(b"bag"), signature)
    for secret in (keys.token, keys.identity.seed, keys.signing.seed):
        assert str(secret) not in repr(keys)


def test_another_service_or_another_secret_gives_other_keys_and_another_list_the_same() -> None:
    keys = derive_source_keys(CODENAME, SERVICE_ID)
    assert derive_source_keys(CODENAME, bytes(16)) != keys
    assert derive_source_keys(Codename.from_random(b"\1" * 10), SERVICE_ID) != keys
    assert derive_source_keys(Codename(CODENAME.secret, "ru"), SERVICE_ID) == keys
    with pytest.raises(ValueError, match="16 bytes"):
        derive_source_keys(CODENAME, b"short")


def test_a_reviewers_signing_key_comes_from_their_identity() -> None:
    identity = Identity(bytes(range(32)))
    assert reviewer_signing_key(identity).seed == sodium.subkey(identity.seed, 3)
    assert reviewer_signing_key(identity).seed != identity.seed
