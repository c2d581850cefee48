"""A source who leaves a mark on everything that can be sent."""

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from forms.loader import default_form
from tests.leaks.needles import new_marker

FILE_BYTES = 40 << 20
_MARK_EVERY = 64 << 10
_WORD = re.compile(r"<li>([^<]+)</li>")
_WORDS = re.compile(r'<ol class="words".*?</ol>', re.DOTALL)
# small letters beyond ASCII, of which each encoding makes something else
_TO_CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абвгдежзиклмнопрстуфхцчшщэ")


@dataclass(frozen=True)
class Mark:
    """What marks everything of one source; nobody else on this machine has it."""

    latin: str = field(default_factory=new_marker)
    address: str = field(default_factory=lambda: ".".join(["127", *map(str, os.urandom(3))]))
    forwarded: str = field(default_factory=lambda: "2001:db8:" + os.urandom(4).hex())

    @property
    def cyrillic(self) -> str:
        return self.latin.translate(_TO_CYRILLIC)

    @property
    def texts(self) -> tuple[str, ...]:
        return self.latin, self.cyrillic, self.address, self.forwarded

    def answers(self) -> list[tuple[str, str]]:
        """Answer everything that the form asks, with a marker wherever something is written."""
        readers = [("reader", "press"), ("reader", "lawyers")]
        asked = [field for section in default_form().sections for field in section.fields]
        written = [
            (field.id, f"{self.latin} in {field.id} {self.cyrillic}")
            for field in asked
            if field.kind.is_text
        ]
        chosen = [(field.id, field.options[0].id) for field in asked if field.options]
        return readers + written + [pair for pair in chosen if pair[0] != "reader"]

    def file(self, size: int = FILE_BYTES) -> bytes:
        """Make a file with a marker at some place in every 64 KiB."""
        marker = (self.latin + self.cyrillic).encode()
        data = bytearray(os.urandom(size))
        for start in range(0, size - _MARK_EVERY + 1, _MARK_EVERY):
            at = start + int.from_bytes(os.urandom(2), "big") % (_MARK_EVERY - len(marker))
            data[at : at + len(marker)] = marker
        return bytes(data)

    def headers(self) -> dict[str, str]:
        """Give the headers by which browsers, proxies and mistakes tell who somebody is."""
        marker, address = self.latin, self.forwarded
        return {
            "User-Agent": f"{marker}/1.0 (agent)",
            "Referer": f"http://{marker}.example/from",
            "Cookie": f"{marker}=junk; session={marker}; other={self.latin}",
            "Accept-Language": f"en, {marker};q=0.5",
            "X-Forwarded-For": address,
            "Forwarded": f'for="[{address}]"',
            "X-Real-IP": address,
            "Via": f"1.1 {marker}",
            "From": f"{marker}@{marker}.example",
            "Authorization": f"Bearer {marker}",
            "If-None-Match": f'"{marker}"',
            f"X-{marker}": marker,
        }

    def body(self, *files: bytes, more: list[tuple[str, str]] | None = None) -> bytes:
        """Write a form by hand, with marks also where no browser lets them be."""
        pieces = [
            f'Content-Disposition: form-data; name="{name}"\r\nX-{self.latin}: {self.latin}\r\n'
            f"Content-Type: text/plain; x={self.latin}\r\n\r\n{value}\r\n".encode()
            for name, value in [*self.answers(), *(more or [])]
        ]
        pieces += [
            f'Content-Disposition: form-data; name="file"; filename="{self.latin} {self.cyrillic}"'
            f"\r\nContent-Type: application/{self.latin}\r\nX-Mark: {self.latin}\r\n\r\n".encode()
            + data
            + b"\r\n"
            for data in files
        ]
        line = f"--{self.boundary}\r\n".encode()
        return b"".join(line + piece for piece in pieces) + f"--{self.boundary}--\r\n".encode()

    @property
    def boundary(self) -> str:
        return f"----{self.latin}"

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self.boundary}"


@dataclass(frozen=True)
class Curl:
    """curl as this source would have it: marked headers, their own address, their own files."""

    mark: Mark
    origin: str
    outside: Path

    def __call__(self, path: str, *options: str, body: bytes = b"", cookie: str = "") -> "Answer":
        headers = self.mark.headers()
        if cookie:
            headers["Cookie"] += f"; {cookie}"
        given = [word for pair in headers.items() for word in ("-H", ": ".join(pair))]
        url = f"{self.origin}{path}?{self.mark.latin}={self.mark.latin}"
        done = subprocess.run(
            ["curl", "-qsi", "--interface", self.mark.address, *given, *options, url],
            input=body,
            capture_output=True,
            check=False,
            env={"HOME": str(self.outside), "PATH": os.environ["PATH"]},
        )
        return Answer.parse(done.stdout)

    def post(self, path: str, body: bytes, cookie: str = "", kind: str | None = None) -> "Answer":
        content_type = f"Content-Type: {kind or self.mark.content_type}"
        return self(path, "-H", content_type, "--data-binary", "@-", body=body, cookie=cookie)

    def form_options(self, file: Path) -> list[str]:
        """Fill in the form with curl's own hand."""
        mark = self.mark
        texts = [word for pair in mark.answers() for word in ("--form-string", "=".join(pair))]
        name = f'"{mark.latin} {mark.cyrillic}.pdf"'
        about = f'filename={name};type=application/{mark.latin};headers="X-Mark: {mark.latin}"'
        return [*texts, "-F", f"file=@{file};{about}"]


@dataclass(frozen=True)
class Answer:
    """What came back, but for a `100 Continue` before it."""

    status: int
    headers: dict[str, str]
    text: str

    @classmethod
    def parse(cls, raw: bytes) -> "Answer":
        while raw.startswith(b"HTTP/1.1 100"):
            raw = raw.partition(b"\r\n\r\n")[2]
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return cls(int(first.split()[1]), headers, body.decode(errors="replace"))

    @property
    def cookie(self) -> str:
        """Give the session as a browser would send it back."""
        return self.headers["set-cookie"].partition(";")[0]

    @property
    def words(self) -> list[str]:
        shown = _WORDS.search(self.text)
        return _WORD.findall(shown[0]) if shown else []
