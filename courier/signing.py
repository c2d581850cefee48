"""The signature under each of a courier's requests."""

import time
from collections.abc import Callable

from courier.client import Client, Sign
from courier.state import CourierDirectory
from crypto.http_signature import Request, sign_request
from crypto.minisign import SigningKey


def signer(key: SigningKey, courier: str, now: Callable[[], float] = time.time) -> Sign:
    """Sign requests as a courier, each at its time and with a nonce of its own."""

    def sign(method: str, path: str, sha256: bytes | None) -> dict[str, str]:
        request = Request(method, path, body_sha256=sha256)
        return sign_request(request, courier, key, int(now()))

    return sign


def client_of(courier: CourierDirectory) -> Client:
    """Open a client that signs as this courier."""
    settings = courier.settings
    return Client(settings.service, settings, signer(courier.key, settings.id))
