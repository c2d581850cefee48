"""Measure what Candor costs, side by side with its floors, and write benchmarks/README.md."""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import bundle, housekeeping, log, mailbox, memory, pages, reading, sealing, upload
from benchmarks.context import Context
from benchmarks.machine import describe, wait_until_quiet
from benchmarks.report import Section, section_text

PARTS: Mapping[str, Callable[[Context], list[Section]]] = {
    "upload": upload.measure,
    "memory": memory.measure,
    "reading": reading.measure,
    "pages": pages.measure,
    "mailbox": mailbox.measure,
    "sealing": sealing.measure,
    "housekeeping": housekeeping.measure,
    "log": log.measure,
    "bundle": bundle.measure,
}
README = Path(__file__).with_name("README.md")
# never a memory file system: fsync would be free and a large upload would fill it
_DIRECTORY = Path("/var/tmp")
_INTRODUCTION = """\
# What Candor costs

Written by `make bench`; every figure is a median unless it says otherwise, taken in one run in
which everything that is compared is up and takes its turn. MB are 10^6 bytes. *Target* is what
the program is held to; a figure that misses it says so.

**How to read it.** Absolute figures are this machine's. What carries over are the ratios to a
*floor*: the same work by the plainest program that could do it. All traffic is loopback; over Tor
the circuit is what takes time.

**How to repeat it.** `make bench` takes about {minutes:.0f} minutes and needs 10 GB in
`/var/tmp`, all given back (`--directory` names another place).
`.venv/bin/python -m benchmarks NAME` measures one part and prints it ({parts});
`--quick` takes smaller sizes, to try a change. Leave the machine alone meanwhile: each part waits
for others to be done, and says here how many cores they still took."""


def main() -> None:
    options = _options()
    names = options.names or list(PARTS)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=options.directory, prefix="candor-bench-") as directory:
        context = Context(Path(directory), options.quick)
        machine = describe(context.directory)
        sections, noise = _measure(context, names)
    if options.names or options.quick:
        return
    minutes = (time.monotonic() - started) / 60
    machine.append(f"Others took, before each part, of the cores: {', '.join(noise)}")
    README.write_text(_document(machine, sections, minutes), "utf-8")


def _measure(context: Context, names: Sequence[str]) -> tuple[list[Section], list[str]]:
    sections: list[Section] = []
    noise: list[str] = []
    for name in names:
        busy = wait_until_quiet(patience=0.0 if context.quick else 120.0)
        noise.append(f"{name} {busy:.2f}")
        print(f"{name}: others take {busy:.2f} cores\n", flush=True)
        for section in PARTS[name](context):
            sections.append(section)
            print(section_text(section), flush=True)
        for place in context.directory.iterdir():
            shutil.rmtree(place)
    return sections, noise


def _document(machine: Sequence[str], sections: Sequence[Section], minutes: float) -> str:
    introduction = _INTRODUCTION.format(minutes=minutes, parts=", ".join(PARTS))
    about = "\n".join(f"- {line}" for line in machine)
    texts = "\n".join(section_text(section) for section in sections)
    return f"{introduction}\n\n{about}\n\n{texts}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, to try a change")
    parser.add_argument("--directory", type=Path, default=_DIRECTORY, help="on a disk")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    main()
