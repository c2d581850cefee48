"""A check says what held, and never more."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from console.verify import verify
from crypto.envelope import EnvelopeWriter
from crypto.errors import (
    CandorError,
    DamagedBagError,
    DamagedEnvelopeError,
    MalformedEnvelopeError,
    NotAddressedError,
)
from tests.console.support import ANNA, BORIS, File, seal_report, write_bag, write_identity

FILES = [File("a.pdf", b"%PDF" * 40_000), File("b.txt", b"")]


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    out = io.BytesIO()
    write_bag(out, files=FILES)
    path = tmp_path / "bag.zip"
    path.write_bytes(out.getvalue())
    return path


@pytest.fixture
def unpacked(bag: Path) -> Path:
    with zipfile.ZipFile(bag) as archive:
        archive.extractall(bag.parent / "unpacked")
    return bag.parent / "unpacked"


def test_an_envelope_without_an_identity_is_checked_in_form_only(tmp_path: Path) -> None:
    checked = verify(seal_report(tmp_path / "a.age"), [], [])
    assert not checked.whole
    assert checked.lines == ("4 slots, padded to 65536 bytes",)


def test_an_envelope_with_its_identity_is_checked_whole(tmp_path: Path) -> None:
    checked = verify(seal_report(tmp_path / "a.age", files=FILES), [ANNA], [])
    assert checked.whole
    assert "2 attachments" in checked.lines[-1]


def test_a_bag_is_checked_as_a_file(bag: Path) -> None:
    assert verify(bag, [], []).whole


def test_a_bag_is_checked_as_the_directory_that_came_out_of_it(unpacked: Path) -> None:
    assert verify(unpacked, [], []).whole
    assert verify(unpacked / "report", [], []).whole


def test_somebody_elses_envelope_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(NotAddressedError):
        verify(seal_report(tmp_path / "a.age", [BORIS]), [ANNA], [])


def test_a_cut_envelope_is_told_even_without_an_identity(tmp_path: Path) -> None:
    path = seal_report(tmp_path / "a.age")
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(DamagedEnvelopeError):
        verify(path, [], [])


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", bytes(100_000)])
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.age"
    path.write_bytes(content)
    with pytest.raises(CandorError):
        verify(path, [], [])


def test_another_kind_of_age_file_is_no_envelope(tmp_path: Path) -> None:
    with pytest.raises(MalformedEnvelopeError):
        verify(write_identity(tmp_path / "anna.age"), [], [])


@pytest.mark.parametrize("name", ["data/report.txt", "data/attachments/001.pdf", "bag-info.txt"])
def test_a_changed_file_in_a_directory_is_found(unpacked: Path, name: str) -> None:
    path = unpacked / "report" / name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedBagError):
        verify(unpacked, [], [])


@pytest.mark.parametrize("name", ["data/extra.txt", ".hidden", "data/attachments/003.exe"])
def test_a_file_too_many_in_a_directory_is_found(unpacked: Path, name: str) -> None:
    (unpacked / "report" / name).write_bytes(b"x")
    with pytest.raises(DamagedBagError):
        verify(unpacked, [], [])


def test_a_missing_file_in_a_directory_is_found(unpacked: Path) -> None:
    (unpacked / "report" / "data" / "identity.age").unlink()
    with pytest.raises(DamagedBagError):
        verify(unpacked, [], [])


def test_a_link_in_a_directory_is_not_followed(unpacked: Path) -> None:
    text = unpacked / "report" / "data" / "report.txt"
    text.rename(unpacked / "elsewhere.txt")
    text.symlink_to(unpacked / "elsewhere.txt")
    with pytest.raises(OSError, match="symbolic link"):
        verify(unpacked, [], [])


def test_a_pipe_in_a_directory_does_not_keep_us_waiting(unpacked: Path) -> None:
    (unpacked / "report" / "padding.bin").unlink()
    os.mkfifo(unpacked / "report" / "padding.bin")
    with pytest.raises(DamagedBagError, match="plain file"):
        verify(unpacked, [], [])


def test_a_forged_bag_in_a_good_envelope_is_found(tmp_path: Path, bag: Path) -> None:
    path = tmp_path / "a.age"
    with path.open("wb") as file:
        envelope = EnvelopeWriter(file, [ANNA.recipient], slots=4)
        envelope.write(bag.read_bytes().replace(b"Report text.", b"Report test."))
        envelope.close()
    with pytest.raises(DamagedBagError):
        verify(path, [ANNA], [])
