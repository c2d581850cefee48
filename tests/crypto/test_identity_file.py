import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.envelope import EnvelopeWriter, begin
from crypto.errors import MalformedIdentityFileError, WrongPassphraseError
from crypto.header import parse_header
from crypto.identity_file import identity_text, open_identity, parse_identity_text, seal_identity
from crypto.keys import Identity
from crypto.passphrase import wrap_with_passphrase
from crypto.stanza import ScryptStanza, recognise_all

ANNA = Identity(bytes(range(32)))
SEALED = seal_identity(ANNA, "eight words", work_factor=4)


def seal_text(text: bytes, work_factor: int = 4) -> bytes:
    file_key, out = bytes(16), io.BytesIO()
    stanza = wrap_with_passphrase(file_key, "x", salt=bytes(16), work_factor=work_factor)
    payload = begin(out, [stanza.stanza()], file_key, bytes(16))
    payload.write(text)
    payload.close()
    return out.getvalue()


@settings(max_examples=20)
@given(st.binary(min_size=32, max_size=32), st.text(st.characters(exclude_categories=["Cs"])))
def test_an_identity_file_opens_to_what_was_sealed(seed, passphrase):
    sealed = seal_identity(Identity(seed), passphrase, work_factor=2)
    assert open_identity(sealed, passphrase) == Identity(seed)


def test_an_identity_file_costs_a_thief_work_factor_18():
    (stanza,) = recognise_all(parse_header(seal_identity(ANNA, "x")).stanzas)
    assert isinstance(stanza, ScryptStanza)
    assert stanza.work_factor == 18


def test_the_content_is_what_age_keygen_writes_without_a_date():
    text = identity_text(ANNA)
    assert text == f"# public key: {ANNA.recipient.serialize()}\n{ANNA.serialize()}\n"
    assert parse_identity_text(text) == ANNA


def test_comments_and_empty_lines_pass():
    text = f"# created: some day\r\n\r\n# public key: x\r\n{ANNA.serialize()}\r\n"
    assert open_identity(seal_text(text.encode()), "x") == ANNA


def test_another_passphrase_is_told_from_another_file():
    with pytest.raises(WrongPassphraseError):
        open_identity(SEALED, "eight word")
    with pytest.raises(MalformedIdentityFileError):
        open_identity(b"not an age file", "eight words")


def test_every_byte_of_an_identity_file_is_protected():
    for place in range(len(SEALED)):
        altered = bytearray(SEALED)
        altered[place] ^= 1
        with pytest.raises((WrongPassphraseError, MalformedIdentityFileError)):
            open_identity(bytes(altered), "eight words")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"# public key: nothing else\n",
        2 * (ANNA.serialize().encode() + b"\n"),
        ANNA.serialize().lower().encode(),
        b"AGE-SECRET-KEY-1" + b"Q" * 58,
        "ключ".encode(),
    ],
)
def test_a_file_that_holds_no_single_hybrid_identity_is_refused(text):
    with pytest.raises(MalformedIdentityFileError):
        open_identity(seal_text(text), "x")


def test_an_envelope_is_no_identity_file():
    out = io.BytesIO()
    writer = EnvelopeWriter(out, [ANNA.recipient], slots=1)
    writer.close()
    with pytest.raises(MalformedIdentityFileError):
        open_identity(out.getvalue(), "x")


def test_a_file_that_is_too_long_or_too_costly_is_refused_before_any_work():
    with pytest.raises(MalformedIdentityFileError):
        open_identity(seal_text(bytes(70_000)), "x")
    with pytest.raises(MalformedIdentityFileError):
        open_identity(SEALED.replace(b" 4\n", b" 21\n", 1), "x")


def test_no_passphrase_or_key_shows_in_an_error():
    with pytest.raises(WrongPassphraseError) as caught:
        open_identity(SEALED, "my secret passphrase")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
