"""Why a courier's request is refused: a status and fixed words, nothing of what was sent.

There is no page here: a courier's program reads the status, and a person the words.
"""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import crypto.errors as formats
import intake.errors as storage
from app.errors import Reason, Refusal


class CourierReason(StrEnum):
    """Every reason there is, in the words that are sent."""

    UNSIGNED = "the request is not signed by a courier of the roster"
    UNTIMELY = "the request was signed at another time than now: one of the two clocks is wrong"
    REPLAYED = "the request was answered before: each one needs a signature of its own"
    OTHER_BODY = "the body is not the one that was signed"
    OTHER_CHANNEL = "this courier does not fetch this channel"
    BAD_REQUEST = "the request is not one that is understood here"
    NOT_FOUND = "there is no such thing here, or not yet"
    WRONG_METHOD = "this is not done that way"
    NOTHING_THERE = "there is nothing from there on"
    TOO_LARGE = "the body is larger than what is taken here"
    NO_COSIGNATURE = "it is not this courier's signature of the head of that day"
    UNSIGNED_BUNDLE = "the bundle is signed by nobody who may send one"
    NO_BUNDLE = "it is no outbound bundle, or it was damaged"
    NO_ENVELOPE = "the bundle holds something that this service does not take"
    ELSEWHERE = (
        "an envelope of the bundle was handed in for another channel before; all others were"
        " delivered: tell the reviewer who made it"
    )
    TOO_SLOW = "the bundle took too long to come: try again on a better connection"
    BUSY = "bundles of this courier are on their way already: try again later"
    STORAGE_FULL = "the service has no room left: tell its operator"
    STORAGE_FAILED = "the service could not store it: try again later"
    ROSTER_EXPIRED = "the roster of the service has expired: tell its operator"
    INTERNAL = "the service failed: tell its operator"


STATUS: Final[Mapping[CourierReason, HTTPStatus]] = {
    CourierReason.UNSIGNED: HTTPStatus.FORBIDDEN,
    CourierReason.UNTIMELY: HTTPStatus.FORBIDDEN,
    CourierReason.REPLAYED: HTTPStatus.FORBIDDEN,
    CourierReason.OTHER_BODY: HTTPStatus.FORBIDDEN,
    CourierReason.OTHER_CHANNEL: HTTPStatus.FORBIDDEN,
    CourierReason.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    CourierReason.NOT_FOUND: HTTPStatus.NOT_FOUND,
    CourierReason.WRONG_METHOD: HTTPStatus.METHOD_NOT_ALLOWED,
    CourierReason.NOTHING_THERE: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    CourierReason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    CourierReason.NO_COSIGNATURE: HTTPStatus.UNPROCESSABLE_ENTITY,
    CourierReason.UNSIGNED_BUNDLE: HTTPStatus.UNPROCESSABLE_ENTITY,
    CourierReason.NO_BUNDLE: HTTPStatus.UNPROCESSABLE_ENTITY,
    CourierReason.NO_ENVELOPE: HTTPStatus.UNPROCESSABLE_ENTITY,
    CourierReason.ELSEWHERE: HTTPStatus.UNPROCESSABLE_ENTITY,
    CourierReason.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    CourierReason.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    CourierReason.STORAGE_FULL: HTTPStatus.INSUFFICIENT_STORAGE,
    CourierReason.STORAGE_FAILED: HTTPStatus.SERVICE_UNAVAILABLE,
    CourierReason.ROSTER_EXPIRED: HTTPStatus.SERVICE_UNAVAILABLE,
    CourierReason.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# What a courier's request can run into; everything else of these rooms is a fault of ours.
_DOMAIN_REASONS: Final[Mapping[type[Exception], CourierReason]] = {
    formats.UnsignedRequestError: CourierReason.UNSIGNED,
    formats.UntimelyRequestError: CourierReason.UNTIMELY,
    formats.UnsignedHeadError: CourierReason.NO_COSIGNATURE,
    formats.BundleError: CourierReason.NO_BUNDLE,
    formats.UnsignedBundleError: CourierReason.UNSIGNED_BUNDLE,
    storage.ReplayedRequestError: CourierReason.REPLAYED,
    storage.UnknownEnvelopeError: CourierReason.NOT_FOUND,
    storage.UnknownDayError: CourierReason.NOT_FOUND,
    storage.RefusedEnvelopeError: CourierReason.NO_ENVELOPE,
    storage.RestsElsewhereError: CourierReason.ELSEWHERE,
    storage.TooLargeError: CourierReason.TOO_LARGE,
    storage.StorageError: CourierReason.STORAGE_FAILED,
    storage.StorageFullError: CourierReason.STORAGE_FULL,
}
_SHARED_REASONS: Final[Mapping[Reason, CourierReason]] = {
    Reason.NOT_FOUND: CourierReason.NOT_FOUND,
}


class CourierRefusal(Exception):  # noqa: N818 - an answer to the courier, not a fault
    """A courier's request ends here."""

    def __init__(self, reason: CourierReason) -> None:
        super().__init__(reason.name)
        self.reason = reason


def courier_reason_of(error: BaseException) -> CourierReason:
    """Find the reason of an error; anything unknown is a fault of ours."""
    if isinstance(error, CourierRefusal):
        return error.reason
    if isinstance(error, Refusal):
        return _SHARED_REASONS.get(error.reason, CourierReason.INTERNAL)
    for kind in type(error).__mro__:
        if kind in _DOMAIN_REASONS:
            return _DOMAIN_REASONS[kind]
    return CourierReason.INTERNAL
