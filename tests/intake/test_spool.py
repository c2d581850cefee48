"""A bundle on its way in: bounded, on the right volume, and gone afterwards."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from intake.bounds import SEGMENT_BYTES, SPOOL_MEMORY_BYTES
from intake.errors import StorageFullError, TooLargeError
from tests.intake.support import blobs
from tests.support.service import ROOT

LARGE = SPOOL_MEMORY_BYTES + SEGMENT_BYTES
KILLED = """
import sys, time
from pathlib import Path
from intake.service import Intake

with Intake(Path(sys.argv[1])).spool(max_bytes=1 << 30) as spool:
    spool.write(bytes(1 << 24))
    print(flush=True)
    time.sleep(600)
"""


def nameless() -> set[str]:
    """Say where this process has open files without a name."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(descriptor.readlink()))
    return {place for place in found if place.endswith("(deleted)")}


@pytest.mark.parametrize("size", [0, 1, SPOOL_MEMORY_BYTES, SPOOL_MEMORY_BYTES + 1, LARGE])
def test_what_was_taken_is_read_again(intake, directory, size):
    data = os.urandom(size)
    with intake.spool(max_bytes=LARGE, expected_bytes=size) as spool:
        for start in range(0, size, 1 << 20):
            spool.write(memoryview(data)[start : start + (1 << 20)])
        spool.file.seek(0)
        assert spool.file.read() == data
        assert blobs(directory) == []
    assert blobs(directory) == []


def test_a_large_one_is_on_the_volume_of_the_data_and_has_no_name(intake, directory):
    before = nameless()
    with intake.spool(max_bytes=LARGE) as spool:
        spool.write(bytes(SPOOL_MEMORY_BYTES))
        assert nameless() == before
        spool.write(bytes(SEGMENT_BYTES))
        (place,) = nameless() - before
        assert place.startswith(f"{directory}/blobs/")
        assert blobs(directory) == []
    assert nameless() == before


def test_its_bytes_are_overwritten_at_the_end(intake, monkeypatch):
    synced = []

    def watch(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        synced.append(os.read(descriptor, 2 * LARGE))

    with intake.spool(max_bytes=LARGE) as spool:
        spool.write(os.urandom(LARGE))
        monkeypatch.setattr(os, "fdatasync", watch)
    assert synced == [bytes(LARGE)]


def test_a_file_system_without_nameless_files_will_do(intake, directory, calendar, monkeypatch):
    monkeypatch.setattr("intake.spool._NAMELESS", 0)
    with intake.spool(max_bytes=LARGE) as spool:
        spool.write(b"x" * LARGE)
        assert blobs(directory) == []
        spool.file.seek(-1, os.SEEK_END)
        assert spool.file.read() == b"x"
    time_of = time.gmtime((directory / "blobs").stat().st_mtime)
    assert time_of[:6] == (*calendar().timetuple()[:3], 0, 0, 0)


def test_no_more_is_taken_than_was_said(intake):
    with pytest.raises(TooLargeError):
        intake.spool(max_bytes=10, expected_bytes=11)
    with intake.spool(max_bytes=10) as spool:
        spool.write(bytes(10))
        with pytest.raises(TooLargeError):
            spool.write(b"x")


def test_a_volume_without_room_for_what_is_announced_refuses_at_once(intake):
    with pytest.raises(StorageFullError):
        intake.spool(max_bytes=1 << 60, expected_bytes=1 << 60)


def test_a_full_volume_refuses_while_it_comes(intake, monkeypatch):
    def full(*_: object) -> None:
        raise StorageFullError("there is no room left")

    with intake.spool(max_bytes=1 << 30) as spool:
        spool.write(bytes(LARGE))
        monkeypatch.setattr(type(intake._store.blobs), "require_room", full)
        spool.write(bytes(SPOOL_MEMORY_BYTES - 1))
        with pytest.raises(StorageFullError):
            spool.write(bytes(2))


def test_a_killed_process_leaves_no_file(intake, directory):
    program = [sys.executable, "-c", KILLED, str(directory)]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"\n"
        other.send_signal(signal.SIGKILL)
    assert blobs(directory) == []
