"""How quick are the pages, how large, and how many reports a second can be sent?"""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from benchmarks import form
from benchmarks.client import Answer, FailedError, connected
from benchmarks.context import Context
from benchmarks.report import Row, Section, at_most, kilobytes, milliseconds
from benchmarks.service import READERS, Place, make_place, running
from crypto.codename import Codename
from crypto.source_keys import derive_source_keys

LANDING_TARGET = 0.005
FIRST_TARGET = 50_000
FLOW_TARGET = 150_000
BESIDE_STRETCH_TARGET = 0.040
GETS = 400
REPORTS = 40
CLIENTS = 8
CLIENT_SECONDS = 20.0
_STYLESHEET = "/static/candor.css"
_ABOUT_PAGES = """\
One worker, one client, one connection; bytes as they cross the wire, headers included. The
stylesheet is compressed and never cached, so the flow counts it once for each page: landing,
form, secret words, mailbox, and the message form."""
_ABOUT_REPORTS = """\
A report of 2 KB without files, from the first byte sent to the redirect received: sealed to 16
slots, on the disk, its words stretched (Argon2id, 64 MiB, one at a time in a process). The
stretch alone is timed in between, in the measuring process. Then {clients} clients, each with a
new connection for a report, for {seconds:.0f} s; *without the key stretch* the service was
started with it replaced, which no setting does."""


def measure(context: Context) -> list[Section]:
    place = make_place(context.directory / "pages")
    seconds = CLIENT_SECONDS / (8 if context.quick else 1)
    with running(place):
        pages = list(_pages(context, place))
        rows = [*_reports(context, place), *_many(place, seconds, "with the key stretch")]
    with running(place, stretch=False):
        alone = [_post_report(place).seconds for _ in range(context.times(REPORTS))]
        rows.append(Row("one report without the key stretch, median", milliseconds(median(alone))))
        rows += _many(place, seconds, "without the key stretch")
    about = _ABOUT_REPORTS.format(clients=CLIENTS, seconds=seconds)
    return [
        Section("Pages", _ABOUT_PAGES, tuple(pages)),
        Section("Text reports", about, tuple(rows)),
    ]


def _pages(context: Context, place: Place) -> Iterator[Row]:
    with connected(place.address) as connection:
        times = [connection.get("/en/").require(200).seconds for _ in range(context.times(GETS))]
        form_times = [
            connection.get(place.form_path).require(200).seconds for _ in range(context.times(100))
        ]
    yield at_most("landing page, median", median(times), LANDING_TARGET, milliseconds)
    yield Row("landing page, 99th percentile", milliseconds(sorted(times)[len(times) * 99 // 100]))
    yield Row("report form, median", milliseconds(median(form_times)))
    for language in ("en", "ru"):
        sizes = _walk(place, language)
        style = sizes["stylesheet"]
        for name, count in sizes.items():
            yield Row(f"{name} ({language})", kilobytes(count))
        first = sizes["landing"] + style
        flow = sum(sizes.values()) + style * (len(sizes) - 2)
        yield at_most(
            f"first page with its stylesheet ({language})", first, FIRST_TARGET, kilobytes
        )
        yield at_most(f"whole flow ({language})", flow, FLOW_TARGET, kilobytes)


def _walk(place: Place, language: str) -> Mapping[str, int]:
    """Go through the whole flow as a source does, and note what each page weighs."""
    base = f"/{language}"
    browser = _Browser(place)
    sizes = {
        "landing": browser.get(f"{base}/").bytes,
        "stylesheet": browser.get(_STYLESHEET).bytes,
        "report form": browser.get(f"{base}/report/general").bytes,
    }
    browser.post(f"{base}/report/general", _report_body())
    sizes["secret words"] = browser.get(f"{base}/sent").bytes
    browser.post(f"{base}/sent/done", b"", "application/x-www-form-urlencoded")
    sizes["mailbox"] = browser.get(f"{base}/mailbox").bytes
    sizes["message form"] = browser.get(f"{base}/mailbox/general").bytes
    return sizes


@dataclass(slots=True)
class _Browser:
    """Keeps a cookie, and takes compressed stylesheets."""

    place: Place
    cookie: str = ""

    def get(self, path: str) -> Answer:
        with connected(self.place.address) as connection:
            return self._remember(connection.get(path, self._headers()).require(200))

    def post(self, path: str, body: bytes, content_type: str = form.CONTENT_TYPE) -> Answer:
        headers = {**self._headers(), "Content-Type": content_type}
        with connected(self.place.address) as connection:
            answer = connection.post(path, [body], len(body), headers)
            return self._remember(answer.require(303))

    def _headers(self) -> dict[str, str]:
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        return {"Accept-Encoding": "gzip", **cookie}

    def _remember(self, answer: Answer) -> Answer:
        self.cookie = answer.cookie or self.cookie
        return answer


def _report_body() -> bytes:
    return form.fields(READERS) + form.empty_file() + form.END


def _post_report(place: Place) -> Answer:
    body = _report_body()
    with connected(place.address) as connection:
        return connection.post(place.form_path, [body], len(body)).require(303)


def _reports(context: Context, place: Place) -> list[Row]:
    posts: list[float] = []
    stretches: list[float] = []
    _post_report(place)
    derive_source_keys(Codename.generate(), bytes(16))
    for _ in range(context.times(REPORTS)):
        posts.append(_post_report(place).seconds)
        started = time.perf_counter()
        derive_source_keys(Codename.generate(), bytes(16))
        stretches.append(time.perf_counter() - started)
    return [
        Row("the key stretch alone, median", milliseconds(median(stretches))),
        Row("one report, median", milliseconds(median(posts))),
        at_most(
            "one report, over the key stretch",
            median(posts) - median(stretches),
            BESIDE_STRETCH_TARGET,
            milliseconds,
        ),
    ]


@dataclass(slots=True)
class _Tally:
    """What one client had."""

    sent: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)


def _many(place: Place, seconds: float, how: str) -> list[Row]:
    tallies = [_Tally() for _ in range(CLIENTS)]
    end = time.monotonic() + seconds
    started = time.perf_counter()
    clients = [threading.Thread(target=_send_until, args=(place, end, tally)) for tally in tallies]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    took = time.perf_counter() - started
    sent, failed = sum(tally.sent for tally in tallies), sum(tally.failed for tally in tallies)
    times = [second for tally in tallies for second in tally.seconds]
    return [
        Row(
            f"{CLIENTS} clients, {how}",
            f"{sent / took:.1f} a second, median {milliseconds(median(times))}",
        ),
        at_most(
            f"failed, {how}", failed, 0, lambda number: f"{number:.0f}", f" of {sent + failed}"
        ),
    ]


def _send_until(place: Place, end: float, tally: _Tally) -> None:
    while time.monotonic() < end:
        try:
            tally.seconds.append(_post_report(place).seconds)
            tally.sent += 1
        except (OSError, FailedError):
            tally.failed += 1
