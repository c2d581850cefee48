"""A day and a night in the life of an intake, for tests that kill it; run as a program.

Says on its standard output what was promised, once it was promised.
"""

import io
import sys
from datetime import date, timedelta
from pathlib import Path

from crypto.padding import padded_bytes
from intake.service import Intake
from tests.intake.support import ADDRESS, DOOR, SIGNER, Calendar, make_envelope, make_reply

LONG_AGO = date(2026, 1, 1)
GONE_BY = 35  # days; more than envelopes are kept, and each has a file in the log


def live(directory: Path, vault: Path) -> None:
    """Receive, deliver, erase, close the day, purge; the envelopes' bytes are kept in `vault`."""
    calendar = Calendar(LONG_AGO)
    with Intake.create(directory, today=calendar) as intake:
        for size in (1, 9_000_000):
            receive(intake, vault, size)
        calendar.turn(GONE_BY)
        for size in (1, 70_000, 9_000_000):
            receive(intake, vault, size)
        first, second = (deliver(intake, vault) for _ in range(2))
        say("erasing", first)
        intake.erase(ADDRESS, [bytes.fromhex(first)])
        say("erased", first)
        calendar.turn()
        intake.run_batch(SIGNER)
        say("closed", "-")
        intake.purge({"main": 30})
        say("purged", "-")
        say("erasing", second)
        intake.erase_all(ADDRESS)
        say("erased", second)


def receive(intake: Intake, vault: Path, size: int) -> None:
    envelope = make_envelope(padded_bytes(size))
    put(vault, envelope)
    digest = intake.receive(DOOR, [envelope])
    say("arrived", digest.hex())


def deliver(intake: Intake, vault: Path) -> str:
    reply = make_reply()
    digest = put(vault, reply)
    intake.deliver(ADDRESS, io.BytesIO(reply))
    say("delivered", digest)
    return digest


def put(vault: Path, envelope: bytes) -> str:
    import hashlib

    digest = hashlib.sha256(envelope).hexdigest()
    (vault / digest).write_bytes(envelope)
    return digest


def say(what: str, of: str) -> None:
    sys.stdout.write(f"{what} {of}\n")
    sys.stdout.flush()


def night() -> date:
    """The day on which the batch and the purge run."""
    return LONG_AGO + timedelta(days=GONE_BY + 1)


if __name__ == "__main__":
    live(Path(sys.argv[1]), Path(sys.argv[2]))
