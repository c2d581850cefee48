"""Bodies cut into parts: what browsers and curl send, and everything that is refused."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multipart import MultipartSegment, PushMultipartParser

from app.multipart import (
    MAX_PARTS,
    MultipartError,
    MultipartReader,
    NotMultipartError,
    Part,
    TooManyPartsError,
    parse_boundary,
)

BOUNDARY = b"----WebKitFormBoundary7MA4YWxkTrZu0gW"
Parts = list[tuple[Part, bytes]]


class Collected:
    """Keeps parts as they come."""

    def __init__(self) -> None:
        self.parts: Parts = []
        self._open: Part | None = None
        self._data = b""

    def begin_part(self, part: Part) -> None:
        assert self._open is None
        self._open, self._data = part, b""

    def write(self, data: memoryview) -> None:
        assert self._open is not None
        self._data += data

    def end_part(self) -> None:
        assert self._open is not None
        self.parts.append((self._open, self._data))
        self._open = None


def parse(body: bytes, slices: list[int] | None = None, boundary: bytes = BOUNDARY) -> Parts:
    collected = Collected()
    reader = MultipartReader(boundary, collected)
    for piece in cut(body, slices or []):
        reader.write(bytearray(piece))
    reader.finish()
    return collected.parts


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[a:b] for a, b in itertools.pairwise(edges)]


def part(disposition: str, data: bytes, *headers: str) -> bytes:
    lines = [f"Content-Disposition: {disposition}", *headers, "", ""]
    return b"--" + BOUNDARY + b"\r\n" + "\r\n".join(lines).encode() + data + b"\r\n"


END = b"--" + BOUNDARY + b"--\r\n"
NAMES = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\n"), min_size=1, max_size=30
)


def as_browser(name: str) -> str:
    return name.replace('"', "%22")


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, Parts]:
    body, parts = b"", []
    for _ in range(draw(st.integers(0, 5))):
        name = draw(NAMES)
        filename = draw(st.none() | NAMES | st.just(""))
        data = draw(
            st.binary(max_size=300) | st.sampled_from([b"\r\n", b"\r\n--", b"--" + BOUNDARY])
        )
        disposition = f'form-data; name="{as_browser(name)}"'
        headers = []
        if filename is not None:
            disposition += f'; filename="{as_browser(filename)}"'
            headers = ["Content-Type: application/pdf"]
            expected = Part(unescaped(name), unescaped(filename), "application/pdf")
        else:
            expected = Part(unescaped(name), None, "application/octet-stream")
        body += part(disposition, data, *headers)
        parts.append((expected, data))
    return body + END, parts


def unescaped(name: str) -> str:
    """A browser does not escape %, so a literal %22 comes back as a quotation mark."""
    return name.replace("%22", '"')


@given(bodies(), st.lists(st.integers(0, 4000), max_size=20))
def test_a_body_means_the_same_however_it_is_sliced(
    made: tuple[bytes, Parts], slices: list[int]
) -> None:
    body, parts = made
    assert parse(body, slices) == parts


@given(bodies(), st.lists(st.integers(0, 4000), max_size=20))
def test_an_independent_parser_reads_the_same_parts(
    made: tuple[bytes, Parts], slices: list[int]
) -> None:
    body, _ = made
    # the oracle takes an empty piece for the end, and no line end after the last boundary
    pieces = [piece for piece in cut(body.removesuffix(b"\r\n"), slices) if piece]
    theirs: list[tuple[str, bytes]] = []
    with PushMultipartParser(BOUNDARY, strict=True) as parser:
        for piece in pieces:
            for event in parser.parse(piece):
                if isinstance(event, MultipartSegment):
                    theirs.append((event.name, b""))
                elif event:
                    theirs[-1] = (theirs[-1][0], theirs[-1][1] + bytes(event))
    ours = [(part.name, data) for part, data in parse(body, slices)]
    assert [data for _, data in ours] == [data for _, data in theirs]
    # escapes are a matter of taste: compared where there are none
    for (our_name, _), (their_name, _) in zip(ours, theirs, strict=True):
        if not set(our_name) & set('%\\"'):
            assert our_name == their_name


@given(bodies(), st.integers(1, 10_000))
def test_a_body_that_is_cut_short_is_refused(made: tuple[bytes, Parts], missing: int) -> None:
    body, _ = made
    shorter = body[: max(0, len(body) - 2 - missing)]
    with pytest.raises(MultipartError):
        parse(shorter)


def test_the_last_line_end_may_be_missing() -> None:
    assert parse(END.removesuffix(b"\r\n")) == []


def test_curl_escapes_with_backslashes() -> None:
    body = part(r'form-data; name="file"; filename="a\"b\\c.txt"', b"x") + END
    assert parse(body)[0][0].filename == 'a"b\\c.txt'


def test_a_name_that_ends_in_a_backslash_is_read_as_browsers_mean_it() -> None:
    body = part('form-data; name="file"; filename="a\\"', b"x") + END
    assert parse(body)[0][0].filename == "a\\"


def test_a_newline_that_a_browser_escaped_stays_escaped() -> None:
    body = part('form-data; name="file"; filename="a%0Ab"', b"x") + END
    assert parse(body)[0][0].filename == "a%0Ab"


@pytest.mark.parametrize(
    ("claimed", "kept"),
    [
        ("text/plain; charset=utf-8", "text/plain"),
        ("TEXT/HTML", "text/html"),
        ("nonsense", "application/octet-stream"),
        ("a/" + "b" * 200, "application/octet-stream"),
        ("text/\u0430", "application/octet-stream"),
    ],
)
def test_a_claimed_type_is_a_type_or_the_default(claimed: str, kept: str) -> None:
    body = part('form-data; name="f"; filename="x"', b"", f"Content-Type: {claimed}") + END
    assert parse(body)[0][0].content_type == kept


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"hello=world", id="another format"),
        pytest.param(b"\r\n" + END, id="a line before the first boundary"),
        pytest.param(b"preamble\r\n" + END, id="a preamble"),
        pytest.param(END + b"epilogue", id="an epilogue"),
        pytest.param(part('form-data; name="a"', b"x"), id="no closing boundary"),
        pytest.param(part("form-data", b"x") + END, id="no name"),
        pytest.param(part('form-data; name=""', b"x") + END, id="an empty name"),
        pytest.param(part('attachment; name="a"', b"x") + END, id="not a form's part"),
        pytest.param(part('form-data; name="a"; name="b"', b"x") + END, id="two names"),
        pytest.param(part("form-data; name=a", b"x") + END, id="a bare name"),
        pytest.param(part("form-data; name=\"a\"; filename*=utf-8''b", b"x") + END, id="filename*"),
        pytest.param(part('form-data; name="a\0"', b"x") + END, id="NUL in a name"),
        pytest.param(part('form-data; name="a\nb"', b"x") + END, id="bare LF in a name"),
        pytest.param(
            b"--"
            + BOUNDARY
            + b'\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n'
            + END,
            id="a name that is not UTF-8",
        ),
        pytest.param(
            part('form-data; name="a"', b"x", 'Content-Disposition: form-data; name="b"') + END,
            id="two dispositions",
        ),
        pytest.param(
            part('form-data; name="a"', b"x", "Content-Transfer-Encoding: base64") + END,
            id="an encoded part",
        ),
        pytest.param(
            part('form-data; name="a"', b"x", *[f"X-{i}: y" for i in range(9)]) + END,
            id="too many headers",
        ),
        pytest.param(
            part('form-data; name="a"', b"x", "X: " + "y" * 20_000) + END, id="a long header"
        ),
        pytest.param(b"--" + BOUNDARY + b"\r\n\r\nx\r\n" + END, id="no header"),
        pytest.param(b"--" + BOUNDARY + b"\r\nX y\r\n\r\nx\r\n" + END, id="a header without colon"),
    ],
)
def test_a_body_is_refused_with(body: bytes) -> None:
    for slices in ([], list(range(len(body)))):
        with pytest.raises(MultipartError):
            parse(body, slices)


def test_ten_thousand_parts_are_refused_as_soon_as_they_are_too_many() -> None:
    collected = Collected()
    reader = MultipartReader(BOUNDARY, collected)
    for number in range(MAX_PARTS):
        reader.write(bytearray(part(f'form-data; name="f{number}"', b"x")))
    with pytest.raises(TooManyPartsError):
        reader.write(bytearray(part('form-data; name="one too many"', b"x")))
    assert len(collected.parts) == MAX_PARTS


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; charset=utf-8; Boundary="a b:c"', b"a b:c"),
        ('multipart/form-data; x="boundary=no"; boundary=yes', b"yes"),
        ("multipart/form-data; boundary=" + "b" * 70, b"b" * 70),
    ],
)
def test_a_boundary_is_read(header: str, boundary: bytes) -> None:
    assert parse_boundary(header) == boundary


@pytest.mark.parametrize(
    "header",
    [
        "",
        "application/x-www-form-urlencoded",
        "multipart/mixed; boundary=abc",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        'multipart/form-data; boundary="a "',
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=" + "b" * 71,
        "multipart/form-data; boundary=a\u00e9",
        'multipart/form-data; boundary="a\r\nb"',
        "multipart/form-data; boundary=a; junk",
    ],
)
def test_a_missing_or_absurd_boundary_is_refused(header: str) -> None:
    with pytest.raises(NotMultipartError):
        parse_boundary(header)
