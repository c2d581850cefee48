"""Decoys as they must not be: each lets a kept-out reviewer tell it from a report."""

import os

from app.state import Service
from crypto import sodium
from crypto.envelope import begin
from crypto.keys import Recipient
from crypto.padding import SMALLEST_BYTES
from crypto.stanza import HYBRID_ENC_BYTES, WRAPPED_BYTES, HybridStanza, Stanza
from tests.support.service import CHANNEL

_STOCK: list[Stanza] = []


def of_noise(service: Service) -> None:
    """Stanzas of random bytes, which no key agreement ever made."""
    _send(service, [_noise() for _ in range(_slots(service))], os.urandom(16))


def in_order(service: Service) -> None:
    """Stanzas sorted where others are shuffled."""
    stanzas = [_blank() for _ in range(_slots(service))]
    _send(service, sorted(stanzas, key=lambda stanza: stanza.arguments), os.urandom(16))


def with_a_constant(service: Service) -> None:
    """A nonce that is always the same."""
    _send(service, [_blank() for _ in range(_slots(service))], bytes(16))


def from_a_stock(service: Service) -> None:
    """Stanzas that are used again, since making them takes time."""
    while len(_STOCK) < _slots(service):
        _STOCK.append(_blank())
    _send(service, _STOCK[: _slots(service)], os.urandom(16))


def _slots(service: Service) -> int:
    return service.channel(CHANNEL).slots


def _blank() -> Stanza:
    return Recipient.throw_away().wrap(sodium.random_bytes(16)).stanza()


def _noise() -> Stanza:
    return HybridStanza(os.urandom(HYBRID_ENC_BYTES), os.urandom(WRAPPED_BYTES)).stanza()


def _send(service: Service, stanzas: list[Stanza], nonce: bytes) -> None:
    with service.intake.begin(service.door(service.channel(CHANNEL))) as arrival:
        payload = begin(arrival, stanzas, os.urandom(16), nonce)
        payload.write(bytes(SMALLEST_BYTES))
        payload.close()
        arrival.commit()
