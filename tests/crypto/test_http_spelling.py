"""The fields of a signed request have one spelling; every other one is refused."""

import base64
import hashlib

import pytest

from crypto.errors import UnsignedRequestError
from crypto.http_signature import parse_digest, parse_signature
from tests.crypto.test_http_signature import HELLO, NOW, POST, signed

INPUT = signed()["signature-input"]
MADE = signed()["signature"]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "candor",
        INPUT.replace("candor", "sig1"),
        INPUT.replace("=(", "= ("),
        INPUT.replace('" "', '"  "'),
        INPUT.replace('"@method" "@path"', '"@path" "@method"'),
        INPUT.replace('"@method" ', ""),
        INPUT.replace('("@method"', '("@method" "@method"'),
        INPUT.replace('"@query"', '"@query" "@authority"'),
        INPUT.replace('"@query"', '"@query";req'),
        INPUT.replace(";created", "; created"),
        INPUT.replace(f"created={NOW}", f"created=0{NOW}"),
        INPUT.replace(f"created={NOW}", f"created=-{NOW}"),
        INPUT.replace(f"created={NOW}", f"created={NOW}.0"),
        INPUT.replace(f"created={NOW}", f'created="{NOW}"'),
        INPUT.replace(f"created={NOW}", "created=" + "9" * 16),
        INPUT.replace(f";created={NOW}", ""),
        INPUT.replace(f"created={NOW}", f"created={NOW};created={NOW}"),
        INPUT.replace(f"created={NOW}", f"created={NOW};expires={NOW}"),
        INPUT.replace('nonce="AAEC', 'nonce="AA=C'),
        INPUT.replace('nonce="AAEC', 'nonce="AA+C'),
        INPUT.replace('ODxAR"', 'ODxAR=="'),
        INPUT.replace('AAECAwQFBgcICQoLDA0ODxAR"', 'AAECAwQFBgcICQoLDA0O"'),  # 15 bytes
        INPUT.replace('AAECAwQFBgcICQoLDA0ODxAR"', 'AAECAwQFBgcICQoLDA0ODx"'),  # unused bits
        INPUT.replace('AAECAwQFBgcICQoLDA0ODxAR"', "A" * 44 + '"'),  # 33 bytes
        INPUT.replace('keyid="van"', 'keyid="Van"'),
        INPUT.replace('keyid="van"', 'keyid="v\\"n"'),
        INPUT.replace('keyid="van"', "keyid=van"),
        INPUT.replace('keyid="van"', 'keyid=""'),
        INPUT.replace('keyid="van"', f'keyid="{"v" * 33}"'),
        INPUT.replace("ed25519", "ED25519"),
        INPUT.replace("ed25519", "hmac-sha256"),
        INPUT.replace(';alg="ed25519"', ""),
        INPUT + ';tag="x"',
        INPUT + ";x",
        INPUT + " ",
        " " + INPUT,
        INPUT + "\n",
        INPUT + ", other=()",
        f"{INPUT}, {INPUT}",
        INPUT.replace("created=1", "created=\N{ARABIC-INDIC DIGIT ONE}"),
        INPUT.replace("candor", "ca\0dor"),
    ],
)
def test_signature_input_has_one_spelling(value: str) -> None:
    with pytest.raises(UnsignedRequestError):
        parse_signature((signed() | {"signature-input": value}).items())


@pytest.mark.parametrize(
    "value",
    [
        "",
        MADE.replace("candor", "sig1"),
        MADE.replace("=:", "=: "),
        MADE.replace("=:", "="),
        MADE.removesuffix(":"),
        MADE + ";x",
        MADE + ", other=:AA==:",
        f"{MADE}, {MADE}",
        MADE + "\n",
        "candor=:AAAA:",
        f"candor=:{base64.b64encode(bytes(65)).decode()}:",
        f"candor=:{base64.b64encode(bytes(64)).decode().replace('A==', 'B==')}:",
        f"candor=:{base64.b64encode(bytes(64)).decode().rstrip('=')}:",
        f"candor=:{base64.urlsafe_b64encode(bytes([255] * 64)).decode()}:",
        f"candor=:{'A' * 4096}:",
    ],
)
def test_signature_has_one_spelling(value: str) -> None:
    with pytest.raises(UnsignedRequestError):
        parse_signature((signed() | {"signature": value}).items())


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"sha-512=:{base64.b64encode(hashlib.sha512(HELLO).digest()).decode()}:",
        "SHA-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
        "sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE:",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPF=:",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:;x",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, unixsum=1",
        "sha-256=:X48E9qOokqqrvdts8nOJRA==:",
    ],
)
def test_content_digest_has_one_spelling(value: str) -> None:
    with pytest.raises(UnsignedRequestError):
        parse_digest(value)
    with pytest.raises(UnsignedRequestError):
        parse_signature((signed(POST) | {"content-digest": value}).items())


@pytest.mark.parametrize("name", ["signature", "signature-input", "content-digest"])
def test_each_field_comes_once(name: str) -> None:
    fields = [*signed(POST).items()]
    with pytest.raises(UnsignedRequestError, match="twice"):
        parse_signature([*fields, (name, dict(fields)[name])])


@pytest.mark.parametrize("name", ["signature", "signature-input"])
def test_each_field_comes(name: str) -> None:
    left = [(other, value) for other, value in signed().items() if other != name]
    with pytest.raises(UnsignedRequestError, match="not signed"):
        parse_signature(left)
