"""What a courier can ask for. Nothing here changes what is kept, or for how long, but by adding.

The whole router stands behind `require_courier`: a route that is added cannot be forgotten there.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import BinaryIO, Final, TypeVar

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.body import Pump, in_thread
from app.courier_access import ChannelDep, ErrandDep, require_courier
from app.courier_desk import CourierDesk
from app.courier_refusals import CourierReason, CourierRefusal
from app.delivery import Delivered, deliver_bundle
from app.file_answer import FileAnswer
from app.state import Service, ServiceDep
from crypto.bundle import MAX_ENVELOPES
from crypto.checkpoint import NoteSignature, witness_name
from crypto.errors import MalformedLogError
from crypto.reply import MAX_REPLY_BYTES
from intake.errors import TooLargeError
from intake.spool import Spool
from intake.values import EnvelopeHash

router = APIRouter(prefix="/courier", dependencies=[Depends(require_courier)])

MAX_SIGNATURE_LINE_BYTES: Final = 1024
# names, manifests and the ZIP's own structures, beside the envelopes
MAX_BUNDLE_BYTES: Final = MAX_ENVELOPES * MAX_REPLY_BYTES + (1 << 20)
_Done = TypeVar("_Done")


@router.get("/roster.json")
async def roster(service: ServiceDep) -> Response:
    """Send the roster in force, exactly as the root key signed it."""
    return Response(service.signed_roster.document, media_type="application/json")


@router.get("/roster.json.minisig")
async def roster_signature(service: ServiceDep) -> Response:
    """Send its signature."""
    return Response(service.signed_roster.signature, media_type="text/plain")


@router.get("/forms/{name}")
async def form_document(service: ServiceDep, name: str) -> Response:
    """Send the questions of a channel, exactly as the roster names them by their hash."""
    return Response(service.form_document(name), media_type="application/toml")


@router.get("/log/{channel}/{day}.json")
async def log_day(service: ServiceDep, channel: ChannelDep, day: str) -> Response:
    """Send a day of a channel's log."""
    file = await _in_thread(service, partial(service.intake.open_log_day, channel, _day(day)))
    return FileAnswer(file, service.desk.threads, "application/json")


@router.get("/envelopes/{channel}/{digest}")
async def envelope(
    request: Request, service: ServiceDep, channel: ChannelDep, digest: str
) -> Response:
    """Send an envelope of a closed day, or the rest of one."""
    wanted = request.headers.getlist("range")
    if len(wanted) > 1:
        raise CourierRefusal(CourierReason.BAD_REQUEST)
    file: BinaryIO = await _in_thread(
        service, partial(service.intake.open_logged, channel, _hash(digest))
    )
    return FileAnswer(
        file, service.desk.threads, "application/octet-stream", wanted="".join(wanted) or None
    )


@router.put("/log/{channel}/{day}/cosignature")
async def cosign(
    request: Request, service: ServiceDep, errand: ErrandDep, channel: ChannelDep, day: str
) -> Response:
    """Take this courier's signature, as a witness, of the head after a day."""
    body = await _small_body(request, errand.body_sha256)
    work = partial(
        service.intake.cosign,
        channel,
        _day(day),
        _signature_line(body),
        name=witness_name(service.roster.service_id, errand.courier.id),
        key=errand.courier.key,
    )
    await _in_thread(service, work)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/bundles")
async def take_bundle(request: Request, service: ServiceDep, errand: ErrandDep) -> Response:
    """Take a reviewer's bundle, and deliver what it holds."""
    if service.is_closed:
        raise CourierRefusal(CourierReason.ROSTER_EXPIRED)
    with service.desk.bundles.one(errand.courier.id):
        done = await _deliver(request, service, errand)
    return JSONResponse({"delivered": done.new, "already": done.already})


async def _deliver(request: Request, service: Service, errand: ErrandDep) -> Delivered:
    """Spool a bundle, hold it to what was signed, and deliver it."""
    length = request.headers.get("content-length", "")
    expected = int(length) if length.isdecimal() else 0
    make = partial(service.intake.spool, max_bytes=MAX_BUNDLE_BYTES, expected_bytes=expected)
    spool: Spool = await _in_thread(service, make)
    state = hashlib.sha256()

    def take(block: bytearray) -> None:
        spool.write(block)
        state.update(block)

    desk = service.desk
    try:
        await _pump(request, desk, take)
        _require_digest(state.digest(), errand.body_sha256)
        rosters = (service.roster, *service.earlier)
        work = partial(deliver_bundle, spool.file, service.intake, rosters, service.today())
        return await _in_thread(service, work)
    finally:
        await _in_thread(service, spool.close)


async def _pump(request: Request, desk: CourierDesk, take: Callable[[bytearray], None]) -> None:
    """Read a bundle's body; the connection's clocks alone would let a trickle go on for months."""
    try:
        async with asyncio.timeout(desk.bundle_time.total_seconds()):
            await Pump(take, desk.threads, desk.budget).run(request.stream())
    except TimeoutError:
        raise CourierRefusal(CourierReason.TOO_SLOW) from None


async def _small_body(request: Request, sha256: bytes | None) -> bytes:
    """Read a body of one line."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_SIGNATURE_LINE_BYTES:
            raise TooLargeError("the body is more than a line")
    _require_digest(hashlib.sha256(body).digest(), sha256)
    return bytes(body)


def _require_digest(found: bytes, signed: bytes | None) -> None:
    if signed is None or not hmac.compare_digest(found, signed):
        raise CourierRefusal(CourierReason.OTHER_BODY)


def _signature_line(body: bytes) -> NoteSignature:
    try:
        signature = NoteSignature.parse(body.decode("utf-8").removesuffix("\n"))
    except (MalformedLogError, UnicodeDecodeError):
        raise CourierRefusal(CourierReason.NO_COSIGNATURE) from None
    if signature.serialize().encode() != body:
        raise CourierRefusal(CourierReason.NO_COSIGNATURE)
    return signature


def _day(text: str) -> date:
    """Read a day, written in the one way that a day of the log has."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CourierRefusal(CourierReason.NOT_FOUND) from None
    if day.isoformat() != text:
        raise CourierRefusal(CourierReason.NOT_FOUND)
    return day


def _hash(text: str) -> EnvelopeHash:
    """Read an envelope's hash, written in the one way that it has."""
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        raise CourierRefusal(CourierReason.NOT_FOUND) from None
    if digest.hex() != text:
        raise CourierRefusal(CourierReason.NOT_FOUND)
    return EnvelopeHash(digest)


async def _in_thread(service: Service, work: Callable[[], _Done]) -> _Done:
    return await in_thread(service.desk.threads, work)
