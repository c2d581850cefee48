"""Sources who send at the same time, and remember what they were told."""

import contextlib
import hashlib
import http.client
import os
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.service import House

# texts alone, one segment, two, and several
SIZES = (*[0] * 6, 100_000, 9 << 20, 30 << 20)
_REPORT = "/en/report/general"
_RANDOM = os.urandom(max(SIZES))


@dataclass(frozen=True)
class Sent:
    """A report as its source has it."""

    text: str
    files: tuple[bytes, ...]  # SHA-256 of each


@dataclass
class Crowd:
    """What some sources have sent, and which of it they were told has arrived."""

    house: House
    chance: random.Random
    sent: dict[str, Sent] = field(default_factory=dict)
    arrived: set[str] = field(default_factory=set)
    answers: list[int] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @contextlib.contextmanager
    def sending(self, people: int) -> Iterator[None]:
        """Send one report after the other, each of so many people, until the block ends."""
        self._over.clear()
        self._threads = [
            threading.Thread(target=self._send_on, args=(random.Random(self.chance.random()),))
            for _ in range(people)
        ]
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()

    def _send_on(self, chance: random.Random) -> None:
        while not self._over.is_set():
            size = chance.choice(SIZES)
            try:
                self.send(size)
            except (OSError, http.client.HTTPException):
                return  # the service is gone

    def send(self, size: int) -> int:
        """Send one report; give the status of the answer."""
        text = f"report {os.urandom(8).hex()}"
        start = int.from_bytes(os.urandom(4), "big") % (len(_RANDOM) - size + 1)
        data = memoryview(_RANDOM)[start : start + size]
        files = (hashlib.sha256(data).digest(),) if size else ()
        self.sent[text] = Sent(text, files)
        answer = post(self.house, body_of(text, data))
        self.answers.append(answer.status)
        if answer.status == 303 and answer.getheader("location") == "/en/sent":
            self.arrived.add(text)
        return answer.status


def body_of(text: str, data: bytes | memoryview = b"") -> bytes:
    parts = [("reader", "press"), ("report", text)]
    fields = [f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts]
    if data:
        fields.append('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n')
    return b"".join(["".join(fields).encode(), data, b"\r\n" if data else b"", b"--b--\r\n"])


def post(house: House, body: bytes) -> http.client.HTTPResponse:
    """Post a form, and wait for the whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", house.settings.port, timeout=60)
    with contextlib.closing(connection):
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        connection.request("POST", _REPORT, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer
