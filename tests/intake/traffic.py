"""One worker of a busy service, for tests with several processes; run as a program.

Receives reports, reads some of them again, and lets replies come, be read and be erased, until
its standard input ends. Says the hash of each report once it was told "arrived".
"""

import hashlib
import io
import random
import secrets
import select
import sys
from datetime import date
from pathlib import Path

from crypto.padding import padded_bytes
from intake.errors import UnknownReplyError
from intake.service import Intake
from intake.values import EnvelopeHash
from tests.intake.support import DOOR, make_envelope, make_reply, sliced


def work(directory: Path) -> None:
    """Serve until told to stop."""
    calendar = directory.parent / "day"
    with Intake(directory, today=lambda: date.fromisoformat(calendar.read_text())) as intake:
        mine: list[EnvelopeHash] = []
        while not select.select([sys.stdin], [], [], 0)[0]:
            size = random.choice([1, 1, 1, 200_000, 9_000_000])
            mine.append(intake.receive(DOOR, sliced(make_envelope(padded_bytes(size)), 100_000)))
            sys.stdout.write(mine[-1].hex() + "\n")
            sys.stdout.flush()
            again = random.choice(mine)
            with intake.open_envelope(again) as file:
                assert hashlib.file_digest(file, "sha256").digest() == again
            serve_mailbox(intake)


def serve_mailbox(intake: Intake) -> None:
    """Let two replies come to a new mailbox, read both, erase one."""
    address = secrets.token_bytes(32)
    replies = [make_reply(), make_reply()]
    for reply in replies:
        intake.deliver(address, io.BytesIO(reply))
    waiting = intake.waiting(address)
    assert len(waiting) == 2
    for reply in waiting:
        with intake.open_reply(address, reply.hash) as file:
            assert hashlib.file_digest(file, "sha256").digest() == reply.hash
    intake.erase(address, [waiting[0].hash])
    try:
        intake.open_reply(address, waiting[0].hash)
    except UnknownReplyError:
        return
    raise AssertionError


if __name__ == "__main__":
    work(Path(sys.argv[1]))
