"""Both ways between Candor and npm age-encryption, which nobody here wrote."""

import io

import pytest

from crypto.envelope import EnvelopeWriter, open_envelope, open_seekable
from crypto.identity_file import identity_text, open_identity, parse_identity_text, seal_identity
from crypto.keys import Identity, Recipient
from crypto.passphrase import ScryptIdentity
from tests.crypto.node_programs import from_base64, run_age, to_base64

SIZES = [0, 1, 65535, 65536, 65537, 200000]
ANNA = Identity(bytes(range(32)))


def pattern(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def test_keys_are_the_same_to_both():
    theirs = run_age({"do": "generate"})[0]
    jobs = [{"do": "recipient", "identity": text} for text in (theirs, ANNA.serialize())]
    assert run_age(*jobs) == [
        Identity.parse(theirs).recipient.serialize(),
        ANNA.recipient.serialize(),
    ]


def test_what_is_sealed_here_opens_there():
    jobs = []
    for size in SIZES:
        out = io.BytesIO()
        writer = EnvelopeWriter(out, [Recipient.throw_away(), ANNA.recipient], slots=16)
        writer.write(pattern(size))
        writer.close()
        sealed = to_base64(out.getvalue())
        jobs.append({"do": "decrypt", "identity": ANNA.serialize(), "data": sealed})
    for size, opened in zip(SIZES, run_age(*jobs), strict=True):
        assert from_base64(opened) == pattern(size)


@pytest.mark.parametrize("open_it", [open_envelope, open_seekable])
def test_what_is_sealed_there_opens_here(open_it):
    recipients = [Recipient.throw_away().serialize(), ANNA.recipient.serialize()]
    jobs = [
        {"do": "encrypt", "recipients": recipients, "data": to_base64(pattern(size))}
        for size in SIZES
    ]
    for size, sealed in zip(SIZES, run_age(*jobs), strict=True):
        with open_it(io.BytesIO(from_base64(sealed)), [ANNA]) as payload:
            assert payload.read() == pattern(size)


def test_an_identity_file_made_here_opens_there():
    sealed = to_base64(seal_identity(ANNA, "верные слова", work_factor=8))
    job = {"do": "decrypt", "passphrase": "верные слова", "data": sealed}
    assert parse_identity_text(from_base64(run_age(job)[0]).decode()) == ANNA


def test_an_identity_file_made_there_opens_here():
    text = to_base64(identity_text(ANNA).encode())
    job = {"do": "encrypt", "passphrase": "верные слова", "workFactor": 8, "data": text}
    assert open_identity(from_base64(run_age(job)[0]), "верные слова") == ANNA


def test_what_is_under_a_passphrase_there_opens_here_at_every_size():
    jobs = [
        {"do": "encrypt", "passphrase": "x", "workFactor": 4, "data": to_base64(pattern(size))}
        for size in SIZES
    ]
    for size, sealed in zip(SIZES, run_age(*jobs), strict=True):
        with open_envelope(io.BytesIO(from_base64(sealed)), [ScryptIdentity("x")]) as payload:
            assert payload.read() == pattern(size)
