"""What may be seen from outside an envelope is its day and its bucket, whatever is inside."""

import http.client
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crypto.header import header_bytes
from crypto.padding import SMALLEST_BYTES, padded_bytes
from crypto.payload import ciphertext_bytes, plaintext_bytes
from forms.form import Kind
from forms.loader import default_form
from tests.app.forms import field, file, form
from tests.crash.crowd import post
from tests.support.nursery import forked_service, log_of
from tests.support.service import House, free_port, make_house

SLOTS = 16
ORDINARY_BYTES = 48_000
SCRIPTS = {
    "Latin": "What I saw in spring. ",
    "Cyrillic": "Что я видел весной. ",
    "Arabic": "ما رأيته في الربيع. ",
    "Chinese": "我在春天看到的事情。",
    "Thai": "สิ่งที่ฉันเห็นในฤดูใบไม้ผลิ ",
    "quotation marks and line ends": '"\\\r\n\t',
    "emoji": "🕊️👁️‍🗨️",
}
FIELDS = [field for section in default_form().sections for field in section.fields]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    port = free_port()
    house = make_house(tmp_path / "house", origin=f"http://127.0.0.1:{port}", port=port)
    with forked_service(house):
        yield house


def stored_sizes(house: House) -> list[int]:
    """Give how many bytes of each envelope are on the disk, header and segments."""
    database = house.settings.data / "candor.sqlite3"
    sizes = {}
    with closing(sqlite3.connect(database)) as connection:
        for blob, header in connection.execute("SELECT blob, header FROM envelope"):
            files = (house.settings.data / "blobs").glob(f"{blob}.*")
            sizes[blob] = len(header) + sum(path.stat().st_size for path in files)
    return list(sizes.values())


def filled(script: str, total: int, names: list[str]) -> bytes:
    """Answer these questions with so many bytes together, as far as each one may be long."""
    limits = {field.id: field.max_bytes for field in FIELDS}
    answers, left = [], total
    for name in names:
        size = min(left, limits[name])
        text = (script * (size // len(script.encode()) + 1)).encode()[:size]
        answers.append(field(name, text.decode(errors="ignore")))
        left -= size
    assert left == 0
    return form(field("reader", "press"), *answers)


def test_reports_without_files_all_take_the_same_room(house: House) -> None:
    written = [f.id for f in FIELDS if f.kind in {Kind.TEXT, Kind.LONG_TEXT} and f.id != "report"]
    bodies = [filled(text, ORDINARY_BYTES, ["report"]) for text in SCRIPTS.values()]
    for name, text in SCRIPTS.items():
        # all over the form, where JSON makes two bytes of each quotation mark and line end
        total = ORDINARY_BYTES // 2 if "marks" in name else ORDINARY_BYTES * 9 // 10
        bodies.append(filled(text, total, [*random.sample(written, len(written)), "report"]))
    bodies += [form(field("reader", "press"), field("report", "x"))]
    everyone = [field("reader", "press"), field("reader", "lawyers")]
    ticked = [field(f.id, f.options[0].id) for f in FIELDS if f.options]
    bodies += [form(*everyone, *ticked, field("identity_name", "я" * 200), field("report", "x"))]
    for number, body in enumerate(bodies):
        assert post(house, body).status == 303, number
    assert set(stored_sizes(house)) == {header_bytes(SLOTS) + ciphertext_bytes(SMALLEST_BYTES)}
    assert len(stored_sizes(house)) == len(bodies)


def test_reports_with_files_take_the_room_of_their_bucket(house: House) -> None:
    chance = random.Random(os.urandom(8))
    sizes = [int(2 ** chance.uniform(0, 24.5)) for _ in range(40)]
    for size in sizes:
        body = form(field("reader", "press"), file("a" * chance.randint(1, 99), bytes(size)))
        assert post(house, body).status == 303
    for size in stored_sizes(house):
        plaintext = plaintext_bytes(size - header_bytes(SLOTS))
        assert padded_bytes(plaintext) == plaintext
    assert len(stored_sizes(house)) == len(sizes)


def test_neighbours_in_a_bucket_take_the_same_room(house: House) -> None:
    """One byte of a file more or less is not seen, nor is its name."""
    for size in (100_000, 100_001, 100_100):
        body = form(field("reader", "press"), file("n" * (size % 9 + 1), bytes(size)))
        assert post(house, body).status == 303
    assert len(set(stored_sizes(house))) == 1


def test_files_and_rows_and_lines_carry_the_day_only(house: House) -> None:
    for body in (form(field("report", "x"), field("reader", "press")),) * 2:
        assert post(house, body).status == 303
    assert post(house, b"no form").status == 400
    paths = [house.settings.data, *house.settings.data.rglob("*")]
    times = {path.stat().st_mtime for path in paths if "lock" not in path.name}
    assert all(moment % 86_400 == 0 for moment in times)
    for value in values(house):
        assert not is_moment(value)
    for line in log_of(house).read_text().splitlines():
        assert line[:10] == datetime.now(UTC).date().isoformat()
        assert ":" not in line


def values(house: House) -> Iterator[object]:
    """Give every value of every table but bytes, which are ciphertext and keys."""
    with closing(sqlite3.connect(house.settings.data / "candor.sqlite3")) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        for (table,) in tables:
            for row in connection.execute(f"SELECT * FROM {table}"):
                yield from (value for value in row if not isinstance(value, bytes))


def is_moment(value: object) -> bool:
    """Tell what could be a time of day, in any usual way of writing one."""
    now = datetime.now(UTC)
    if isinstance(value, int | float):
        seconds = now.timestamp()
        return any(abs(value / unit - seconds) < 86_400 for unit in (1, 1e3, 1e6, 1e9))
    return isinstance(value, str) and (":" in value or "T" in value)


def test_an_answer_says_nothing_about_when_or_by_what(house: House) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", house.settings.port)
    with closing(connection):
        connection.request("GET", "/en/")
        names = {name.lower() for name, _ in connection.getresponse().getheaders()}
    assert not names & {"date", "server", "x-powered-by", "last-modified", "etag", "age", "expires"}
