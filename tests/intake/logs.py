"""Look at the log of an intake as those outside do."""

from datetime import date, timedelta

from crypto.log_day import Followed, LogDay, parse_day
from intake.service import Intake
from intake.values import Door
from tests.intake.support import DOOR, LOG_KEY, SIGNER, make_envelope


def receive(intake: Intake, count: int = 1, door: Door = DOOR) -> set[bytes]:
    return {intake.receive(door, [make_envelope()]) for _ in range(count)}


def day_of(intake: Intake, day: date, channel: str = "main") -> LogDay:
    return parse_day(intake.log_day(channel, day))


def follow(intake: Intake, channel: str = "main") -> dict[date, set[bytes]]:
    """Read a whole log as a courier does who has seen nothing yet: leaves by their day."""
    span = intake.log_days(channel)
    if span is None:
        return {}
    seen = Followed(SIGNER.origin(channel))
    leaves: dict[date, set[bytes]] = {}
    day, last = span
    while day <= last:
        logged = day_of(intake, day, channel)
        seen = seen.follow(logged, [LOG_KEY.verify_key])
        leaves[day] = set(logged.leaves)
        day += timedelta(days=1)
    return leaves


def handed_out(intake: Intake, channel: str = "main") -> dict[bytes, date]:
    return {envelope.hash: envelope.day for envelope in intake.envelopes(channel)}


def require_consistent(intake: Intake, channel: str = "main") -> None:
    """See that what is handed out is a leaf of the file of its day."""
    leaves = follow(intake, channel)
    for digest, day in handed_out(intake, channel).items():
        assert digest in leaves[day]
