"""The log of docs/protocol.md section 10: heads, days, receipts, and each day the next one."""

import hashlib
import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG, WITNESS = b"\x01", b"\x04"
HASH = re.compile(r"[0-9a-f]{64}")
KEYS = ("day", "head", "leaves", "peaks_before", "size_before")


class LogError(Exception):
    pass


def require(fact, reason):
    if not fact:
        raise LogError(reason)


# trees: RFC 6962, section 2.1


def sha256(data):
    return hashlib.sha256(data).digest()


def span_hash(span):
    """Hash a list of leaves and known subtrees: `(size, hash)` each, in their order."""
    if not span:
        return sha256(b"")
    if len(span) == 1:
        return span[0][1]
    left, right = split(span)
    return sha256(b"\x01" + span_hash(left) + span_hash(right))


def split(span):
    size = sum(part[0] for part in span)
    half = 1
    while half * 2 < size:
        half *= 2
    seen = 0
    for place, (part, _) in enumerate(span):
        if seen == half:
            return span[:place], span[place:]
        seen += part
    raise LogError("no tree")


def entries(hashes):
    return [(1, sha256(b"\x00" + one)) for one in hashes]


def peaks(size, hashes):
    bits = [1 << bit for bit in range(size.bit_length() - 1, -1, -1) if size >> bit & 1]
    require(len(bits) == len(hashes), "peaks")
    return list(zip(bits, hashes, strict=True))


def path_of(span, place):
    """The audit path of the part at this place of a list, from its sibling up."""
    if len(span) == 1:
        return []
    left, right = split(span)
    if place < len(left):
        return [*path_of(left, place), span_hash(right)]
    return [*path_of(right, place - len(left)), span_hash(left)]


def root_by_path(entry, index, size, path):
    """From above: cut the tree as it is built, and use the path from its end."""
    if size == 1:
        require(not path, "path")
        return sha256(b"\x00" + entry)
    require(path and 0 <= index < size, "path")
    half = 1
    while half * 2 < size:
        half *= 2
    *rest, last = path
    if index < half:
        return sha256(b"\x01" + root_by_path(entry, index, half, rest) + last)
    return sha256(b"\x01" + last + root_by_path(entry, index - half, size - half, rest))


# heads: c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature


@dataclass(frozen=True)
class Head:
    origin: str
    size: int
    root: bytes
    #: (name, key id || signature)
    lines: tuple

    @property
    def body(self):
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @property
    def text(self):
        lines = (f"— {name} {b64encode(blob).decode()}\n" for name, blob in self.lines)
        return f"{self.body}\n{''.join(lines)}"


def read_head(text):
    found = re.fullmatch(
        r"([!-*,-~]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n((?:— .+\n)*)", text, re.ASCII
    )
    require(found, "head")
    lines = []
    for line in found[4].splitlines():
        match = re.fullmatch(r"— ([!-*,-~]+) ([A-Za-z0-9+/]+=*)", line, re.ASCII)
        require(match and len(match[2]) % 4 == 0, "signature line")
        lines.append((match[1], b64decode(match[2])))
    head = Head(found[1], int(found[2]), b64decode(found[3]), tuple(lines))
    require(head.text == text and all(len(blob) > 4 for _, blob in lines), "not canonical")
    return head


def key_id(name, kind, raw):
    return sha256(name.encode() + b"\n" + kind + raw)[:4]


def signed_by(head, name, kind, raw):
    """Return the times of a key's signatures, or zero for the log's own; one that fails rejects."""
    times = []
    for whose, blob in head.lines:
        if whose != name or blob[:4] != key_id(name, kind, raw):
            continue
        stamp, signature = (b"", blob[4:]) if kind == LOG else (blob[4:12], blob[12:])
        seconds = int.from_bytes(stamp, "big")
        before = "" if kind == LOG else f"cosignature/v1\ntime {seconds}\n"
        try:
            Ed25519PublicKey.from_public_bytes(raw).verify(signature, (before + head.body).encode())
        except InvalidSignature:
            raise LogError("signature") from None
        times.append(seconds)
    return times


def add_signature(head, name, kind, seed, seconds=0):
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    raw = signer.public_key().public_bytes_raw()
    before = "" if kind == LOG else f"cosignature/v1\ntime {seconds}\n"
    stamp = b"" if kind == LOG else seconds.to_bytes(8, "big")
    blob = key_id(name, kind, raw) + stamp + signer.sign((before + head.body).encode())
    return Head(head.origin, head.size, head.root, (*head.lines, (name, blob)))


@dataclass(frozen=True)
class Keys:
    """Keys of a roster: the log's, and each witness's by its name."""

    origin: str
    log: tuple
    witnesses: dict

    def check(self, head):
        """Hold a head to the log's signature; return who witnessed it, and when."""
        require(head.origin == self.origin, "another log")
        require(
            [t for raw in self.log for t in signed_by(head, head.origin, LOG, raw)], "not signed"
        )
        seen = {name: signed_by(head, name, WITNESS, raw) for name, raw in self.witnesses.items()}
        return {name: times[-1] for name, times in seen.items() if times}


def end_of(day):
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + 86_400


# days


@dataclass(frozen=True)
class Day:
    day: date
    size_before: int
    peaks_before: tuple
    leaves: tuple
    head: Head

    @property
    def parts(self):
        return peaks(self.size_before, self.peaks_before) + entries(self.leaves)

    @property
    def peaks_after(self):
        """Join equal neighbours from the right, as often as there are some."""
        parts = []
        for part in self.parts:
            parts.append(part)
            while len(parts) > 1 and parts[-1][0] == parts[-2][0]:
                (size, left), (_, right) = parts[-2:]
                parts[-2:] = [(2 * size, sha256(b"\x01" + left + right))]
        return tuple(one for _, one in parts)

    @property
    def text(self):
        content = {
            "day": self.day.isoformat(),
            "head": self.head.text,
            "leaves": [leaf.hex() for leaf in self.leaves],
            "peaks_before": [peak.hex() for peak in self.peaks_before],
            "size_before": self.size_before,
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_day(text):
    def no_key_twice(pairs):
        require(len({key for key, _ in pairs}) == len(pairs), "a key twice")
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=no_key_twice)
    except ValueError:
        raise LogError("not JSON") from None
    require(isinstance(content, dict) and tuple(sorted(content)) == KEYS, "keys")
    hashes = [*content["leaves"], *content["peaks_before"]]
    require(all(isinstance(one, str) and HASH.fullmatch(one) for one in hashes), "hash")
    require(type(content["size_before"]) is int and content["size_before"] >= 0, "size")
    require(re.fullmatch(r"\d{4}-\d\d-\d\d", content["day"], re.ASCII), "day")
    try:
        day = date.fromisoformat(content["day"])
    except ValueError:
        raise LogError("day") from None
    leaves, before = (
        [bytes.fromhex(one) for one in content[key]] for key in ("leaves", "peaks_before")
    )
    require(len(set(leaves)) == len(leaves) <= 1_048_576, "leaves")
    read = Day(
        day, content["size_before"], tuple(before), tuple(leaves), read_head(content["head"])
    )
    require(read.text == text, "not canonical")
    require(read.head.size == read.size_before + len(leaves), "size")
    require(read.head.root == span_hash(read.parts), "root")
    return read


def require_next(before, after, keys):
    """`before` is the day that was seen last, None at the beginning of a log."""
    keys.check(after.head)
    if before is None:
        require(after.size_before == 0, "not the beginning")
        return
    require(after.day == before.day + timedelta(days=1), "days are missing")
    require(after.size_before >= before.head.size, "shrunk")
    require(
        (after.size_before, after.peaks_before) == (before.head.size, before.peaks_after), "forked"
    )


def write_day(day, before, leaves, keys, seed):
    """The next day of a log, signed; `before` is the day before, or None."""
    size, known = (0, ()) if before is None else (before.head.size, before.peaks_after)
    root = span_hash(peaks(size, known) + entries(leaves))
    head = add_signature(Head(keys.origin, size + len(leaves), root, ()), keys.origin, LOG, seed)
    return Day(day, size, known, tuple(leaves), head)


# receipts, in the form of c2sp.org/tlog-proof


def write_receipt(day, envelope_hash):
    place = len(day.peaks_before) + day.leaves.index(envelope_hash)
    path = (b64encode(one).decode() for one in path_of(day.parts, place))
    index = day.size_before + day.leaves.index(envelope_hash)
    return "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *path, "", day.head.text])


def check_receipt(text, envelope_hash, keys):
    """Return who witnessed it, and when."""
    found = re.fullmatch(
        r"c2sp\.org/tlog-proof@v1\nindex (0|[1-9]\d{0,15})\n"
        r"((?:[A-Za-z0-9+/]{43}=\n)*)\n([^\n](?s:.*))",
        text,
        re.ASCII,
    )
    require(found, "receipt")
    path = [b64decode(line) for line in found[2].split()]
    require("".join(f"{b64encode(one).decode()}\n" for one in path) == found[2], "not canonical")
    head = read_head(found[3])
    seen = keys.check(head)
    require(int(found[1]) < head.size, "index")
    require(root_by_path(envelope_hash, int(found[1]), head.size, path) == head.root, "root")
    return seen
