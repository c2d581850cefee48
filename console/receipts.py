"""Receipts: made from a public day's file, and checked, by anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from console.errors import NotLoggedError, ReceiptError
from console.log_course import HeadKeys
from crypto.bag_info import require_id
from crypto.errors import CandorError
from crypto.log_day import LogDay
from crypto.log_proof import LogProof, prove
from crypto.roster import Roster


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """What a receipt proves.

    Attributes:
        index: the place of the envelope in the log, from 0.
        size: how many envelopes the log had at that head.
        witnesses: the couriers who witnessed it, and by the end of which day each did.
    """

    channel: str
    index: int
    size: int
    witnesses: Mapping[str, date]

    @property
    def day(self) -> date | None:
        """By the end of which day it was logged, if anybody witnessed that."""
        return min(self.witnesses.values(), default=None)


def make_receipt(day: LogDay, envelope_hash: bytes) -> LogProof:
    """Make the receipt of an envelope that was logged on a day.

    Raises:
        NotLoggedError: the day has no such envelope.
    """
    if envelope_hash not in day.leaves:
        raise NotLoggedError(
            f"{day.day} has no such envelope in {channel_of(day.head.origin)}: an envelope is"
            " logged on the day on which it arrived, in the log of its channel"
        )
    return prove(day, envelope_hash)


def check_receipt(proof: LogProof, envelope_hash: bytes, roster: Roster) -> CheckedReceipt:
    """Hold an envelope to a receipt, and say what that proves.

    Raises:
        ReceiptError: it does not prove it; the message says why.
    """
    channel = require_origin(proof.head.origin, roster)
    keys = HeadKeys.of(roster)
    try:
        proof.verify(envelope_hash, keys.log_keys)
        found = proof.head.witnesses(keys.witnesses)
    except CandorError as error:
        raise ReceiptError(f"{error}") from None
    witnesses = {name.rpartition("/")[2]: _day_before(time) for name, time in found.items()}
    return CheckedReceipt(channel, proof.index, proof.head.size, witnesses)


def require_origin(origin: str, roster: Roster) -> str:
    """Return the channel whose log it is.

    Raises:
        ReceiptError: it is a log of another service.
    """
    service, _, channel = origin.partition("/")
    try:
        require_id(channel)
    except ValueError:
        service = ""
    if service != roster.service_id.hex():
        raise ReceiptError("it is of another service than the roster")
    return channel


def channel_of(origin: str) -> str:
    """Return the channel that a log's origin names."""
    return origin.partition("/")[2]


def _day_before(seconds: int) -> date:
    """Return the day that a moment ends, or falls into.

    Raises:
        ReceiptError: no calendar has it.
    """
    try:
        return datetime.fromtimestamp(seconds - 1, UTC).date()
    except (ValueError, OverflowError, OSError):
        raise ReceiptError("a witness signed for a day that no calendar has") from None
