"""No plaintext at rest: everything a source sends is marked, and no mark is found afterwards."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.leaks.needles import Needles
from tests.leaks.source import FILE_BYTES, Answer
from tests.leaks.watched import Watched, secrets_of, watched_service
from tests.support.service import ROOT

REPORT = "/en/report/general"
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with watched_service(tmp_path, report_limit=64 << 20) as service:
        yield service


def require_arrived(watched: Watched, file: bytes) -> None:
    """Check that the marks were really sent: reviewers read them."""
    reports = watched.house.bags()
    assert sha256(file).digest() in {a.sha256 for bag in reports for a in bag.attachments}
    for bag in reports:
        assert watched.mark.latin in bag.text
        assert watched.mark.cyrillic in bag.text


def test_nothing_of_a_visit_with_curl_is_written(watched: Watched) -> None:
    curl, mark = watched.curl, watched.mark
    file = mark.file()
    upload = watched.outside / "upload"
    upload.write_bytes(file)
    first = curl(REPORT, *curl.form_options(upload))
    by_hand = curl.post(REPORT, mark.body(mark.file(3 << 20), b""))
    seen = [visit(watched, answer) for answer in (first, by_hand)]
    watched.running.stop()
    require_arrived(watched, file)
    watched.require_silence(*seen, at_least=FILE_BYTES)


def visit(watched: Watched, arrived: Answer) -> Needles:
    """Go on from an arrived report to all that one may do next; give what nobody may know."""
    curl = watched.curl
    assert (arrived.status, arrived.headers["location"]) == (303, "/en/sent")
    words = curl("/en/sent", cookie=arrived.cookie).words
    typed = f"words={'+'.join(words)}".encode()
    assert curl.post("/en/sent/check", typed, arrived.cookie, URLENCODED).status == 200
    opened = curl.post("/en/sent/done", b"", arrived.cookie, URLENCODED)
    again = curl.post("/en/mailbox/open", typed, kind=URLENCODED)
    assert {opened.status, again.status} == {303}
    assert curl("/en/mailbox", cookie=again.cookie).status == 200
    answers = dict(curl.mark.answers())
    message = ["-F", "reader=press", "--form-string", f"report={answers['report']}"]
    assert curl("/en/mailbox/general", *message, cookie=opened.cookie).status == 303
    assert curl.post("/en/mailbox/erase", b"all=yes", opened.cookie, URLENCODED).status == 303
    assert curl("/en/leave", cookie=opened.cookie).status == 303
    cookies = [answer.cookie.partition("=")[2] for answer in (arrived, opened, again)]
    return secrets_of(words, watched.house) | Needles.of_start(*cookies)


def test_nothing_of_a_visit_with_a_browser_is_written(watched: Watched) -> None:
    file = watched.mark.file()
    upload = watched.outside / f"{watched.mark.latin} {watched.mark.cyrillic}.pdf"
    upload.write_bytes(file)
    what = [watched.origin, watched.mark.latin, watched.mark.cyrillic, str(upload)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.leaks.browse", *what],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(watched.outside)},
        stdout=subprocess.PIPE,
        check=True,
    )
    words = done.stdout.decode().split()
    watched.running.stop()
    assert len(watched.house.bags()) == 2
    require_arrived(watched, file)
    for path in (watched.house.directory / "log", *watched.house.settings.data.rglob("*")):
        assert not path.is_file() or b"127.0.0.1" not in path.read_bytes()
    watched.require_silence(secrets_of(words, watched.house), at_least=FILE_BYTES)


def test_nothing_of_a_refused_request_is_written(watched: Watched) -> None:
    curl, mark = watched.curl, watched.mark
    file = mark.file(3 << 20)
    whole = mark.body(file)
    urlencoded = f"words={mark.latin}&{mark.latin}={mark.latin}".encode()
    wrong = {
        "an unknown field": (422, mark.body(file, more=[(mark.latin, mark.latin)])),
        "an unknown reader": (422, mark.body(file, more=[("reader", mark.latin)])),
        "a field twice": (422, mark.body(file, more=[("report", mark.latin)])),
        "an unknown option": (422, mark.body(file, more=[("danger", mark.latin)])),
        "a text that is too long": (413, mark.body(more=[("where", mark.latin * 80_000)])),
        "a text with NUL": (422, mark.body(file, more=[("where", f"{mark.latin}\0")])),
        "files that are too large": (413, mark.body(mark.file(), mark.file(30 << 20))),
        "too many files": (413, mark.body(*[mark.latin.encode()] * 51)),
        "no end": (400, whole[:-9]),
        "something after the end": (400, whole + mark.latin.encode()),
        "a bad name": (422, whole.replace(mark.cyrillic.encode(), mark.cyrillic.encode() * 99)),
        "no form at all": (400, mark.latin.encode() * 1000),
    }
    for about, (status, body) in wrong.items():
        assert curl.post(REPORT, body).status == status, about
    others = [
        (415, curl.post(REPORT, whole, kind=f"text/{mark.latin}")),
        (422, curl.post("/en/mailbox/open", urlencoded, kind=URLENCODED)),
        (403, curl.post("/en/sent/check", urlencoded, kind=URLENCODED)),
        (404, curl.post(f"/en/report/{mark.latin}", whole)),
        (404, curl(f"/{mark.latin}")),
        (400, curl(REPORT, "-X", mark.latin.upper())),
        (421, curl(REPORT, "-H", f"Host: {mark.latin}.example")),
        (403, curl(REPORT, "-X", "POST", "-H", f"Origin: http://{mark.latin}.example")),
    ]
    assert [answer.status for _, answer in others] == [status for status, _ in others]
    watched.running.stop()
    watched.require_silence(at_least=3 << 20)


def test_nothing_is_written_when_the_service_fails(watched: Watched) -> None:
    curl, mark = watched.curl, watched.mark
    body = mark.body(mark.file(3 << 20))
    blobs = watched.house.settings.data / "blobs"
    blobs.rename(blobs.with_name("gone"))
    assert curl.post(REPORT, body).status == 503
    blobs.write_bytes(b"")
    assert curl.post(REPORT, body).status == 503
    blobs.unlink()
    blobs.with_name("gone").rename(blobs)
    starve(watched.running.pid)
    assert curl.post(REPORT, body).status == 500
    watched.running.stop()
    assert "request failed" in watched.running.log.read_text()
    watched.require_silence()


def starve(pid: int) -> None:
    """Leave a process no room for another 64 MiB, so that a key stretch fails."""
    sizes = []
    for _ in range(10):  # the stretch of a report that failed goes on for a moment
        sizes.append(int(Path(f"/proc/{pid}/statm").read_text().split()[0]))
        time.sleep(0.1)
    limit = min(sizes) * resource.getpagesize() + (32 << 20)
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))


@pytest.mark.parametrize("after_bytes", [20_000, 5 << 20, 30 << 20])
def test_nothing_is_written_when_the_service_is_killed_in_an_upload(
    watched: Watched, after_bytes: int
) -> None:
    mark = watched.mark
    body = mark.body(mark.file())
    headers = mark.headers() | {
        "Host": watched.origin.removeprefix("http://"),
        "Content-Type": mark.content_type,
        "Content-Length": str(len(body)),
    }
    lines = [f"POST {REPORT} HTTP/1.1", *map(": ".join, headers.items()), "", ""]
    with socket.create_connection(
        ("127.0.0.1", watched.running.port), source_address=(mark.address, 0)
    ) as connection:
        connection.sendall("\r\n".join(lines).encode() + body[:after_bytes])
        time.sleep(0.3)
        watched.running.stop(signal.SIGKILL)
    watched.require_silence(at_least=after_bytes * 9 // 10 - (1 << 20))
