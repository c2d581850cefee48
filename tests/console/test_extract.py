"""Attachments leave the envelope verified, private, and nowhere but where they should."""

import stat
from pathlib import Path

import pytest

from console.errors import OutputError, UnknownAttachmentError
from console.examine import Choice, examine
from console.opening import find_attachment
from crypto.bag_reader import BagReader
from crypto.envelope import open_seekable
from tests.console.support import ANNA, File, seal_report

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


def extract(path: Path, out: Path, *attachments: str):
    with path.open("rb") as file, open_seekable(file, [ANNA]) as payload:
        return examine(BagReader(payload), [ANNA], Choice(out, attachments))


def test_hostile_names_become_numbers(tmp_path: Path) -> None:
    files = [File(name, name.encode()) for name in HOSTILE_NAMES]
    found = extract(seal_report(tmp_path / "a.age", files=files), tmp_path / "out")
    assert found.directory is not None
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
    found = extract(seal_report(tmp_path / "a.age", report=report, text="a\r\nb"), tmp_path / "out")
    assert found.directory is not None
    assert (found.directory / "report.json").read_bytes() == report
    assert (found.directory / "report.txt").read_bytes() == b"a\r\nb"


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    found = extract(seal_report(tmp_path / "a.age", files=[File("a", b"a")]), tmp_path / "out")
    assert found.directory is not None
    for path in (found.directory, found.directory.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in found.directory.iterdir()} == {0o600}


def test_a_link_in_the_directory_is_not_followed(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age", files=[File("a.txt", b"new")])
    found = extract(path, tmp_path / "first")
    assert found.directory is not None
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
    name = extract(path, tmp_path / "first").directory.name
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "out").mkdir(mode=0o700)
    (tmp_path / "out" / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError):
        extract(path, tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age")
    found = extract(path, tmp_path / "out")
    assert found.directory is not None
    (found.directory / "report.txt").write_bytes(b"my notes")
    with pytest.raises(OutputError):
        extract(path, tmp_path / "out")
    assert (found.directory / "report.txt").read_bytes() == b"my notes"


def test_a_damaged_attachment_never_gets_a_name(tmp_path: Path) -> None:
    files = [File("one.bin", bytes(500_000)), File("two.txt", b"hello")]
    path = seal_report(tmp_path / "a.age", files=files)
    data = bytearray(path.read_bytes())
    data[400_000] ^= 1
    path.write_bytes(data)
    found = extract(path, tmp_path / "out")
    assert found.directory is not None
    names = {path.name for path in found.directory.iterdir()}
    assert "001.bin" not in names
    assert "002.txt" in names
    assert not any(name.startswith(".") for name in names)
    assert found.problems


def test_one_attachment_alone_is_read_and_verified(tmp_path: Path) -> None:
    files = [File(f"{n}.txt", bytes([n]) * 100) for n in range(5)]
    path = seal_report(tmp_path / "a.age", files=files)
    found = extract(path, tmp_path / "out", "003")
    assert found.directory is not None
    assert [p.name for p in found.directory.iterdir()] == ["003.txt"]
    assert (found.directory / "003.txt").read_bytes() == bytes([2]) * 100
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
