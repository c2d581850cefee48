"""Make the vectors of words, keys and signatures again: `python -m tests.vectors.make_keys`.

These are codename.json, source_keys.json, minisign.json and roster.json; nothing is drawn.
"""

import hashlib
import json
from pathlib import Path

from crypto import sodium
from crypto.codename import Codename
from crypto.minisign import SignedKind, SigningKey, digest
from crypto.signed_roster import sign_roster
from crypto.source_keys import derive_source_keys
from crypto.wordlist import NAMES
from tests.crypto.roster_example import ROOT, ROSTER

PLACE = Path(__file__).parent
COUNTING = bytes(range(32))
MESSAGE = "what was seen at the gate\n"


def main() -> None:
    write("codename", [codename(drawn) for drawn in (bytes(10), COUNTING[:10], b"\xff" * 10)])
    derived = [
        source_keys(bytes(10), bytes(16)),
        source_keys(COUNTING[:10], COUNTING[:16]),
    ]
    subkeys = [subkey(root, number) for root in (bytes(32), COUNTING) for number in (1, 2, 3)]
    write("source_keys", {"source_keys": derived, "subkeys": subkeys})
    write("minisign", signatures(SigningKey(COUNTING)))
    write("roster", roster())


def write(name: str, content: object) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (PLACE / f"{name}.json").write_text(text, encoding="utf-8")


def codename(drawn: bytes) -> dict[str, object]:
    return {
        "random_hex": drawn.hex(),
        "secret_hex": Codename.from_random(drawn).secret.hex(),
        "words": {
            language: " ".join(Codename.from_random(drawn, language).words) for language in NAMES
        },
    }


def source_keys(drawn: bytes, service_id: bytes) -> dict[str, str]:
    codename = Codename.from_random(drawn)
    keys = derive_source_keys(codename, service_id)
    return {
        "words": " ".join(codename.words),
        "secret_hex": codename.secret.hex(),
        "service_id_hex": service_id.hex(),
        "token_hex": keys.token.hex(),
        "address_hex": keys.address.hex(),
        "seed_hex": keys.identity.seed.hex(),
        "recipient_sha256_hex": hashlib.sha256(keys.identity.recipient.raw).hexdigest(),
        "signing_hex": keys.signing.seed.hex(),
        "key": keys.signing.verify_key.serialize(),
    }


def subkey(root: bytes, number: int) -> dict[str, object]:
    return {
        "root_hex": root.hex(),
        "number": number,
        "subkey_hex": sodium.subkey(root, number).hex(),
    }


def signatures(key: SigningKey) -> dict[str, object]:
    return {
        "seed_hex": key.seed.hex(),
        "public_key": key.verify_key.serialize(),
        "message": MESSAGE,
        "signatures": {
            kind: key.sign(kind, digest(MESSAGE.encode())).decode() for kind in SignedKind
        },
    }


def roster() -> dict[str, str]:
    document, signature = sign_roster(ROSTER, ROOT)
    return {
        "root_seed_hex": ROOT.seed.hex(),
        "root_key": ROSTER.root.serialize(),
        "document": document.decode(),
        "signature": signature.decode(),
    }


if __name__ == "__main__":
    main()
