"""Make envelope.json again: `.venv/bin/python -m tests.vectors.make_envelope`.

Everything that is drawn in earnest is fixed here, the encapsulation's randomness included.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

from crypto.envelope import begin
from crypto.identity_file import identity_text
from crypto.keys import Identity
from crypto.passphrase_file import _seal
from crypto.payload import PayloadWriter
from crypto.stanza import HybridStanza
from tests.crypto.independent_hpke import seal
from tests.crypto.node_programs import run_node, to_base64

PLACE = Path(__file__).parent / "envelope.json"
FILE_KEY = bytes(range(0x20, 0x30))
NONCE = bytes(range(0x30, 0x40))
SALT = bytes(range(0x40, 0x50))
TEXT = "The text of a report. Текст сообщения.\n"
LONG = bytes(number % 251 for number in range(200_000))
STANZAS = (  # in the order in which they stand in the header: a blank one, then the reviewer's
    {"seed": bytes([0xB1]) * 32, "wraps": bytes([0xB2]) * 16, "randomness": bytes(range(64))},
    {"seed": bytes(range(32)), "wraps": FILE_KEY, "randomness": bytes(range(64, 128))},
)


def main() -> None:
    PLACE.write_text(json.dumps(vector(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def vector() -> dict[str, Any]:
    identity = Identity(STANZAS[1]["seed"])
    stanzas = hybrid_stanzas()
    return {
        "note": "Hex, or base64 where a name ends in _b64. randomness is what "
        "crypto_kem_xwing_enc_deterministic takes.",
        "identity": identity.serialize(),
        "recipient": identity.recipient.serialize(),
        "file_key": FILE_KEY.hex(),
        "payload_nonce": NONCE.hex(),
        "stanzas": [
            {
                "identity_seed": given["seed"].hex(),
                "wraps": given["wraps"].hex(),
                "randomness": given["randomness"].hex(),
                "enc_b64": to_base64(made.enc),
                "body": made.wrapped.hex(),
            }
            for given, made in zip(STANZAS, stanzas, strict=True)
        ],
        "plaintext": TEXT,
        "envelope_b64": to_base64(envelope(stanzas)),
        "long_payload": {
            "plaintext": "200,000 bytes; byte i is i mod 251",
            "bytes": len(payload(LONG)),
            "sha256": hashlib.sha256(payload(LONG)).hexdigest(),
        },
        "identity_file": {
            "passphrase": "верные слова",
            "work_factor": 10,
            "salt": SALT.hex(),
            "file_b64": to_base64(identity_file(identity)),
        },
    }


def hybrid_stanzas() -> list[HybridStanza]:
    """Wrap with HPKE as written down in the tests, over an encapsulation by npm @noble."""
    jobs = [
        {
            "recipient": Identity(given["seed"]).recipient.raw.hex(),
            "randomness": given["randomness"].hex(),
        }
        for given in STANZAS
    ]
    answers = json.loads(run_node("xwing.mjs", given=jobs))
    return [
        HybridStanza(
            bytes.fromhex(answer["enc"]), seal(bytes.fromhex(answer["secret"]), given["wraps"])
        )
        for given, answer in zip(STANZAS, answers, strict=True)
    ]


def envelope(stanzas: list[HybridStanza]) -> bytes:
    out = io.BytesIO()
    writer = begin(out, [stanza.stanza() for stanza in stanzas], FILE_KEY, NONCE)
    writer.write(TEXT.encode())
    writer.close()
    return out.getvalue()


def payload(plaintext: bytes) -> bytes:
    out = io.BytesIO()
    writer = PayloadWriter(out, FILE_KEY, NONCE)
    writer.write(plaintext)
    writer.close()
    return out.getvalue()


def identity_file(identity: Identity) -> bytes:
    content = identity_text(identity).encode()
    return _seal(content, "верные слова", 10, file_key=bytearray(FILE_KEY), salt=SALT, nonce=NONCE)


if __name__ == "__main__":
    main()
