"""The daily batch in a process of its own: `python -m benchmarks.batching DIRECTORY`."""

import os
import sys
import time
from datetime import date
from pathlib import Path

from benchmarks.processes import Watched
from crypto.minisign import SigningKey
from intake.log_signer import LogSigner
from intake.service import Intake


def main() -> None:
    """Run the batch, and print its seconds and the bytes it took over what was there before."""
    process = Watched(os.getpid())
    with Intake(Path(sys.argv[1])) as intake:
        before = process.resident_bytes()
        process.reset_peak()
        started = time.perf_counter()
        intake.run_batch(LogSigner(bytes(16), SigningKey.generate(), (), date.max))
        print(time.perf_counter() - started, process.peak_bytes() - before)


if __name__ == "__main__":
    main()
