"""Signed BagIt bags of every kind: docs/protocol.md section 3."""

import hashlib
import json
import math
import re
from dataclasses import dataclass

from tests.stranger import age, keys
from tests.stranger.archive import known_name, padded, read_zip, write_zip, zip_length
from tests.stranger.roster import ID

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
SOURCE_KINDS = ("report", "message", "canary")
HEX = r"[0-9a-f]{64}"
RECIPIENT, KEY = r"age1pq1[a-z0-9]+", r"RW[A-Za-z0-9+/]{54}"
IDS = rf"{ID.pattern}(?: {ID.pattern})*"
DAY, NUMBER = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[1-9][0-9]*"
STATUS = "opened|question|working|passed-on|closed"
#: label, form of the value, must it be there
COMMON = (("Channel", ID.pattern, True),)
SOURCE_LABELS = (
    ("Candor-Sealed", "browser|offline|arrival", True),
    *COMMON,
    ("Source-Mailbox", HEX, True),
    ("Source-Recipient", RECIPIENT, True),
    ("Source-Key", KEY, True),
)
SUBJECT_LABELS = (*COMMON, ("Source-Key", KEY, True))
REPLY_LABELS = (
    *COMMON,
    ("Reply-To-Mailbox", HEX, True),
    ("Reply-To-Recipient", RECIPIENT, True),
    ("In-Reply-To", HEX, True),
    ("Reply-Number", NUMBER, True),
    ("Readers", IDS, False),
    ("Day", DAY, True),
    ("Status", STATUS, False),
    ("Next-Day", DAY, False),
)
LABELS = {
    **dict.fromkeys(SOURCE_KINDS, SOURCE_LABELS),
    **dict.fromkeys(("identity", "request", "disclosure"), SUBJECT_LABELS),
    "reply": REPLY_LABELS,
    "bundle": [("Direction", "outbound", True)],
}


class BagError(Exception):
    pass


def require(fact, reason):
    if not fact:
        raise BagError(reason)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def strict_json(data):
    """Parse JSON in which no object has a key twice, of numbers that a double holds."""

    def unique(pairs):
        require(len(dict(pairs)) == len(pairs), "a key twice")
        return dict(pairs)

    def finite(text):
        require(math.isfinite(float(text)), "a number too large")
        return float(text) if set(text) & set(".eE") else int(text)

    text, deepest, level = data.decode(), 0, 0
    for bracket in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(bracket, 0)
        deepest = max(deepest, level)
    require(deepest <= 32, "more than 32 deep")
    return json.loads(
        text,
        object_pairs_hook=unique,
        parse_float=finite,
        parse_int=finite,
        parse_constant=lambda text: require(fact=False, reason=text),
    )


@dataclass(frozen=True)
class Bag:
    kind: str
    info: dict
    payload: dict
    identifier: str
    signer: bytes

    @property
    def text(self):
        return self.payload["data/report.txt"].decode()

    @property
    def answers(self):
        return strict_json(self.payload["data/report.json"])

    @property
    def attachments(self):
        listed = strict_json(self.payload["data/attachments.json"])
        return [(one, self.payload["data/attachments/" + one["file"]]) for one in listed]


def manifest(files):
    return "".join(f"{sha256(data)}  {name}\n" for name, data in files).encode()


def _oxum(payload):
    return f"{sum(len(data) for _, data in payload)}.{len(payload)}"


def write_bag(kind, payload, info, signing, *, size=padded, folder="report"):
    """`payload` is a list of (name in the folder, bytes), `info` the lines from kind to oxum."""
    lines = {"Candor-Kind": kind, **info, "Payload-Oxum": _oxum(payload)}
    bagit = ("bagit.txt", BAGIT)
    tags = [
        ("bag-info.txt", "".join(f"{a}: {b}\n" for a, b in lines.items()).encode()),
        ("manifest-sha256.txt", manifest(payload)),
    ]
    tagmanifest = manifest([bagit, *tags])
    signature = keys.sign(signing, kind, tagmanifest)
    last = [
        ("tagmanifest-sha256.txt", tagmanifest),
        ("tagmanifest-sha256.txt.minisig", signature),
    ]

    def files(*padding):
        every = [bagit, *payload, *tags, *padding, *last]
        return [(f"{folder}/{name}", data) for name, data in every]

    if size is None:
        return write_zip(files())
    length = zip_length(files(("padding.bin", b"")))
    return write_zip(files(("padding.bin", bytes(size(length) - length))))


def _read_info(kind, data, payload):
    found = [line.partition(": ")[::2] for line in data.decode().split("\n")]
    require(found.pop() == ("", ""), "bag-info.txt does not end its line")
    wanted = [("Candor-Kind", kind, True), *LABELS[kind]]
    wanted.append(("Payload-Oxum", re.escape(_oxum(payload)), True))
    info = dict(found)
    present = [label for label, _, must in wanted if must or label in info]
    require([label for label, _ in found] == present, "labels of bag-info.txt")
    for label, form, _ in wanted:
        require(label not in info or re.fullmatch(form, info[label]), label)
    for label in ("Source-Recipient", "Reply-To-Recipient"):
        if label in info:
            age.parse_recipient(info[label])
    require("Status" in info or "Next-Day" not in info, "a day without a status")
    return info


def _peek(tags, label):
    found = re.search(rf"^{label}: (.*)$", tags["bag-info.txt"].decode(), re.MULTILINE)
    require(found, f"no {label}")
    return found[1]


def _check_signature(kind, tags, candidates):
    signature = tags["tagmanifest-sha256.txt.minisig"]
    if candidates is None:
        candidates = [keys.parse_key(_peek(tags, "Source-Key"))]
    for raw in candidates:
        try:
            keys.verify(raw, kind, tags["tagmanifest-sha256.txt"], signature)
        except keys.SignatureError:
            continue
        return raw
    raise BagError("damaged or forged: no signature that counts")


def read_bag(data, kinds, *, signers=None, folder="report", size=padded, known=known_name):
    """Verify a whole bag; `signers` are raw keys, or None for the bag's own Source-Key."""
    files = [(name.removeprefix(f"{folder}/"), part) for name, part in read_zip(data, known)]
    payload = [(name, part) for name, part in files if name.startswith("data/")]
    tags = {name: part for name, part in files if not name.startswith("data/")}
    last = ["tagmanifest-sha256.txt", "tagmanifest-sha256.txt.minisig"]
    first = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt"]
    expected = ["bagit.txt", *dict(payload), *first[1:], *(["padding.bin"] if size else []), *last]
    require([name for name, _ in files] == expected, "files")
    kind = _peek(tags, "Candor-Kind")
    require(kind in kinds, "another kind")
    signer = _check_signature(kind, tags, signers)
    covered = [(name, tags[name]) for name in first]
    require(manifest(covered) == tags["tagmanifest-sha256.txt"], "tag manifest")
    require(manifest(payload) == tags["manifest-sha256.txt"], "manifest")
    require(tags["bagit.txt"] == BAGIT, "bagit.txt")
    if size:
        length = len(data) - len(tags["padding.bin"])
        require(not any(tags["padding.bin"]) and len(data) == size(length), "padding")
    info = _read_info(kind, tags["bag-info.txt"], payload)
    return Bag(kind, info, dict(payload), sha256(tags["tagmanifest-sha256.txt"]), signer)
