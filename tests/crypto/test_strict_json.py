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


@pytest.mark.parametrize("value", [b"[]", b"{}", b"0", b'""', b'{"a":0}', b"[0]"])
def test_a_document_of_too_many_values_is_refused_before_it_is_read(value):
    few, many = (b"[" + b",".join([value] * count) + b"]" for count in (40, 101))
    parse_json(few, "log.json", max_values=100)
    parse_json(many, "report.json")
    with pytest.raises(DamagedBagError, match="too many values"):
        parse_json(many, "log.json", max_values=100)
    with pytest.raises(DamagedBagError, match="too many values"):
        parse_json(many[:-1], "log.json", max_values=100)


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
