"""What must not be found, in every form in which a program might have written it down."""

import base64
import secrets
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_BLOCK_BYTES = 1 << 20
_NEAR_BYTES = 24
_JOINTS = (" ", "-", "_", ",", ", ", "\n", "\r\n", "+", "%20", "", "', '", '", "', '","')


def new_marker() -> str:
    """Draw letters that stand nowhere else; small ones, which survive where case is folded."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))


@dataclass(frozen=True)
class Find:
    """Something that should not be where it is."""

    where: str
    form: str
    near: bytes


@dataclass(frozen=True)
class Needles:
    """Forms to look for, each by what it is."""

    forms: dict[str, bytes]

    @classmethod
    def of(cls, *texts: str) -> "Needles":
        """Look for texts in every usual encoding."""
        return cls({f"{text} as {how}": form for text in texts for how, form in _encodings(text)})

    @classmethod
    def of_words(cls, words: Iterable[str]) -> "Needles":
        """Look for three of a codename's words in a row: single ones are in the word list.

        Every row of five has one of these threes.
        """
        words = list(words)
        threes = [words[at : at + 3] for at in range(0, len(words) - 2, 2)]
        joined = (joint.join(three) for joint in _JOINTS for three in threes)
        return cls.of(*map(" ".join, threes)) | cls({text: text.encode() for text in joined})

    @classmethod
    def of_secret(cls, name: str, secret: bytes) -> "Needles":
        """Look for bytes as they are, in hexadecimal and in base64."""
        return cls({f"{name} as {how}": form for how, form in _of_bytes(secret)})

    @classmethod
    def of_start(cls, *texts: str) -> "Needles":
        """Look for the beginnings of long texts as they are."""
        return cls({f"start of {text}": text[:40].encode() for text in texts})

    @classmethod
    def union(cls, several: Iterable["Needles"]) -> "Needles":
        return cls({name: form for one in several for name, form in one.forms.items()})

    def __or__(self, other: "Needles") -> "Needles":
        return Needles({**self.forms, **other.forms})

    def within(self, where: str, data: bytes) -> list[Find]:
        """Look through some bytes."""
        return [
            Find(where, name, data[max(0, at - _NEAR_BYTES) : at + len(form) + _NEAR_BYTES])
            for name, form in self.forms.items()
            if (at := data.find(form)) >= 0
        ]

    def within_stream(self, where: str, blocks: Iterable[bytes]) -> Iterator[Find]:
        """Look through blocks that belong together, also where one ends and the next begins."""
        overlap = max(map(len, self.forms.values())) - 1
        tail = b""
        for block in blocks:
            yield from self.within(where, tail + block)
            tail = (tail + block)[-overlap:]

    def within_file(self, path: Path) -> list[Find]:
        """Look through a file, its name included; one that is gone by now holds nothing."""
        finds = self.within(f"the name {path}", str(path).encode(errors="surrogateescape"))
        try:
            with path.open("rb", buffering=0) as file:
                return finds + list(self.within_stream(str(path), _blocks(file)))
        except FileNotFoundError:
            return finds


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK_BYTES):
        yield block


def _encodings(text: str) -> Iterator[tuple[str, bytes]]:
    raw = text.encode()
    yield from _of_bytes(raw)
    yield "capitals", text.upper().encode()
    yield "UTF-16LE", text.encode("utf-16-le")
    yield "UTF-16BE", text.encode("utf-16-be")
    yield "percent-encoding", "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "small percent-encoding", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "escapes", "".join(f"\\u{ord(letter):04x}" for letter in text).encode()


def _of_bytes(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "it is", raw
    yield "hexadecimal", raw.hex().encode()
    for shift in range(3):
        # what the neighbours share in is cut off at both ends
        whole = base64.b64encode(bytes(shift) + raw)
        certain = whole[-(-shift * 4 // 3) : (shift + len(raw)) * 4 // 3]
        yield f"base64, shifted by {shift}", certain
        if (url_safe := certain.translate(_URL_SAFE)) != certain:
            yield f"base64 for URLs, shifted by {shift}", url_safe


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
