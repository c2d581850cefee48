"""A bag that was changed anywhere is refused or reported; what is left can be read."""

import io
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.bag_reader import BagReader
from crypto.bag_salvage import WHOLE, read_damaged
from crypto.errors import DamagedBagError
from tests.crypto.bags import (
    FILES,
    REPLY,
    REPORT,
    files_of,
    open_bag,
    read_all,
    submission,
    zipped,
)


def flipped(data: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1 << bit
    return bytes(changed)


def padding_of(data: bytes) -> range:
    return range(data.index(bytes(4096)), data.rindex(bytes(4096)) + 4096)


@pytest.mark.parametrize("data", [REPORT, REPLY], ids=["report", "reply"])
def test_any_flipped_bit_is_refused_or_reported(data):
    chance = random.Random(7)
    padding = padding_of(data)
    places = sorted(set(range(len(data))) - set(padding))
    for place in [*chance.sample(places, 400), *chance.sample(padding, 40)]:
        with pytest.raises(DamagedBagError):
            read_all(flipped(data, place, chance.randrange(8)))


@pytest.mark.slow
@pytest.mark.parametrize("data", [REPORT, REPLY], ids=["report", "reply"])
def test_every_flipped_byte_is_refused_or_reported(data):
    chance = random.Random(8)
    padding = padding_of(data)
    places = sorted({*range(len(data))} - set(padding) | set(padding[::64]))
    for place in places:
        with pytest.raises(DamagedBagError):
            read_all(flipped(data, place, chance.randrange(8)))


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_any_part_cut_out_doubled_or_replaced_is_refused(data):
    start = data.draw(st.integers(0, len(REPORT) - 1))
    end = data.draw(st.integers(start + 1, len(REPORT)))
    instead = data.draw(st.binary(max_size=20) | st.just(REPORT[start:end] * 2))
    changed = REPORT[:start] + instead + REPORT[end:]
    if changed != REPORT:
        with pytest.raises(DamagedBagError):
            read_all(changed)


def damage(name: str) -> bytes:
    """Change a file and its CRC-32, but not what was signed."""
    files = files_of(REPORT)
    files[name] = bytes([files[name][0] ^ 1]) + files[name][1:]
    return zipped(files)


def test_a_damaged_attachment_is_not_handed_out_and_the_others_are():
    bag = open_bag(damage("data/attachments/001.pdf"))
    assert bag.text == "what I saw"
    with pytest.raises(DamagedBagError, match=r"001\.pdf is not what was signed"):
        bag.open_attachment(bag.attachments[0])
    assert bag.open_attachment(bag.attachments[1]).read() == FILES[1][2]
    with pytest.raises(DamagedBagError, match=r"attachment 001\.pdf$"):
        bag.verify()


def test_an_attachment_is_copied_and_checked_in_one_pass():
    bag = open_bag(damage("data/attachments/001.pdf"))
    copy = io.BytesIO()
    bag.copy_attachment(bag.attachments[1], copy)
    assert copy.getvalue() == FILES[1][2]
    with pytest.raises(DamagedBagError, match=r"001\.pdf is not what was signed"):
        bag.copy_attachment(bag.attachments[0], io.BytesIO())
    with pytest.raises(DamagedBagError, match=r"attachment 001\.pdf$"):
        bag.verify()


def test_verifying_names_every_damaged_attachment():
    files = files_of(REPORT)
    for name in ("data/attachments/001.pdf", "data/attachments/002.jpg"):
        files[name] = bytes(len(files[name]))
    with pytest.raises(DamagedBagError, match=r"001\.pdf, 002\.jpg"):
        open_bag(zipped(files)).verify()


def test_verifying_tells_how_far_it_is():
    bag = open_bag(submission(files=[("a", "", bytes(3 << 20)), ("b", "", b"x")]))
    steps = []
    bag.verify(steps.append)
    assert sum(steps) == bag.bytes_to_verify
    assert max(steps) == 1 << 20
    again = []
    bag.verify(again.append)
    assert sum(again) < 1 << 20


def test_a_bag_has_one_hash_whatever_its_envelope_and_padding():
    assert open_bag(REPORT).hash == open_bag(REPORT).hash
    assert open_bag(REPORT).hash != open_bag(submission()).hash
    assert len(open_bag(REPORT).hash) == 32


def test_a_damaged_bag_stays_readable():
    left = read_damaged(io.BytesIO(damage("data/report.txt")))
    assert left.text[1:] == "hat I saw"
    names = {file.name: file for file in left.files}
    assert left.open(names["data/attachments/001.pdf"]).read() == FILES[0][2]
    assert json.loads(left.open(names["data/report.json"]).read()) == {"form": "default"}
    assert names["data/attachments/001.pdf"].size == len(FILES[0][2])


def test_of_what_is_no_bag_the_bytes_stay_readable():
    left = read_damaged(io.BytesIO(b"not a ZIP"))
    (only,) = left.files
    assert (only.name, left.text, left.open(only).read()) == (WHOLE, "", b"not a ZIP")


def test_what_a_source_wrote_is_in_no_refusal_and_in_nothing_printed_for_debugging():
    data = submission(text="marker", files=[("marker.pdf", "", b"marker")])
    bag = open_bag(data)
    assert "marker" not in repr(bag) + repr(bag.attachments) + repr(bag.info)
    changed = data.replace(b"marker.pdf", b"Marker.pdf")
    with pytest.raises(DamagedBagError) as refusal:
        BagReader(io.BytesIO(changed))
    assert "arker" not in str(refusal.value)
