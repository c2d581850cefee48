import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

from crypto import sodium
from crypto.errors import DamagedEnvelopeError

KEY = bytes(range(32))
NONCE = bytes(range(12))
LOW_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@given(st.binary(max_size=300))
def test_a_chunk_is_sealed_as_pynacl_seals_it_and_opens_again(plaintext):
    sealed = bytearray(len(plaintext) + 16)
    sodium.seal_chunk(KEY, NONCE, plaintext, sealed)
    assert sealed == bindings.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, None, NONCE, KEY)
    opened = bytearray(len(plaintext))
    sodium.open_chunk(KEY, NONCE, sealed, opened)
    assert opened == plaintext


@given(st.integers(0, 8 * 48 - 1))
def test_a_flipped_bit_is_refused_and_leaves_no_plaintext(bit):
    sealed = bytearray(48)
    sodium.seal_chunk(KEY, NONCE, b"x" * 32, sealed)
    sealed[bit // 8] ^= 1 << bit % 8
    opened = bytearray(b"\xaa" * 32)
    with pytest.raises(DamagedEnvelopeError):
        sodium.open_chunk(KEY, NONCE, sealed, opened)
    assert opened == bytes(32)


@pytest.mark.parametrize(("key", "nonce", "size"), [(31, 12, 32), (32, 11, 32), (32, 12, 31)])
def test_buffers_of_the_wrong_length_never_reach_c(key, nonce, size):
    for function in (sodium.seal_chunk, sodium.open_chunk):
        given = (
            (bytes(16), bytearray(size))
            if function is sodium.seal_chunk
            else (
                bytearray(size),
                bytearray(16),
            )
        )
        with pytest.raises(ValueError, match=r"bytes|nonce"):
            function(bytes(key), bytes(nonce), *given)


def test_nothing_is_written_into_bytes_that_cannot_change():
    with pytest.raises(BufferError):
        sodium.seal_chunk(KEY, NONCE, b"", bytes(16))


def test_a_wiped_buffer_holds_zeros():
    buffer = bytearray(b"secret" * 9)
    sodium.wipe(memoryview(buffer)[:12])
    assert buffer == bytes(12) + b"secret" * 7
    sodium.wipe(buffer)
    assert buffer == bytes(54)


def test_a_wrapped_key_opens_under_its_key_only():
    wrapped = sodium.wrap_key(KEY, b"file key 16 byte")
    assert sodium.unwrap_key(KEY, wrapped) == b"file key 16 byte"
    with pytest.raises(DamagedEnvelopeError):
        sodium.unwrap_key(bytes(32), wrapped)


def test_hkdf_gives_the_bytes_of_rfc_5869():
    # Appendix A.1, of whose 42 bytes the first 32 do not depend on the length.
    derived = sodium.hkdf(b"\x0b" * 22, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA)))
    assert derived.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"


def test_scrypt_equals_openssls():
    expected = hashlib.scrypt(b"passphrase", salt=b"salt", n=1 << 10, r=8, p=1, dklen=32)
    assert sodium.scrypt(b"passphrase", b"salt", 10) == expected


def test_argon2id_gives_its_pinned_bytes():
    stretched = sodium.argon2id(b"eleven byte", bytes(range(16)))
    assert stretched.hex() == "3b725bb5a2240bfce457ff312474d532d3cf829741b217ae3f4f6e237a5f71f1"


def test_a_subkey_gives_its_pinned_bytes():
    # Made with libsodium's crypto_kdf_derive_from_key itself.
    assert (
        sodium.subkey(KEY, 1).hex()
        == "755e0533005cddf948e54af0c30d6d0ce49b33a15b7d4f956792e40086bc7e8b"
    )
    assert len({sodium.subkey(KEY, number) for number in range(50)}) == 50


@pytest.mark.parametrize("point", LOW_ORDER)
def test_each_point_of_low_order_is_known_with_either_top_bit(point):
    point = bytes.fromhex(point)
    assert sodium.is_low_order(point)
    assert sodium.is_low_order(point[:31] + bytes([point[31] | 0x80]))


def test_an_honest_point_is_not_of_low_order():
    assert not sodium.is_low_order(bindings.crypto_scalarmult_base(KEY))


def test_random_bytes_differ():
    assert len({bytes(sodium.random_bytes(16)) for _ in range(100)}) == 100
    assert not hmac.compare_digest(sodium.random_bytes(32), bytes(32))
