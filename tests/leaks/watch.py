"""Everything a program writes anywhere, as the kernel was asked for it: strace's record, read.

Files that are gone by now are in it as well: what counts is the bytes handed to the kernel.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.leaks.needles import Find, Needles

# a longer piece of one call would be cut; a record in which any was is refused
_STRING_BYTES = 8 << 20
_WRITES = {"write", "pwrite64", "writev", "pwritev", "pwritev2"}
_OPENS = {"open", "openat", "openat2", "creat"}
_NAMES = {
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "mkdir"),
    *("mkdirat", "mknod", "mknodat", "setxattr", "lsetxattr", "fsetxattr", "unlink", "unlinkat"),
}
# Ways to hand bytes on that no payload in the record would show.
_UNSEEN = {
    *("sendfile", "copy_file_range", "splice", "tee", "vmsplice", "memfd_create", "memfd_secret"),
    *("shmget", "msgsnd", "mq_open", "add_key", "process_vm_writev", "io_uring_enter", "connect"),
    *("execve", "execveat"),
}
_CALLS = sorted(_WRITES | _OPENS | _NAMES | _UNSEEN | {"mmap", "io_uring_setup"})

_LINE = re.compile(rb"\d+ +(\w+)\((.*)", re.DOTALL)
_STRING = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_DESCRIPTOR = re.compile(rb"\d+<([^>]*)>")
_RESULT = re.compile(rb"\) += \d+<([^>]*)>(?:\(deleted\))?\s*$")
_BASE = re.compile(rb"(?:\d+|AT_FDCWD)<([^>]*)>")
_TO_WRITE = re.compile(rb"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
_TO_MAP = (b"PROT_WRITE", b"MAP_SHARED")
_NO_FILES = ("socket:", "anon_inode:")
_WAIT_SECONDS = 60.0


def watching(record: Path) -> list[str]:
    """Give the beginning of a command line that records what the rest of it does.

    The watcher is a child of its own (-D): the process that is started is the one watched.
    """
    calls = f"trace={','.join(_CALLS)}"
    # descriptors with their names, and every byte in hexadecimal
    options = ["-D", "-f", "-q", "--seccomp-bpf", "-s", str(_STRING_BYTES), "-y", "-xx"]
    # what goes through a ring shared with the kernel, as the event loop's polling does, no record
    # can show: to the program this kernel has no rings
    without_rings = ["-e", "inject=io_uring_setup:error=ENOSYS"]
    return ["strace", *options, "-o", str(record), "-e", calls, *without_rings]


def wait_for_end(record: Path, pid: int) -> None:
    """Wait until the watcher has written down how the process ended."""
    ended = re.compile(rb"^%d +\+\+\+ (?:exited|killed) " % pid, re.MULTILINE)
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        with record.open("rb") as file:
            file.seek(max(0, record.stat().st_size - 4096))
            if ended.search(file.read()):
                return
        time.sleep(0.05)
    raise TimeoutError("the record of a process does not end")


@dataclass(frozen=True)
class Record:
    """What a program did.

    Attributes:
        opened: every path that was opened for writing, or tried to be.
        mapped: every file of which memory was shared for writing; "" if it was none.
        unseen: calls whose bytes a record cannot show.
        finds: needles in what was written, and in names.
        written_bytes: how much was looked through.
    """

    opened: frozenset[str]
    mapped: frozenset[str]
    unseen: tuple[str, ...]
    finds: tuple[Find, ...]
    written_bytes: int


def read_record(path: Path, needles: Needles) -> Record:
    """Look for needles in every byte and name of a record, and list what it cannot show."""
    reader = _Reader(needles)
    for call, line in _calls(path):
        reader.take(call, line)
    return Record(
        frozenset(reader.opened),
        frozenset(reader.mapped),
        tuple(reader.unseen),
        tuple(reader.finds),
        reader.written_bytes,
    )


class _Reader:
    def __init__(self, needles: Needles) -> None:
        self.opened: set[str] = set()
        self.mapped: set[str] = set()
        self.unseen: list[str] = []
        self.finds: list[Find] = []
        self.written_bytes = 0
        self._needles = needles
        self._overlap = max(map(len, needles.forms.values())) - 1
        self._tails: dict[str, bytes] = {}

    def take(self, call: str, line: bytes) -> None:
        if call in _WRITES:
            self._take_written(_first(_DESCRIPTOR, line), b"".join(_strings(line)))
            return
        for name in _strings(line):
            self.finds += self._needles.within(f"a name in {call}", name)
        if call in _OPENS and (call == "creat" or _TO_WRITE.search(line)):
            self.opened.add(_first(_RESULT, line) or _named(line))
        elif call in _UNSEEN:
            self.unseen.append(f"{call}({_STRING.sub(_readable, line)[:300]!r}")
        elif call == "mmap" and all(flag in line for flag in _TO_MAP):
            self.mapped.add(_first(_DESCRIPTOR, line))

    def _take_written(self, target: str, data: bytes) -> None:
        """Look through one write, together with the end of the one before to the same file."""
        if target.startswith(_NO_FILES):
            return
        self.written_bytes += len(data)
        together = self._tails.get(target, b"") + data
        self.finds += self._needles.within(f"written to {target}", together)
        self._tails[target] = together[-self._overlap :]


def _calls(path: Path) -> Iterator[tuple[str, bytes]]:
    """Give each call's name and line, but for the one that started the program."""
    with path.open("rb") as file:
        matches = filter(None, map(_LINE.match, file))
        next(matches, None)
        for match in matches:
            yield match[1].decode(), match[2]


def _strings(line: bytes) -> list[bytes]:
    strings = []
    for match in _STRING.finditer(line):
        if match[2]:
            raise ValueError("the record leaves out bytes")
        strings.append(_decoded(match[1]))
    return strings


def _decoded(escaped: bytes) -> bytes:
    return bytes.fromhex(escaped.replace(b"\\x", b"").decode())


def _named(line: bytes) -> str:
    """Give the path that was asked for: a call that another interrupts has no result beside it."""
    base = _BASE.match(line)
    directory = _decoded_path(base[1]) if base else ""
    return str(Path(directory, _strings(line)[0].decode(errors="replace")))


def _readable(match: re.Match[bytes]) -> bytes:
    return b'"' + _decoded(match[1])[:80] + b'"'


def _first(pattern: re.Pattern[bytes], line: bytes) -> str:
    """Give the path of a descriptor; with -xx the letters of paths are escaped, too."""
    found = pattern.search(line)
    return _decoded_path(found[1]) if found else ""


def _decoded_path(raw: bytes) -> str:
    return raw.decode("unicode_escape").encode("latin-1").decode(errors="replace")
