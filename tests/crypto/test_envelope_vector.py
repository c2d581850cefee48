"""The project's own vector, which docs/protocol.md cites: every drawn byte is pinned."""

import io
import json

import pytest

from crypto.envelope import open_envelope, open_seekable
from crypto.errors import NotAddressedError
from crypto.header import parse_header, require_slots
from crypto.identity_file import open_identity
from crypto.keys import Identity
from crypto.stanza import recognise_all
from tests.crypto.node_programs import from_base64, run_age
from tests.vectors import make_envelope

VECTOR = json.loads(make_envelope.PLACE.read_text(encoding="utf-8"))
ENVELOPE = from_base64(VECTOR["envelope_b64"])
IDENTITY = Identity.parse(VECTOR["identity"])


def test_the_same_draws_make_the_same_bytes():
    assert make_envelope.vector() == VECTOR


@pytest.mark.parametrize("open_it", [open_envelope, open_seekable])
def test_the_pinned_envelope_opens(open_it):
    assert IDENTITY.recipient.serialize() == VECTOR["recipient"]
    with open_it(io.BytesIO(ENVELOPE), [IDENTITY]) as payload:
        assert payload.read().decode() == VECTOR["plaintext"]


def test_each_pinned_stanza_opens_for_its_own_key_only():
    header = parse_header(ENVELOPE)
    require_slots(header, 2)
    stanzas = recognise_all(header.stanzas)
    identities = [Identity(bytes.fromhex(given["identity_seed"])) for given in VECTOR["stanzas"]]
    for stanza, identity, given in zip(stanzas, identities, VECTOR["stanzas"], strict=True):
        assert identity.unwrap([stanza]).hex() == given["wraps"]
    with pytest.raises(NotAddressedError):
        identities[0].unwrap([stanzas[1]])


def test_the_pinned_envelope_opens_in_npm_age_encryption():
    job = {"do": "decrypt", "identity": VECTOR["identity"], "data": VECTOR["envelope_b64"]}
    assert from_base64(run_age(job)[0]).decode() == VECTOR["plaintext"]


def test_the_pinned_identity_file_opens():
    given = VECTOR["identity_file"]
    assert open_identity(from_base64(given["file_b64"]), given["passphrase"]) == IDENTITY
