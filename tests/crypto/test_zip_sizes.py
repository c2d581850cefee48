"""Members around the sizes where a ZIP's fields overflow; large ones are sparse files of zeros."""

import io
import subprocess
import zipfile

import pytest

from crypto.bag_layout import is_known
from crypto.zip_profile import Member, central_header, descriptor, end_records, local_header
from crypto.zip_reader import ZipReader
from crypto.zip_writer import ZipWriter

ZEROS_CRC32 = {
    65_535: 0x953675C7,
    65_536: 0xD7978EEB,
    65_537: 0xE50D43F3,
    (1 << 31) - 1: 0x00F93446,
    1 << 31: 0x4DBDF21C,
    (1 << 31) + 1: 0xC64E0E30,
    (1 << 32) - 1: 0x00000000,
    1 << 32: 0xD202EF8D,
    (1 << 32) + 1: 0x41D912FF,
}
ZEROS = bytes(1 << 20)
BIG, BEHIND = "report/data/attachments/001.bin", "report/data/report.txt"
SMALL_TEXT = b"behind"
SMALL_CRC32 = 0xAD193BE4

each_size = pytest.mark.parametrize("size", ZEROS_CRC32)
each_small_size = pytest.mark.parametrize("size", [n for n in ZEROS_CRC32 if n < 1 << 20])
each_large_size = pytest.mark.parametrize("size", [n for n in ZEROS_CRC32 if n > 1 << 20])


class SparseSink(io.FileIO):
    """A file that seeks over zeros instead of writing them."""

    def write(self, data, /):
        if len(data) > 1 and bytes(data) == ZEROS[: len(data)]:
            return self.seek(len(data), io.SEEK_CUR)
        return super().write(data)


def zeros_and_text(path, size):
    """Write what the writer would write, from the pinned CRC-32, without touching the zeros."""
    big = Member(BIG, size, ZEROS_CRC32[size], 0)
    behind = Member(BEHIND, len(SMALL_TEXT), SMALL_CRC32, big.end)
    directory = central_header(big) + central_header(behind)
    with path.open("wb") as file:
        file.write(local_header(BIG))
        file.seek(big.data_offset + size)
        file.write(descriptor(size, big.crc32) + local_header(BEHIND) + SMALL_TEXT)
        file.write(descriptor(len(SMALL_TEXT), SMALL_CRC32))
        file.write(directory + end_records(2, behind.end, len(directory)))
    return path


@each_size
def test_a_member_of_this_size_is_read_here_and_by_python(size, tmp_path):
    path = zeros_and_text(tmp_path / "bag.zip", size)
    with path.open("rb") as file:
        archive = ZipReader(file, is_known, max_members=2)
        assert archive.member(BIG).size == size
        assert archive.read(BEHIND, max_bytes=9) == SMALL_TEXT
        member = archive.open(BIG)
        member.seek(-2, io.SEEK_END)
        assert member.read(9) == b"\0\0"
    with zipfile.ZipFile(path) as theirs:
        assert [info.file_size for info in theirs.infolist()] == [size, len(SMALL_TEXT)]
        assert theirs.read(BEHIND) == SMALL_TEXT


@each_size
def test_a_member_of_this_size_is_listed_and_what_is_behind_it_extracted_by_unzip(size, tmp_path):
    path = zeros_and_text(tmp_path / "bag.zip", size)
    listed = subprocess.run(["unzip", "-lv", path], check=True, capture_output=True, timeout=60)
    line = next(line.split() for line in listed.stdout.decode().splitlines() if BIG in line)
    assert (int(line[0]), line[1], line[6]) == (size, "Stored", f"{ZEROS_CRC32[size]:08x}")
    behind = subprocess.check_output(["unzip", "-p", path, BEHIND], timeout=60)
    assert behind == SMALL_TEXT


@each_small_size
def test_the_writer_writes_a_member_of_this_size_so(size, tmp_path):
    unzip_finds_no_error(written_and_pinned_are_the_same(size, tmp_path))


@pytest.mark.slow
@each_large_size
def test_the_writer_writes_a_member_of_this_size_so_however_long_it_takes(size, tmp_path):
    unzip_finds_no_error(written_and_pinned_are_the_same(size, tmp_path))


def unzip_finds_no_error(path):
    subprocess.run(["unzip", "-tq", path], check=True, timeout=600, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(path) as theirs:
        assert theirs.testzip() is None


def written_and_pinned_are_the_same(size, tmp_path):
    written = tmp_path / "written.zip"
    with SparseSink(written, "w") as sink:
        writer = ZipWriter(sink)
        writer.begin(BIG)
        for _ in range(size >> 20):
            writer.write(ZEROS)
        writer.write(memoryview(ZEROS)[: size & 0xFFFFF])
        writer.end()
        writer.begin(BEHIND)
        writer.write(SMALL_TEXT)
        writer.end()
        length = writer.finish()
    pinned = zeros_and_text(tmp_path / "pinned.zip", size)
    assert written.stat().st_size == pinned.stat().st_size == length
    # The zeros themselves are nobody's to doubt: compare what stands around them.
    for place, span in ((0, 4096), (max(0, length - 4096), 4096)):
        with written.open("rb") as one, pinned.open("rb") as other:
            one.seek(place)
            other.seek(place)
            assert one.read(span) == other.read(span)
    return written
