"""Fill a small volume with reports until it is full, make room, go on; run as a program.

Runs in a mount namespace of its own, on a tmpfs that it mounts itself.
"""

import hashlib
import io
import subprocess
import sys
from pathlib import Path

from crypto.padding import padded_bytes
from intake.errors import StorageFullError
from intake.service import BLOBS, Intake
from intake.values import EnvelopeHash, Swept
from tests.intake.support import ADDRESS, DOOR, SIGNER, Calendar, make_envelope, make_reply, sliced


def fill(intake: Intake, size: int) -> list[EnvelopeHash]:
    """Receive until there is no room; the last one leaves nothing."""
    stored = []
    while True:
        files = sum(1 for _ in (intake._store.blobs.path).iterdir())
        try:
            stored.append(intake.receive(DOOR, sliced(make_envelope(padded_bytes(size)), 50_000)))
        except StorageFullError:
            assert sum(1 for _ in (intake._store.blobs.path).iterdir()) == files
            return stored


def check(intake: Intake, stored: list[EnvelopeHash]) -> None:
    """See that everything stored is still there, whole."""
    assert {e.hash for e in intake.envelopes("main", open_day=True)} == set(stored)
    for digest in stored:
        with intake.open_envelope(digest) as file:
            assert hashlib.file_digest(file, "sha256").digest() == digest


def with_reserve(directory: Path) -> None:
    """Sources cannot fill the volume so far that the operator cannot make room."""
    calendar = Calendar()
    with Intake.create(directory, today=calendar) as intake:
        reply = make_reply()
        intake.deliver(ADDRESS, io.BytesIO(reply))
        stored = fill(intake, 1) + fill(intake, 500_000)
        check(intake, stored)
        intake.erase_all(ADDRESS)
        calendar.turn(40)
        assert intake.purge({"main": 30}).envelopes == len(stored)
        check(intake, fill(intake, 3_000_000))
        assert intake.sweep() == Swept(removed=0, missing=0)


def without_reserve(directory: Path) -> None:
    """Something else fills the volume to the last byte, in the middle of everything."""
    calendar = Calendar()
    with Intake.create(directory, today=calendar) as intake:
        stored = [intake.receive(DOOR, [make_envelope()]) for _ in range(10)]
        arrival = intake.begin(DOOR)
        whole = make_envelope()
        arrival.write(whole)
        ballast = directory.parent / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        with arrival:
            try:
                arrival.commit()
            except StorageFullError:
                pass
            else:
                stored.append(EnvelopeHash(hashlib.sha256(whole).digest()))
        assert fill(intake, 1) == []
        calendar.turn()
        try:
            intake.run_batch(SIGNER)
        except StorageFullError:
            pass
        else:
            raise AssertionError
        check(intake, stored)
        assert sum(1 for _ in (directory / BLOBS).iterdir()) == len(stored)
        ballast.unlink()
        stored.append(intake.receive(DOOR, [make_envelope()]))
        assert intake.run_batch(SIGNER).envelopes == len(stored) - 1
        check(intake, stored)
        assert intake.sweep() == Swept(removed=0, missing=0)


if __name__ == "__main__":
    place = Path(sys.argv[2])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], check=True)
    {"with": with_reserve, "without": without_reserve}[sys.argv[1]](place / "data")
