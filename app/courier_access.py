"""Who may ask here: a courier of the roster, who signed exactly this request just now.

Only then is its nonce written down, so that a stranger makes the service write nothing.
"""

import time
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import Request

from app.body import in_thread
from app.body_watch import has_body
from app.courier_refusals import CourierReason, CourierRefusal
from app.state import ServiceDep
from crypto import http_signature
from crypto.errors import UnsignedRequestError
from crypto.http_signature import RequestSignature, parse_signature
from crypto.roster import Courier, Roster

_WITH_BODY: Final = frozenset({"POST", "PUT"})


@dataclass(frozen=True, slots=True)
class Errand:
    """A request that is a courier's.

    Attributes:
        courier: as the roster in force names it.
        body_sha256: what the body's must be; None when it has none.
    """

    courier: Courier
    body_sha256: bytes | None


async def require_courier(request: Request, service: ServiceDep) -> Errand:
    """Find whose request this is.

    Raises:
        UnsignedRequestError: nobody's of the roster, or signed at another time.
        ReplayedRequestError: it was answered before.
        CourierRefusal: it has a body that nobody signed.
    """
    signature = parse_signature(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    )
    courier = _courier(service.roster, signature)
    signature.require(_signed(request, signature), courier.key, time.time())
    _require_body_as_signed(request, signature)
    remember = partial(service.intake.remember_request, courier.id, signature.nonce)
    await in_thread(service.desk.threads, remember)
    return Errand(courier, signature.body_sha256)


ErrandDep = Annotated[Errand, Depends(require_courier)]


def require_channel(channel: str, errand: ErrandDep) -> str:
    """Hold a courier to its channels; whether there are others it does not learn.

    Raises:
        CourierRefusal: not one of them.
    """
    if channel not in errand.courier.channels:
        raise CourierRefusal(CourierReason.OTHER_CHANNEL)
    return channel


ChannelDep = Annotated[str, Depends(require_channel)]


def _courier(roster: Roster, signature: RequestSignature) -> Courier:
    for courier in roster.couriers:
        if courier.id == signature.courier:
            return courier
    raise UnsignedRequestError("no courier of the roster has this id")


def _signed(request: Request, signature: RequestSignature) -> http_signature.Request:
    """Take what must have been signed from the request as it came over the wire."""
    return http_signature.Request(
        request.method,
        request.scope["raw_path"].decode("latin-1"),
        request.scope["query_string"].decode("latin-1"),
        signature.body_sha256,
    )


def _require_body_as_signed(request: Request, signature: RequestSignature) -> None:
    may_have_one = request.method in _WITH_BODY
    if may_have_one != (signature.body_sha256 is not None):
        raise UnsignedRequestError("the signature does not cover what the request carries")
    if has_body(request.headers) and not may_have_one:
        raise CourierRefusal(CourierReason.BAD_REQUEST)
