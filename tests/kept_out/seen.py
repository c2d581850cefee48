"""Everything that a kept-out reviewer may see of each envelope, the whole server's disk included.

More than the protocol gives them: they also have the data directory as it lies there after the
batch, and a client that tries their key on every stanza without regard to tags.
"""

import io
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from crypto.envelope import open_envelope
from crypto.errors import NotAddressedError
from crypto.header import parse_header
from crypto.keys import Identity
from crypto.stanza import recognise_all
from tests.intake.test_order import physical_blocks, raw_directory_order, times
from tests.kept_out.attempts import Attempts

ENDS_BYTES = 256


@dataclass(frozen=True)
class Seen:
    """By name, what was seen of each envelope, in one order for all.

    Attributes:
        hashes: of the envelopes.
        numbers: whatever can be put in order.
        strings: bytes, as many of each envelope.
        opened: who of the readers opens it.
    """

    hashes: tuple[bytes, ...]
    numbers: dict[str, list[Any]]
    strings: dict[str, list[bytes]]
    opened: dict[str, list[bool]]


@dataclass(frozen=True, slots=True)
class _Envelope:
    row: Mapping[str, Any]
    payload: bytes
    file: Path

    @property
    def header(self) -> bytes:
        return self.row["header"]


def look(data: Path, readers: Mapping[str, Identity], kept_out: str) -> Seen:
    """Look at a data directory with everybody's envelopes and one reviewer's key."""
    envelopes = _read(data)
    opened = {name: [_opens(e, key) for e in envelopes] for name, key in readers.items()}
    numbers: dict[str, list[Any]] = {}
    for part in (_rows, _places, _mentions, _leaves, _files, _forms):
        numbers |= part(data, envelopes)
    return Seen(
        hashes=tuple(envelope.row["hash"] for envelope in envelopes),
        numbers=numbers,
        strings=_strings(envelopes, Attempts(readers[kept_out])),
        opened=opened,
    )


def _read(data: Path) -> list[_Envelope]:
    """Read every row in the order of the table, and its one segment."""
    with closing(sqlite3.connect(data / "candor.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM envelope")]
    files = [data / "blobs" / f"{row['blob']}.00000" for row in rows]
    return [_Envelope(r, f.read_bytes(), f) for r, f in zip(rows, files, strict=True)]


def _opens(envelope: _Envelope, key: Identity) -> bool:
    try:
        with open_envelope(io.BytesIO(envelope.header + envelope.payload), [key]) as payload:
            payload.read()
    except NotAddressedError:
        return False
    return True


def _rows(data: Path, envelopes: Sequence[_Envelope]) -> dict[str, list[Any]]:
    """Every column there is; text, bytes and numbers are put in order as they are."""
    columns = {name: [e.row[name] for e in envelopes] for name in envelopes[0].row}
    seen = {f"column {name}": values for name, values in columns.items()}
    seen["length of the header"] = [len(e.header) for e in envelopes]
    seen["length of the payload"] = [len(e.payload) for e in envelopes]
    return seen


def _places(data: Path, envelopes: Sequence[_Envelope]) -> dict[str, list[Any]]:
    """Where a row and its overflow pages lie in the database's file."""
    raw = (data / "candor.sqlite3").read_bytes()
    keyed = list(range(len(envelopes)))
    return {
        "place in the table": keyed,
        "place of the key": [raw.find(e.row["hash"]) for e in envelopes],
        "place of the header's middle": [raw.rfind(e.header[12_000:12_032]) for e in envelopes],
        "place of the header's end": [raw.rfind(e.header[-80:]) for e in envelopes],
    }


def _mentions(data: Path, envelopes: Sequence[_Envelope]) -> dict[str, list[Any]]:
    """How often it is named anywhere: other tables, the log, files beside."""
    whole = b"".join(
        path.read_bytes()
        for path in sorted(data.rglob("*"))
        if path.is_file() and path.parent.name != "blobs"
    )
    names = {"hash": lambda e: e.row["hash"], "hash in hex": lambda e: e.row["hash"].hex().encode()}
    names["blob"] = lambda e: e.row["blob"].encode()
    return {
        f"times its {n} stands": [whole.count(of(e)) for e in envelopes] for n, of in names.items()
    }


def _leaves(data: Path, envelopes: Sequence[_Envelope]) -> dict[str, list[Any]]:
    """Its place in the public log, and in its day."""
    day_files = sorted(data.glob("log/*/*.json"))
    days = [json.loads(file.read_text())["leaves"] for file in day_files]
    index = {leaf: place for place, leaf in enumerate(leaf for day in days for leaf in day)}
    within = {leaf: place / len(day) for day in days for place, leaf in enumerate(day)}
    hashes = [e.row["hash"].hex() for e in envelopes]
    return {
        "leaf": [index[h] for h in hashes],
        "leaf within its day": [within[h] for h in hashes],
        "parity of the leaf": [index[h] % 2 for h in hashes],
    }


def _files(data: Path, envelopes: Sequence[_Envelope]) -> dict[str, list[Any]]:
    """Everything that the file system says of the segment."""
    files = [e.file for e in envelopes]
    listed = {name: place for place, name in enumerate(raw_directory_order(data / "blobs"))}
    stats = [file.stat() for file in files]
    blocks = physical_blocks(files)
    seen = {
        f"file: {name}": [getattr(stat, name) for stat in stats]
        for name in ("st_ino", "st_mode", "st_nlink", "st_uid", "st_size", "st_blocks")
    }
    for name, letter in {"birth": "W", "access": "X", "modified": "Y", "changed": "Z"}.items():
        clock = times(files, letter)
        seen[f"file: {name}"] = [clock[file] for file in files]
    seen["file: first block"] = [blocks[file] for file in files]
    seen["file: place in the directory"] = [listed[file.name] for file in files]
    seen["file: attributes"] = [len(os.listxattr(file)) for file in files]
    return seen


def _forms(data: Path, envelopes: Sequence[_Envelope]) -> dict[str, list[Any]]:
    """How the stanzas stand among themselves, and what two envelopes have in common."""
    headers = [parse_header(e.header) for e in envelopes]
    stanzas = [recognise_all(header.stanzas) for header in headers]
    encs = [[stanza.enc for stanza in each] for each in stanzas]
    shares = [[enc[-32:] for enc in each] for each in encs]
    often = Counter(share for each in shares for share in each)
    return {
        "stanzas": [len(each) for each in stanzas],
        "stanzas out of order": [_descents(each) for each in encs],
        "shares out of order": [_descents(each) for each in shares],
        "place of the least stanza": [each.index(min(each)) for each in encs],
        "shares that came before": [sum(often[share] > 1 for share in each) for each in shares],
        "bits set in the header": [_bits(e.header) for e in envelopes],
        "bits set in the payload": [_bits(e.payload) for e in envelopes],
        **_histogram("payload", [e.payload for e in envelopes]),
        **_histogram("stanzas", [b"".join(each) for each in encs]),
    }


def _strings(envelopes: Sequence[_Envelope], attempts: Attempts) -> dict[str, list[bytes]]:
    stanzas = [recognise_all(parse_header(e.header).stanzas) for e in envelopes]
    return {
        "header": [e.header for e in envelopes],
        "bodies": [b"".join(s.wrapped for s in each) for each in stanzas],
        "shares": [b"".join(s.enc[-32:] for s in each) for each in stanzas],
        "payload's beginning": [e.payload[:ENDS_BYTES] for e in envelopes],
        "payload's end": [e.payload[-ENDS_BYTES:] for e in envelopes],
        "what my key makes of it": [b"".join(map(attempts.of, each)) for each in stanzas],
    }


def _descents(values: Sequence[bytes]) -> int:
    return sum(one > other for one, other in pairwise(values))


def _bits(data: bytes) -> int:
    return int.from_bytes(data, "little").bit_count()


def _histogram(name: str, strings: Sequence[bytes]) -> dict[str, list[Any]]:
    counts = [Counter(string) for string in strings]
    return {f"{name}: byte {v}": [count[v] for count in counts] for v in range(256)}
