"""What was written from the document alone agrees with the published vectors."""

import base64
import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from tests.stranger import age, archive, keys, roster

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(name):
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("one", vectors("codename"), ids=lambda one: one["random_hex"])
def test_codenames_are_spelled_and_read(one):
    secret = bytes.fromhex(one["secret_hex"])
    assert secret[:10].hex() == one["random_hex"]
    assert keys.check_byte(secret[:10]) == secret[10:]
    for language, words in one["words"].items():
        assert " ".join(keys.spell(secret, language)) == words
        assert keys.read_codename(words, language) == secret
        assert keys.read_codename(words.upper().replace(" ", ", ")) == secret


def test_the_lists_of_words_are_the_ones_of_the_document():
    document = (VECTORS.parents[1] / "docs" / "protocol.md").read_text("utf-8")
    for language in keys.LANGUAGES:
        digest = hashlib.sha256("\n".join(keys.words_of(language)).encode()).hexdigest()
        assert f"`{digest}`" in document


@pytest.mark.parametrize("one", vectors("source_keys")["source_keys"], ids=lambda one: one["words"])
def test_keys_of_a_source(one):
    secret = keys.read_codename(one["words"])
    assert secret.hex() == one["secret_hex"]
    source = keys.derive(secret, bytes.fromhex(one["service_id_hex"]))
    assert source.token.hex() == one["token_hex"]
    assert source.address.hex() == one["address_hex"]
    assert source.identity.seed.hex() == one["seed_hex"]
    assert hashlib.sha256(source.identity.public).hexdigest() == one["recipient_sha256_hex"]
    assert source.signing.hex() == one["signing_hex"]
    assert source.info["Source-Key"] == one["key"]


def test_subkeys():
    for one in vectors("source_keys")["subkeys"]:
        assert keys.subkey(bytes.fromhex(one["root_hex"]), one["number"]).hex() == one["subkey_hex"]


def test_signatures_of_every_kind_byte_for_byte():
    whole = vectors("minisign")
    message, raw = whole["message"].encode(), keys.parse_key(whole["public_key"])
    for kind, signature in whole["signatures"].items():
        assert keys.sign(bytes.fromhex(whole["seed_hex"]), kind, message).decode() == signature
        keys.verify(raw, kind, message, signature.encode())
        with pytest.raises(keys.SignatureError):
            keys.verify(raw, "another", message, signature.encode())
        with pytest.raises(keys.SignatureError):
            keys.verify(raw, kind, message + b"!", signature.encode())


def test_the_roster_byte_for_byte():
    whole = vectors("roster")
    document, signature = whole["document"].encode(), whole["signature"].encode()
    day = date(2026, 11, 23)
    read = roster.read_roster(document, signature, whole["root_key"], today=day)
    assert roster.write_roster(read) == document
    assert keys.sign(bytes.fromhex(whole["root_seed_hex"]), "roster", document) == signature
    onion = read["origins"][0]
    roster.read_roster(document, signature, whole["root_key"], today=day, origin=onion)
    for changed in (
        {"today": date(2028, 11, 23)},
        {"origin": "http://another.onion"},
        {"seen": document.replace(b'"serial": 5', b'"serial": 6')},
        {"seen": document.replace(b"general", b"special")},
    ):
        arguments = {"today": day, **changed}
        with pytest.raises(roster.RosterError):
            roster.read_roster(document, signature, whole["root_key"], **arguments)


def test_the_envelope_opens_and_is_written_byte_for_byte():
    whole = vectors("envelope")
    identity = age.Identity.parse(whole["identity"])
    assert identity.text == whole["identity"]
    assert identity.recipient == whole["recipient"]
    envelope = base64.b64decode(whole["envelope_b64"])
    plaintext = whole["plaintext"].encode()
    assert age.open_age(envelope, [identity]) == plaintext
    stanzas = []
    for one in whole["stanzas"]:
        other, enc = (
            age.Identity(bytes.fromhex(one["identity_seed"])),
            base64.b64decode(one["enc_b64"] + "=="),
        )
        body = bytes.fromhex(one["body"])
        assert other.unwrap(enc, body).hex() == one["wraps"]
        stanzas.append(age.stanza(enc, body))
    file_key, nonce = bytes.fromhex(whole["file_key"]), bytes.fromhex(whole["payload_nonce"])
    assert age.finish(stanzas, file_key, nonce, plaintext) == envelope
    long = age.finish([], file_key, nonce, bytes(i % 251 for i in range(200_000)))
    payload = long[len(age.finish([], file_key, nonce, b"")) - 32 :]
    assert len(payload) == whole["long_payload"]["bytes"]
    assert hashlib.sha256(payload).hexdigest() == whole["long_payload"]["sha256"]


def test_the_identity_file():
    one = vectors("envelope")["identity_file"]
    data = base64.b64decode(one["file_b64"])
    identity = age.open_identity(data, one["passphrase"])
    assert identity.text == vectors("envelope")["identity"]
    drawn = (one["salt"], vectors("envelope")["file_key"], vectors("envelope")["payload_nonce"])
    drawn = [bytes.fromhex(text) for text in drawn]
    written = age.seal_identity(identity, one["passphrase"], one["work_factor"], drawn)
    assert written == data
    with pytest.raises(age.NotAddressedError):
        age.open_identity(data, "falsch")


@pytest.mark.parametrize("one", vectors("zip")["accepted"], ids=lambda one: one["name"])
def test_archives_byte_for_byte(one):
    files = [(member["name"], bytes.fromhex(member["data"])) for member in one["members"]]
    assert archive.write_zip(files).hex() == one["zip"]
    assert archive.zip_length(files) == len(one["zip"]) // 2
    assert archive.read_zip(bytes.fromhex(one["zip"])) == files


@pytest.mark.parametrize("one", vectors("zip")["refused"], ids=lambda one: one["name"])
def test_archives_that_are_refused(one):
    with pytest.raises(archive.ArchiveError):
        archive.read_zip(bytes.fromhex(one["zip"]))
