"""Does the mailbox take as long for words that were never used as for words that were?"""

import io
from collections.abc import Callable
from itertools import cycle
from statistics import median
from urllib.parse import urlencode

from app.roster_file import read_roster_file
from app.settings import load_settings
from benchmarks.client import connected
from benchmarks.context import Context
from benchmarks.report import Row, Section, milliseconds
from benchmarks.service import Place, make_place, running
from crypto.codename import Codename
from crypto.envelope import EnvelopeWriter
from crypto.reply import REPLY_SLOTS
from crypto.sodium import random_bytes
from crypto.source_keys import derive_source_keys
from intake.days import utc_today
from intake.service import Intake

ROUNDS = 60
NOISE = 0.05
_TYPED = "application/x-www-form-urlencoded"
_ABOUT = """\
From the words sent to the whole mailbox page received, in turn: words that nobody ever used, and
words whose mailbox had a reply, which was erased. Both pages are empty and have the same length.
*Noise* is how far two halves of the same kind lie apart."""


def measure(context: Context) -> list[Section]:
    place = make_place(context.directory / "mailbox")
    rounds = context.times(ROUNDS)
    kinds: dict[str, Callable[[], Codename]] = {
        "never used": Codename.generate,
        "emptied": lambda: _emptied(place),
    }
    words = {kind: [make() for _ in range(rounds)] for kind, make in kinds.items()}
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    sizes: set[int] = set()
    with running(place):
        _open(place, Codename.generate())
        for at, kind in zip(range(2 * rounds), cycle(kinds), strict=False):
            seconds, size = _open(place, words[kind][at // 2])
            times[kind].append(seconds)
            sizes.add(size)
    return [Section("An unused codename", _ABOUT, tuple(_rows(times, sizes)))]


def _rows(times: dict[str, list[float]], sizes: set[int]) -> list[Row]:
    unused, emptied = times.values()
    noise = max(abs(median(kind[::2]) / median(kind[1::2]) - 1) for kind in times.values())
    apart = abs(median(unused) / median(emptied) - 1)
    bound = max(noise, NOISE)
    return [
        *(Row(f"words {kind}, median", milliseconds(median(of))) for kind, of in times.items()),
        Row("noise", f"{noise:.1%}"),
        Row("how far the two lie apart", f"{apart:.1%}", f"≤ {bound:.1%}", apart <= bound),
        Row("lengths of the answers", str(len(sizes)), "1", len(sizes) == 1),
    ]


def _open(place: Place, codename: Codename) -> tuple[float, int]:
    """Type the words and read the page; give its time and length."""
    body = urlencode({"words": " ".join(codename.words)}).encode()
    with connected(place.address) as connection:
        headers = {"Content-Type": _TYPED}
        opened = connection.post("/en/mailbox/open", [body], len(body), headers).require(303)
        page = connection.get("/en/mailbox", {"Cookie": opened.cookie}).require(200)
    return opened.seconds + page.seconds, page.bytes


def _emptied(place: Place) -> Codename:
    """Let a reply wait for new words, and erase it."""
    codename = Codename.generate()
    settings = load_settings(place.config)
    keys = derive_source_keys(codename, _service_id(place))
    sealed = io.BytesIO()
    envelope = EnvelopeWriter(sealed, [keys.identity.recipient], slots=REPLY_SLOTS)
    envelope.write(random_bytes(1 << 16))
    envelope.close()
    sealed.seek(0)
    with Intake(settings.data) as intake:
        intake.deliver(keys.address, sealed)
        intake.erase_all(keys.address)
    return codename


def _service_id(place: Place) -> bytes:
    settings = load_settings(place.config)
    return read_roster_file(settings.roster, settings.root_key, utc_today()).roster.service_id
