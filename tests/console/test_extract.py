"""Attachments leave the envelope verified, private, and nowhere but where they should."""

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from console.errors import UnknownAttachmentError
from console.examine import Choice, Examined, examine
from console.extract import Extracted
from console.opening import find_attachment
from crypto.bag_reader import BagReader
from crypto.envelope import open_seekable
from disk.errors import OutputError
from tests.console.support import ANNA, File, seal, seal_report, write_bag

HOSTILE_NAMES = (
    "../../../../tmp/owned.pdf",
    "/etc/cron.d/owned",
    "..",
    "-rf",
    "con.txt",
    "a\nb.pdf",
    "001.pdf",
    "name\u202efdp.exe",
    "x" * 250,
    "$(reboot).sh",
)


def extract(path: Path, out: Path, *attachments: str) -> Examined:
    with path.open("rb") as file, open_seekable(file, [ANNA]) as payload:
        return examine(BagReader(payload), [ANNA], Choice(out, attachments))


def extracted(path: Path, out: Path, *attachments: str) -> Extracted:
    found = extract(path, out, *attachments).extracted
    assert found is not None
    return found


def test_hostile_names_become_numbers(tmp_path: Path) -> None:
    files = [File(name, name.encode()) for name in HOSTILE_NAMES]
    found = extracted(seal_report(tmp_path / "a.age", files=files), tmp_path / "out")
    assert found.directory.parent == tmp_path / "out"
    names = {path.name for path in found.directory.iterdir()}
    assert {"report.txt", "report.json", "attachments.json", "identity.age"} < names
    attachments = sorted(name for name in names if name[:3].isdecimal())
    assert [name[:4] for name in attachments] == [f"{n:03}." for n in range(1, 11)]
    for number, name in enumerate(attachments):
        assert (found.directory / name).read_bytes() == HOSTILE_NAMES[number].encode()
    assert {path.name for path in tmp_path.iterdir()} == {"a.age", "out"}


def test_texts_come_out_as_they_were_signed(tmp_path: Path) -> None:
    report = b'{ "odd":"\\ud800" ,"answers":{"where":"\\ud834"}}'
    found = extracted(
        seal_report(tmp_path / "a.age", report=report, text="a\r\nb"), tmp_path / "out"
    )
    assert (found.directory / "report.json").read_bytes() == report
    assert (found.directory / "report.txt").read_bytes() == b"a\r\nb"


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    found = extracted(seal_report(tmp_path / "a.age", files=[File("a", b"a")]), tmp_path / "out")
    for path in (found.directory, found.directory.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in found.directory.iterdir()} == {0o600}


def test_a_link_in_the_directory_is_not_followed(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age", files=[File("a.txt", b"new")])
    found = extracted(path, tmp_path / "first")
    victim = tmp_path / "victim"
    victim.write_bytes(b"old")
    trap = tmp_path / "out" / found.directory.name
    trap.mkdir(mode=0o700, parents=True)
    (trap / "001.txt").symlink_to(victim)
    with pytest.raises(OutputError):
        extract(path, tmp_path / "out", "1")
    assert victim.read_bytes() == b"old"


def test_a_link_in_the_place_of_the_bags_directory_is_not_followed(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age", files=[File("a.txt", b"new")])
    name = extracted(path, tmp_path / "first").directory.name
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "out").mkdir(mode=0o700)
    (tmp_path / "out" / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError):
        extract(path, tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age")
    found = extracted(path, tmp_path / "out")
    (found.directory / "report.txt").write_bytes(b"my notes")
    with pytest.raises(OutputError):
        extract(path, tmp_path / "out")
    assert (found.directory / "report.txt").read_bytes() == b"my notes"


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age", files=[File("a.txt", b"one"), File("b.txt", b"")])
    alone = extracted(path, tmp_path / "out", "2")
    assert (alone.written, alone.left) == (("002.txt",), ())
    rest = extracted(path, tmp_path / "out")
    assert rest.left == ("002.txt",)
    assert {"report.txt", "report.json", "001.txt"} < set(rest.written)
    before = {p.name: p.stat() for p in rest.directory.iterdir()}
    again = extracted(path, tmp_path / "out")
    assert (again.directory, again.written) == (rest.directory, ())
    assert set(again.left) == {*rest.left, *rest.written}
    assert {p.name: p.stat() for p in rest.directory.iterdir()} == before


@pytest.mark.parametrize("other", [b"oNe", b"on", b"one\n"])
def test_an_attachment_with_another_content_is_not_overwritten(
    tmp_path: Path, other: bytes
) -> None:
    path = seal_report(tmp_path / "a.age", files=[File("a.txt", b"one")])
    taken = extracted(path, tmp_path / "out").directory / "001.txt"
    taken.write_bytes(other)
    with pytest.raises(OutputError):
        extract(path, tmp_path / "out")
    assert taken.read_bytes() == other


def test_the_same_content_behind_a_link_is_refused(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age", files=[File("a.txt", b"one")])
    file = extracted(path, tmp_path / "out").directory / "001.txt"
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError):
        extract(path, tmp_path / "out")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused_without_waiting_for_it(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = seal_report(tmp_path / "a.age", files=[File("a.txt", b"")])
    file = extracted(path, tmp_path / "out").directory / "001.txt"
    file.unlink()
    make(file)
    with pytest.raises(OutputError):
        extract(path, tmp_path / "out")


def test_a_damaged_copy_does_not_stand_in_the_way_of_the_intact_bag(tmp_path: Path) -> None:
    """It bears the same signature, and so the same hash; it may well be read first."""
    bag = io.BytesIO()
    write_bag(bag, files=[File("a.txt", b"the whole truth"), File("b.txt", b"hello")])
    altered = bag.getvalue().replace(b"the whole truth", b"not quite truth")
    damaged = extracted(seal(tmp_path / "a.age", altered), tmp_path / "out")
    intact = extracted(seal(tmp_path / "b.age", bag.getvalue()), tmp_path / "out")
    assert damaged.directory.name == f"{intact.directory.name}-damaged"
    assert intact.left == ()
    assert {*intact.written} - {*damaged.written} == {"001.txt"}
    assert (intact.directory / "001.txt").read_bytes() == b"the whole truth"


def test_a_directorys_name_is_too_long_to_be_found_twice(tmp_path: Path) -> None:
    found = extract(seal_report(tmp_path / "a.age"), tmp_path / "out")
    assert found.extracted.directory.name == found.bag.hash.hex()[:32]


def test_a_damaged_attachment_never_gets_a_name(tmp_path: Path) -> None:
    files = [File("one.bin", bytes(500_000)), File("two.txt", b"hello")]
    path = seal_report(tmp_path / "a.age", files=files)
    data = bytearray(path.read_bytes())
    data[400_000] ^= 1
    path.write_bytes(data)
    found = extract(path, tmp_path / "out")
    assert found.problems
    names = {path.name for path in found.extracted.directory.iterdir()}
    assert "001.bin" not in names
    assert "002.txt" in names
    assert not any(name.startswith(".") for name in names)


def test_one_attachment_alone_is_read_and_verified(tmp_path: Path) -> None:
    files = [File(f"{n}.txt", bytes([n]) * 100) for n in range(5)]
    path = seal_report(tmp_path / "a.age", files=files)
    found = extract(path, tmp_path / "out", "003")
    directory = found.extracted.directory
    assert [p.name for p in directory.iterdir()] == ["003.txt"]
    assert (directory / "003.txt").read_bytes() == bytes([2]) * 100
    assert not found.whole


@pytest.mark.parametrize("name", ["2", "002", "002.txt"])
def test_attachments_go_by_number(tmp_path: Path, name: str) -> None:
    files = [File("a.txt", b"a"), File("b.txt", b"b")]
    path = seal_report(tmp_path / "a.age", files=files)
    with path.open("rb") as file, open_seekable(file, [ANNA]) as payload:
        assert find_attachment(BagReader(payload), name).original_name == "b.txt"


@pytest.mark.parametrize("name", ["0", "3", "", "b.txt", "-1", "²"])
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    files = [File("a.txt", b"a"), File("b.txt", b"b")]
    path = seal_report(tmp_path / "a.age", files=files)
    with (
        path.open("rb") as file,
        open_seekable(file, [ANNA]) as payload,
        pytest.raises(UnknownAttachmentError),
    ):
        find_attachment(BagReader(payload), name)
