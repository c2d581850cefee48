"""JSON from strangers: one meaning, or none."""

import pytest

from crypto.errors import DamagedBagError
from crypto.strict_json import parse_json


@pytest.mark.parametrize(
    "data",
    [
        *(b'{"a":1,"a":2}', b"NaN", b"[Infinity]", b"\xff", b'"\xed\xa0\x80"', b"{", b""),
        *(b"[1e400]", b"[-1e400]"),
        *(
            b"[" * 100_000,
            b"9" * 5000,
            b"{}{}",
            b"\xef\xbb\xbf{}",
            '"\N{LATIN SMALL LETTER A}"'.encode("utf-16"),
        ),
    ],
)
def test_this_json_is_refused(data):
    with pytest.raises(DamagedBagError, match=r"report\.json"):
        parse_json(data, "report.json")


@pytest.mark.parametrize(
    "nested", [lambda n: b"[" * n + b"]" * n, lambda n: b'{"a":' * n + b"0" + b"}" * n]
)
def test_how_deep_json_goes_does_not_depend_on_who_reads_it(nested):
    def read_from(frames, data):
        return read_from(frames - 1, data) if frames else parse_json(data, "report.json")

    for frames in (0, 500):
        read_from(frames, nested(32))
        with pytest.raises(DamagedBagError, match="levels"):
            read_from(frames, nested(33))
