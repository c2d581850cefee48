"""The ZIP profile: everybody's tools read what is written, and the reader reads nothing else."""

import io
import json
import subprocess
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.bag_layout import MAX_MEMBERS, is_known
from crypto.errors import DamagedBagError
from crypto.zip_profile import zip_bytes
from crypto.zip_reader import ZipReader
from crypto.zip_writer import ZipWriter
from tests.crypto import zip_forge, zip_forgeries

NAMES = st.sampled_from(
    [
        *("report/bagit.txt", "report/data/report.txt", "report/data/report.json"),
        *(f"report/data/attachments/{number:03}.bin" for number in range(1, 51)),
    ]
)
MEMBERS = st.dictionaries(NAMES, st.binary(max_size=300), max_size=20)
REFUSED = zip_forgeries.refused()


def read(data: bytes) -> ZipReader:
    return ZipReader(io.BytesIO(data), is_known, max_members=MAX_MEMBERS)


def write(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    writer = ZipWriter(sink)
    for name, data in members.items():
        writer.begin(name)
        writer.write(data)
        writer.end()
    assert writer.finish() == len(sink.getvalue())
    return sink.getvalue()


class Drip(io.RawIOBase):
    """A file whose reads are as short as reads may be."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def seek(self, offset, whence=0, /):
        return self._file.seek(offset, whence)

    def readinto(self, buffer, /):
        return self._file.readinto(memoryview(buffer)[:3])


@given(MEMBERS)
def test_what_is_written_is_read(members):
    archive = read(write(members))
    assert [member.name for member in archive.members] == list(members)
    for name, data in members.items():
        assert archive.read(name, max_bytes=300) == data
        assert archive.open(name).read() == data


@given(MEMBERS)
def test_the_writer_writes_what_was_written_down_by_hand(members):
    forged = [zip_forge.Forged(name.encode(), data) for name, data in members.items()]
    assert write(members) == zip_forge.forge(*forged)


@given(MEMBERS)
def test_the_length_is_known_before_anything_is_written(members):
    assert zip_bytes((name, len(data)) for name, data in members.items()) == len(write(members))


@given(st.lists(st.binary(max_size=50)))
def test_slicing_changes_nothing_and_any_buffer_is_taken(parts):
    sink = io.BytesIO()
    writer = ZipWriter(sink)
    writer.begin("report/bagit.txt")
    for number, part in enumerate(parts):
        writer.write([bytes, bytearray, memoryview][number % 3](part))
    writer.end()
    writer.finish()
    assert sink.getvalue() == write({"report/bagit.txt": b"".join(parts)})


@given(MEMBERS)
@settings(max_examples=20)
def test_short_reads_of_the_file_below_change_nothing(members):
    archive = ZipReader(Drip(write(members)), is_known, max_members=MAX_MEMBERS)
    assert {m.name: archive.read(m.name, max_bytes=300) for m in archive.members} == members


def test_the_vectors_in_the_repository_are_the_ones_tested():
    assert zip_forgeries.VECTORS.read_text() == zip_forgeries.vectors()


@pytest.mark.parametrize("vector", json.loads(zip_forgeries.VECTORS.read_text())["accepted"])
def test_these_vectors_are_accepted(vector):
    archive = read(bytes.fromhex(vector["zip"]))
    found = [
        {"name": m.name, "data": archive.read(m.name, max_bytes=256).hex()} for m in archive.members
    ]
    assert found == vector["members"]


@pytest.mark.parametrize("what", REFUSED)
def test_this_deviation_is_refused(what):
    with pytest.raises(DamagedBagError):
        read(REFUSED[what])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("method 8", "central header has a wrong method"),
        ("the encryption bit, in the local header only", "local header has a wrong flag"),
        ("a second disk in the locator", "zip64 locator has a wrong number of disks"),
        ("a CRC-32 in the local header", "local header has a wrong CRC-32"),
        ("another size in the descriptor", "descriptor has a wrong size"),
        ("a comment of no length", "end record has a wrong comment length"),
        ("a name twice", "two members of one name"),
        ("a gap between members", "leave a gap, overlap or change places"),
    ],
)
def test_a_refusal_says_what_is_wrong(what, said):
    with pytest.raises(DamagedBagError, match=said):
        read(REFUSED[what])


def test_a_refusal_never_repeats_a_name_that_somebody_chose():
    forged = zip_forge.forge(zip_forge.Forged(b"report/marker.txt"))
    with pytest.raises(DamagedBagError) as refusal:
        read(forged)
    assert "marker" not in str(refusal.value)


def test_every_place_to_cut_it_off_is_refused():
    good = zip_forge.forge(zip_forge.first(), zip_forge.second())
    for end in range(len(good)):
        with pytest.raises(DamagedBagError):
            read(good[:end])


def test_every_flipped_bit_of_the_structure_is_refused():
    good = zip_forge.forge(zip_forge.first(), zip_forge.second())
    data = {*range(good.index(b"one"), good.index(b"one") + 3)}
    data |= {*range(good.index(b"two two"), good.index(b"two two") + 7)}
    for place in set(range(len(good))) - data:
        for bit in range(8):
            flipped = bytearray(good)
            flipped[place] ^= 1 << bit
            with pytest.raises(DamagedBagError):
                read(bytes(flipped))


@given(st.binary(max_size=400))
def test_noise_is_refused_and_nothing_else_happens(noise):
    with pytest.raises(DamagedBagError):
        read(noise)
    with pytest.raises(DamagedBagError):
        read(noise + zip_forge.forge(zip_forge.first())[-98:])


def test_more_members_than_asked_for_are_refused_before_they_are_read():
    good = zip_forge.forge(zip_forge.first(), zip_forge.second())
    with pytest.raises(DamagedBagError, match="larger than it may be"):
        ZipReader(io.BytesIO(good), is_known, max_members=1)


def test_a_missing_or_large_member_is_refused():
    archive = read(zip_forge.forge(zip_forge.first()))
    with pytest.raises(DamagedBagError, match="missing"):
        archive.open("report/data/report.txt")
    with pytest.raises(DamagedBagError, match="larger"):
        archive.read("report/bagit.txt", max_bytes=2)


def test_an_opened_member_can_be_moved_in_and_ends_where_it_ends():
    member = read(zip_forge.forge(zip_forge.first(), zip_forge.second())).open("report/bagit.txt")
    assert (member.seek(-1, io.SEEK_END), member.read(9), member.tell()) == (2, b"e", 3)
    assert (member.seek(9), member.read(1)) == (9, b"")
    assert (member.seek(1), member.seek(1, io.SEEK_CUR), member.read()) == (1, 2, b"e")
    assert (member.readable(), member.seekable()) == (True, True)
    with pytest.raises(ValueError, match="before the start"):
        member.seek(-1)


def test_the_writer_refuses_to_mix_members_up():
    writer = ZipWriter(io.BytesIO())
    for wrong in (lambda: writer.write(b""), writer.end):
        with pytest.raises(RuntimeError, match="no member is begun"):
            wrong()
    writer.begin("report/bagit.txt")
    for wrong in (lambda: writer.begin("report/bagit.txt"), writer.finish):
        with pytest.raises(RuntimeError, match="not ended"):
            wrong()


def test_unzip_and_python_extract_what_was_written(tmp_path):
    members = {"report/bagit.txt": b"one", "report/data/report.txt": "ё\n".encode() * 50_000}
    file = tmp_path / "bag.zip"
    file.write_bytes(write(members))
    subprocess.run(["unzip", "-q", file], cwd=tmp_path, check=True, timeout=60)
    assert {name: (tmp_path / name).read_bytes() for name in members} == members
    with zipfile.ZipFile(file) as theirs:
        assert theirs.testzip() is None
        assert {name: theirs.read(name) for name in theirs.namelist()} == members
        assert {info.date_time for info in theirs.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    "what", [what for what, (members, _) in zip_forgeries.accepted().items() if members]
)
def test_unzip_accepts_these_vectors(what, tmp_path):
    members, data = zip_forgeries.accepted()[what]
    file = tmp_path / "bag.zip"
    file.write_bytes(data)
    subprocess.run(["unzip", "-tq", file], check=True, timeout=60, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(file) as theirs:
        assert [info.CRC for info in theirs.infolist()] == [zlib.crc32(m.data) for m in members]
