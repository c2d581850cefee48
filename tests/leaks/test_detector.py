"""The detector finds what is there to be found: otherwise its silence would mean nothing."""

import base64
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest

from tests.leaks.leaking import LEAKS
from tests.leaks.needles import Needles, new_marker
from tests.leaks.places import files_below, search
from tests.leaks.watch import Record, read_record, wait_for_end, watching
from tests.support.service import ROOT, free_port

SPOOLED_BYTES = 3 << 20
SHORT_BYTES = 10_000


@pytest.mark.parametrize(
    "written",
    [
        lambda raw: raw,
        lambda raw: raw.upper(),
        lambda raw: b"?" + base64.b64encode(b"a" + raw + b"z"),
        lambda raw: b"?" + base64.b64encode(b"ab" + raw + b"z"),
        lambda raw: base64.urlsafe_b64encode(b"abc" + raw + b"yz"),
        lambda raw: raw.hex().encode(),
        lambda raw: raw.decode().encode("utf-16-le"),
        lambda raw: "".join(f"%{byte:02X}" for byte in raw).encode(),
    ],
)
def test_a_marker_is_found_however_it_is_written(written) -> None:
    marker = new_marker()
    hay = b"\0" * 1000 + written(marker.encode()) + b"\xff" * 1000
    assert Needles.of(marker).within("hay", hay)
    assert not Needles.of(new_marker()).within("hay", hay)


def test_letters_beyond_ascii_are_found_percent_encoded_as_a_browser_does() -> None:
    assert Needles.of("тайна").within("hay", quote_from_bytes("а тайна".encode()).encode())


def test_a_marker_is_found_across_the_border_of_two_blocks() -> None:
    marker = new_marker()
    for cut in range(1, len(marker)):
        blocks = [bytes(50) + marker[:cut].encode(), marker[cut:].encode() + bytes(50)]
        assert list(Needles.of(marker).within_stream("hay", blocks))


@pytest.mark.parametrize("joint", [" ", "-", "\n", ", "])
def test_words_in_a_row_are_found_and_single_ones_are_not(joint: str) -> None:
    words = ["abandon", "zebra", "camp", "exit", "orbit", "orange", "panda", "oval"]
    needles = Needles.of_words(words)
    assert needles.within("hay", joint.join(words[3:7]).encode())
    assert not needles.within("hay", "\n".join(sorted(words)).encode())


@contextlib.contextmanager
def leaking_server(directory: Path, record: Path) -> Iterator[str]:
    port = free_port()
    program = [sys.executable, "-m", "tests.leaks.leaking", str(port), str(directory)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([*watching(record), *program], cwd=ROOT, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
        wait_for_end(record, process.pid)


@pytest.fixture(scope="module")
def leaked(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, float, Path, Record]:
    """What the detector says of a server that leaks in every manner."""
    started, marker = time.time(), new_marker()
    outside, house = (tmp_path_factory.mktemp(name) for name in ("outside", "house"))
    with leaking_server(house, outside / "record") as origin:
        piece = f"--{marker}\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n"
        kind = f"Content-Type: multipart/form-data; boundary={marker}"
        for leak in LEAKS:
            count = (SPOOLED_BYTES if leak == "spool" else SHORT_BYTES) // 17
            body = (piece + f"{marker} " * count + f"\r\n--{marker}--\r\n").encode()
            given = ["-A", f"agent-{leak}-{marker}", "-H", kind, "--data-binary", "@-"]
            patience = ["--retry-connrefused", "--retry", "60", "--retry-delay", "1"]
            command = ["curl", "-sf", *patience, *given, f"{origin}/{leak}"]
            subprocess.run(command, input=body, check=True)
    return marker, started, house, read_record(outside / "record", Needles.of(marker))


def test_a_file_that_is_gone_by_now_is_found(leaked) -> None:
    marker, _, _, record = leaked
    spooled = [find for find in record.finds if "/tmp/#" in find.where]
    forms = {find.form for find in spooled}
    assert f"{marker} as it is" in forms
    assert any("base64" in form for form in forms)
    assert any(path.startswith("/tmp/") for path in record.opened)


def test_a_marker_written_in_small_pieces_is_found(leaked) -> None:
    assert any(find.where.endswith("/cut") for find in leaked[3].finds)


def test_a_file_that_has_only_a_telling_name_is_found(leaked) -> None:
    assert any(find.where == "a name in openat" for find in leaked[3].finds)


def test_memory_that_is_no_file_is_noticed(leaked) -> None:
    assert any(call.startswith("memfd_create") for call in leaked[3].unseen)


def test_what_a_log_says_and_what_lies_about_is_found(leaked) -> None:
    marker, started, house, _ = leaked
    needles = Needles.of(marker)
    found = {find.where for find in search(files_below(house, since=started), needles)}
    names = {str(house / name) for name in ("log", "cut", "wide")}
    assert found >= names
    assert any(where.startswith("the name ") for where in found)


def test_a_call_that_another_interrupted_is_named_by_its_directory(tmp_path: Path) -> None:
    folder = b"/data/log".hex()
    escaped = "".join(f"\\x{folder[at : at + 2]}" for at in range(0, len(folder), 2))
    line = f'7 openat(11<{escaped}>, "\\x61\\x62", O_RDWR|O_CREAT, 0600 <unfinished ...>\n'
    record = tmp_path / "record"
    record.write_text("7 execve()\n" + line)
    assert read_record(record, Needles.of("anything")).opened == {"/data/log/ab"}
