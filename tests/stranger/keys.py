"""Signatures, codenames and what comes from them: docs/protocol.md sections 1, 3 and 5."""

import hashlib
import os
import re
import unicodedata
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cache

from mnemonic import Mnemonic
from nacl.exceptions import BadSignatureError
from nacl.pwhash import argon2id
from nacl.signing import SigningKey, VerifyKey

from tests.stranger.age import Identity


class SignatureError(Exception):
    pass


class CodenameError(Exception):
    pass


def blake2b(data, size):
    return hashlib.blake2b(data, digest_size=size).digest()


def subkey(root, number):
    salt, person = number.to_bytes(8, "little") + bytes(8), b"candorv1" + bytes(8)
    return hashlib.blake2b(b"", key=root, salt=salt, person=person, digest_size=32).digest()


# minisign


def key_text(raw):
    return b64encode(b"Ed" + blake2b(raw, 32)[:8] + raw).decode()


def parse_key(text):
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        raise SignatureError("key") from None
    if len(raw) != 42 or key_text(raw[10:]) != text:
        raise SignatureError("key")
    return raw[10:]


def sign(seed, kind, data):
    signer = SigningKey(seed)
    raw = bytes(signer.verify_key)
    signature = signer.sign(blake2b(data, 64)).signature
    comment = f"candor v1 {kind}"
    both = signer.sign(signature + comment.encode()).signature
    first = b64encode(b"ED" + blake2b(raw, 32)[:8] + signature).decode()
    second = b64encode(both).decode()
    return (f"untrusted comment: candor\n{first}\ntrusted comment: {comment}\n{second}\n").encode()


def verify(raw, kind, data, signature):
    """`raw` is the key of 32 bytes; the trusted comment must be the one of `kind`."""
    comment = f"candor v1 {kind}".encode()
    found = re.fullmatch(
        rb"untrusted comment: candor\n([A-Za-z0-9+/]{99}=)\n"
        rb"trusted comment: " + comment + rb"\n([A-Za-z0-9+/]{86}==)\n",
        signature,
    )
    if not found:
        raise SignatureError("form or comment")
    first, both = b64decode(found[1]), b64decode(found[2])
    if first[:10] != b"ED" + blake2b(raw, 32)[:8]:
        raise SignatureError("key id")
    if b64encode(first) != found[1] or b64encode(both) != found[2]:
        raise SignatureError("base64 is not canonical")
    try:
        VerifyKey(raw).verify(blake2b(data, 64), first[10:])
        VerifyKey(raw).verify(first[10:] + comment, both)
    except BadSignatureError:
        raise SignatureError("signature") from None


# codenames

LANGUAGES = {
    "en": "english",
    "fr": "french",
    "it": "italian",
    "es": "spanish",
    "pt": "portuguese",
    "cs": "czech",
    "ru": "russian",
}


@cache
def words_of(language):
    words = [unicodedata.normalize("NFC", w) for w in Mnemonic(LANGUAGES[language]).wordlist]
    if language == "ru":
        words[1572] = "снова"
    return tuple(words)


def check_byte(random):
    return blake2b(b"candor codename" + random, 32)[:1]


def spell(secret, language):
    number = int.from_bytes(secret, "big")
    return [words_of(language)[number >> 11 * (7 - place) & 2047] for place in range(8)]


def new_codename():
    random = os.urandom(10)
    return random + check_byte(random)


def _plain(word, language):
    word = unicodedata.normalize("NFC", word.lower())
    if language == "ru":
        return word.replace("ё", "е")
    parts = unicodedata.normalize("NFD", word)
    return "".join(c for c in parts if not unicodedata.combining(c))


@cache
def _plain_words(language):
    return [_plain(one, language) for one in words_of(language)]


def _place(word, language, *, shortened):
    plain = _plain_words(language)
    wanted = _plain(word, language)
    if wanted in plain:
        return plain.index(wanted)
    if shortened and len(wanted) >= 4:
        fits = [place for place, one in enumerate(plain) if one.startswith(wanted)]
        return fits[0] if len(fits) == 1 else None
    return None


def read_codename(text, language="en"):
    """Return the 11 bytes."""
    text = "".join(c for c in text if c == "\u200b" or unicodedata.category(c) != "Cf")
    text = unicodedata.normalize("NFC", text)
    words = re.findall(r"[^\W\d_]+", text)
    order = [language, *(one for one in LANGUAGES if one != language)]
    for shortened in (False, True):
        for one in order:
            places = [_place(word, one, shortened=shortened) for word in words]
            if len(places) != 8 or None in places:
                continue
            number = 0
            for place in places:
                number = number << 11 | place
            secret = number.to_bytes(11, "big")
            if check_byte(secret[:10]) == secret[10:]:
                return secret
    raise CodenameError


@dataclass(frozen=True)
class SourceKeys:
    token: bytes
    identity: Identity
    signing: bytes

    @property
    def address(self):
        return blake2b(self.token, 32)

    @property
    def key(self):
        return bytes(SigningKey(self.signing).verify_key)

    @property
    def info(self):
        """The three lines of bag-info.txt."""
        return {
            "Source-Mailbox": self.address.hex(),
            "Source-Recipient": self.identity.recipient,
            "Source-Key": key_text(self.key),
        }


def derive(secret, service_id):
    salt = blake2b(b"candor mailbox v1" + service_id, 16)
    root = argon2id.kdf(32, secret, salt, opslimit=2, memlimit=64 * 1024 * 1024)
    return SourceKeys(subkey(root, 1), Identity(subkey(root, 2)), subkey(root, 3))


@dataclass(frozen=True)
class ReviewerKeys:
    identity: Identity

    @property
    def signing(self):
        return subkey(self.identity.seed, 3)

    @property
    def key(self):
        return bytes(SigningKey(self.signing).verify_key)
