"""An import in a process of its own: `python -m benchmarks.importing BUNDLE DIRECTORY ROOT`."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import Watched
from console.import_directory import open_imports
from console.imports import Occasion, import_bundle
from crypto.minisign import VerifyKey


def main() -> None:
    """Import a bundle, and print its seconds and the bytes it took over what was there before."""
    bundle, into, root = sys.argv[1:]
    occasion = Occasion(datetime.now(UTC).date(), VerifyKey.parse(root))
    process = Watched(os.getpid())
    before = process.resident_bytes()
    process.reset_peak()
    started = time.perf_counter()
    with open_imports(Path(into)) as directory:
        import_bundle(directory, Path(bundle), occasion, lambda _count: None)
        waiting = directory.state.alarms.waiting if directory.state else ()
    print(time.perf_counter() - started, process.peak_bytes() - before)
    if waiting:
        raise RuntimeError("a sound bundle raised an alarm")


if __name__ == "__main__":
    main()
