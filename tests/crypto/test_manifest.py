"""A manifest: what is written is read, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import DamagedBagError
from crypto.manifest import parse_manifest, serialize_manifest

HASHES = st.binary(min_size=32, max_size=32)


@given(st.dictionaries(st.from_regex(r"data/[a-z0-9./]{1,30}", fullmatch=True), HASHES))
def test_every_manifest_is_read_as_it_was_written(files):
    data = serialize_manifest(files)
    assert parse_manifest(data) == files
    assert list(parse_manifest(data)) == list(files)


@pytest.mark.parametrize(
    "line",
    [
        f"{'0' * 64} data/a\n",
        f"{'0' * 64}  data/a",
        f"{'0' * 63}  data/a\n",
        f"{'A' * 64}  data/a\n",
        f"{'0' * 64}  data/a\r\n",
        f"{'0' * 64}  data/a b\n",
        f"{'0' * 64} *data/a\n",
        f"{'0' * 64}  data/a\n\n",
        f"{'0' * 64}  data/a\n{'0' * 64}  data/a\n",
        f"{'0' * 64}  data/\u0430\n",
    ],
)
def test_this_is_no_manifest(line):
    with pytest.raises(DamagedBagError):
        parse_manifest(line.encode())


@given(st.binary(min_size=1, max_size=200))
def test_noise_is_no_manifest(noise):
    with pytest.raises(DamagedBagError):
        parse_manifest(noise)
