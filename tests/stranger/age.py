"""age v1 with hybrid recipients, from the public specifications and docs/protocol.md section 2."""

import hashlib
import hmac
import os
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

VERSION = b"age-encryption.org/v1\n"
HYBRID = b"mlkem768x25519"
INFO = b"age-encryption.org/mlkem768x25519"
SUITE = b"HPKE" + bytes.fromhex("647a 0001 0003")
CHUNK = MAX_HEADER = 65_536


class MalformedError(Exception):
    pass


class NotAddressedError(Exception):
    pass


class DamagedError(Exception):
    pass


# bech32 (BIP-173) without its limit of length

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _polymod(values):
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, word in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= word if top >> bit & 1 else 0
    return check


def _expand(prefix):
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def bech32_encode(prefix, data):
    bits = int.from_bytes(data, "big") << (-len(data) * 8 % 5)
    count = -(-len(data) * 8 // 5)
    words = [bits >> 5 * (count - 1 - place) & 31 for place in range(count)]
    check = _polymod(_expand(prefix) + words + [0] * 6) ^ 1
    words += [check >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(LETTERS[word] for word in words)


def bech32_decode(prefix, text, size):
    """`text` in one case; whatever is not the one way to write `size` bytes is malformed."""
    if text not in (text.lower(), text.upper()) or not text.lower().startswith(prefix + "1"):
        raise MalformedError("bech32 prefix or case")
    try:
        words = [LETTERS.index(letter) for letter in text.lower()[len(prefix) + 1 :]]
    except ValueError:
        raise MalformedError("bech32 letter") from None
    bits = 0
    for word in words[:-6]:
        bits = bits << 5 | word
    spare = len(words[:-6]) * 5 - size * 8
    if not 0 <= spare < 5:
        raise MalformedError("bech32 length")
    data = (bits >> spare).to_bytes(size, "big")
    if bech32_encode(prefix, data) != text.lower():
        raise MalformedError("bech32 checksum or spare bits")
    return data


# X-Wing and HPKE


@dataclass(frozen=True)
class Identity:
    seed: bytes

    @property
    def _halves(self):
        expanded = hashlib.shake_256(self.seed).digest(96)
        lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        return lattice, X25519PrivateKey.from_private_bytes(expanded[64:])

    @property
    def public(self):
        lattice, curve = self._halves
        return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

    @property
    def recipient(self):
        return bech32_encode("age1pq", self.public)

    @property
    def text(self):
        return bech32_encode("age-secret-key-pq-", self.seed).upper()

    @classmethod
    def parse(cls, text):
        return cls(bech32_decode("age-secret-key-pq-", text, 32))

    def unwrap(self, enc, body):
        lattice, curve = self._halves
        try:
            shared = curve.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
        except ValueError:
            raise MalformedError("a share of low order") from None
        secret = _combine(lattice.decapsulate(enc[:1088]), shared, enc[1088:], self.public[1184:])
        try:
            return _hpke(secret, lambda cipher, nonce: cipher.decrypt(nonce, body, b""))
        except InvalidTag:
            return None


def parse_recipient(text):
    """Return the 1,216 bytes, which are two keys that something can be sealed to."""
    public = bech32_decode("age1pq", text, 1216)
    try:
        MLKEM768PublicKey.from_public_bytes(public[:1184])
        other = X25519PublicKey.from_public_bytes(public[1184:])
        X25519PrivateKey.generate().exchange(other)
    except ValueError:
        raise MalformedError("recipient") from None
    return public


def _combine(lattice_secret, curve_secret, share, public):
    return hashlib.sha3_256(lattice_secret + curve_secret + share + public + b"\\.//^\\").digest()


def _extract(salt, data):
    return hmac.digest(salt or bytes(32), data, "sha256")


def _expand_key(key, info, size):
    return hmac.digest(key, info + b"\x01", "sha256")[:size]


def _labeled_extract(salt, label, data):
    return _extract(salt, b"HPKE-v1" + SUITE + label + data)


def _hpke(secret, use):
    context = b"\0" + _labeled_extract(b"", b"psk_id_hash", b"")
    context += _labeled_extract(b"", b"info_hash", INFO)
    schedule = _labeled_extract(secret, b"secret", b"")

    def expand(label, size):
        info = size.to_bytes(2, "big") + b"HPKE-v1" + SUITE + label + context
        return _expand_key(schedule, info, size)

    return use(ChaCha20Poly1305(expand(b"key", 32)), expand(b"base_nonce", 12))


def wrap(public, file_key):
    """One stanza."""
    lattice_secret, ciphertext = MLKEM768PublicKey.from_public_bytes(public[:1184]).encapsulate()
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public[1184:]))
    secret = _combine(lattice_secret, shared, share, public[1184:])
    body = _hpke(secret, lambda cipher, nonce: cipher.encrypt(nonce, file_key, b""))
    return stanza(ciphertext + share, body)


# the file


def b64(data):
    return b64encode(data).rstrip(b"=")


def unb64(text):
    try:
        data = b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise MalformedError("base64") from None
    if b64(data) != text:
        raise MalformedError("base64 is not canonical")
    return data


def stanza(enc, body):
    return b"-> " + HYBRID + b" " + b64(enc) + b"\n" + b64(body) + b"\n"


def mac(file_key, covered):
    key = _expand_key(_extract(b"", file_key), b"header", 32)
    return hmac.digest(key, covered, "sha256")


def finish(stanzas, file_key, nonce, plaintext):
    """Join finished stanzas and seal the payload."""
    header = VERSION + b"".join(stanzas) + b"---"
    header += b" " + b64(mac(file_key, header)) + b"\n"
    cipher = ChaCha20Poly1305(_expand_key(_extract(nonce, file_key), b"payload", 32))
    chunks = [plaintext[at : at + CHUNK] for at in range(0, len(plaintext), CHUNK)] or [b""]
    sealed = [
        cipher.encrypt(number.to_bytes(11, "big") + bytes([number == len(chunks) - 1]), chunk, b"")
        for number, chunk in enumerate(chunks)
    ]
    return header + nonce + b"".join(sealed)


def seal(plaintext, recipients, slots):
    """Seal to `recipients` (`age1pq1…`); blank stanzas fill the slots; their order is random."""
    if not 0 < len(recipients) <= slots:
        raise ValueError("more recipients than slots")
    file_key = os.urandom(16)
    stanzas = [wrap(parse_recipient(recipient), file_key) for recipient in recipients]
    blanks = slots - len(recipients)
    stanzas += [wrap(Identity(os.urandom(32)).public, os.urandom(16)) for _ in range(blanks)]
    secrets.SystemRandom().shuffle(stanzas)
    return finish(stanzas, file_key, os.urandom(16), plaintext)


LINE = rb"[A-Za-z0-9+/]"
STANZA = re.compile(
    rb"-> ([!-~]+(?: [!-~]+)*)\n((?:" + LINE + rb"{64}\n)*" + LINE + rb"{0,63}\n)", re.ASCII
)
MAC = re.compile(rb"--- (" + LINE + rb"{43})\n")


def parse_header(data):
    """Return the stanzas as (arguments, body), the MAC, what it covers, and its length."""
    if not data.startswith(VERSION):
        raise MalformedError("no age file")
    at, stanzas = len(VERSION), []
    while found := STANZA.match(data, at):
        stanzas.append((found[1].split(b" "), unb64(found[2].replace(b"\n", b""))))
        at = found.end()
    end = MAC.match(data, at)
    if not end or not stanzas or end.end() > MAX_HEADER:
        raise MalformedError("header")
    return stanzas, unb64(end[1]), data[: at + 3], end.end()


def _file_key(stanzas, identities):
    hybrids = []
    for arguments, body in stanzas:
        if arguments[0] == HYBRID:
            if len(arguments) != 2 or len(enc := unb64(arguments[1])) != 1120 or len(body) != 32:
                raise MalformedError("stanza")
            hybrids.append((enc, body))
    opened = [one.unwrap(*parts) for one in identities for parts in hybrids]
    return next((file_key for file_key in opened if file_key is not None), None)


def open_payload(data, file_key):
    """Verify the header under `file_key` and open every chunk."""
    _, expected, covered, at = parse_header(data)
    if not hmac.compare_digest(mac(file_key, covered), expected):
        raise DamagedError("header MAC")
    nonce, sealed = data[at : at + 16], data[at + 16 :]
    cipher = ChaCha20Poly1305(_expand_key(_extract(nonce, file_key), b"payload", 32))
    step, plaintext = CHUNK + 16, []
    for number, start in enumerate(range(0, max(len(sealed), 1), step)):
        last = start + step >= len(sealed)
        try:
            chunk_nonce = number.to_bytes(11, "big") + bytes([last])
            plaintext.append(cipher.decrypt(chunk_nonce, sealed[start : start + step], b""))
        except (InvalidTag, ValueError):
            raise DamagedError(f"chunk {number}") from None
    if len(plaintext) > 1 and not plaintext[-1]:
        raise DamagedError("empty final chunk")
    return b"".join(plaintext)


def open_age(data, identities):
    """Open an envelope."""
    file_key = _file_key(parse_header(data)[0], identities)
    if file_key is None:
        raise NotAddressedError
    return open_payload(data, file_key)


# identity files


def _scrypt(passphrase, salt, work):
    salt = b"age-encryption.org/v1/scrypt" + salt
    return hashlib.scrypt(
        passphrase.encode(), salt=salt, n=1 << work, r=8, p=1, maxmem=1 << (work + 11), dklen=32
    )


def seal_identity(identity, passphrase, work=18, drawn=None):
    """`drawn` is salt, file key and nonce, 16 random bytes each."""
    salt, file_key, nonce = drawn or (os.urandom(16), os.urandom(16), os.urandom(16))
    body = ChaCha20Poly1305(_scrypt(passphrase, salt, work)).encrypt(bytes(12), file_key, b"")
    one = b"-> scrypt " + b64(salt) + b" %d\n" % work + b64(body) + b"\n"
    text = f"# public key: {identity.recipient}\n{identity.text}\n".encode()
    return finish([one], file_key, nonce, text)


def open_identity(data, passphrase):
    stanzas = parse_header(data)[0]
    arguments, body = stanzas[0]
    if len(stanzas) != 1 or len(arguments) != 3 or arguments[0] != b"scrypt" or len(body) != 32:
        raise MalformedError("no identity file")
    salt = unb64(arguments[1])
    if len(salt) != 16 or not re.fullmatch(rb"[1-9][0-9]?", arguments[2]) or int(arguments[2]) > 20:
        raise MalformedError("scrypt")
    try:
        cipher = ChaCha20Poly1305(_scrypt(passphrase, salt, int(arguments[2])))
        file_key = cipher.decrypt(bytes(12), body, b"")
    except InvalidTag:
        raise NotAddressedError from None
    lines = open_payload(data, file_key).decode().splitlines()
    (text,) = [line for line in lines if line and not line.startswith("#")]
    return Identity.parse(text)
