"""A client written from docs/protocol.md alone: bags, replies and bundles (sections 3 to 5, 9).

It shares no code with Candor. Whole files are held in memory, which is all that a test needs.
"""

import hashlib
import json
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass, field

from tests.stranger import age, keys
from tests.stranger.archive import EXTENSIONS, known_name, padded, read_zip, write_zip, zip_length
from tests.stranger.roster import ID

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
SOURCE_KINDS = ("report", "message", "canary")
REPLY_SLOTS = 4
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


def _require(fact, reason):
    if not fact:
        raise BagError(reason)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def strict_json(data):
    """Parse JSON in which no object has a key twice."""

    def unique(pairs):
        _require(len(dict(pairs)) == len(pairs), "a key twice")
        return dict(pairs)

    return json.loads(data, object_pairs_hook=unique)


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


# bags of every kind


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
    _require(found.pop() == ("", ""), "bag-info.txt does not end its line")
    wanted = [("Candor-Kind", kind, True), *LABELS[kind]]
    wanted.append(("Payload-Oxum", re.escape(_oxum(payload)), True))
    info = dict(found)
    present = [label for label, _, must in wanted if must or label in info]
    _require([label for label, _ in found] == present, "labels of bag-info.txt")
    for label, form, _ in wanted:
        _require(label not in info or re.fullmatch(form, info[label]), label)
    for label in ("Source-Recipient", "Reply-To-Recipient"):
        if label in info:
            age.parse_recipient(info[label])
    _require("Status" in info or "Next-Day" not in info, "a day without a status")
    return info


def _peek(tags, label):
    found = re.search(rf"^{label}: (.*)$", tags["bag-info.txt"].decode(), re.MULTILINE)
    _require(found, f"no {label}")
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
    _require([name for name, _ in files] == expected, "files")
    kind = _peek(tags, "Candor-Kind")
    _require(kind in kinds, "another kind")
    signer = _check_signature(kind, tags, signers)
    covered = [(name, tags[name]) for name in first]
    _require(manifest(covered) == tags["tagmanifest-sha256.txt"], "tag manifest")
    _require(manifest(payload) == tags["manifest-sha256.txt"], "manifest")
    _require(tags["bagit.txt"] == BAGIT, "bagit.txt")
    if size:
        length = len(data) - len(tags["padding.bin"])
        _require(not any(tags["padding.bin"]) and len(data) == size(length), "padding")
    info = _read_info(kind, tags["bag-info.txt"], payload)
    return Bag(kind, info, dict(payload), sha256(tags["tagmanifest-sha256.txt"]), signer)


# reports and messages


@dataclass(frozen=True)
class Submission:
    channel: str
    text: str
    answers: dict = field(default_factory=dict)
    #: (name as the source has it, type, content)
    files: tuple = ()
    identity: str = ""
    kind: str = "report"
    sealed: str = "offline"
    language: str = "en"
    day: str = "2026-11-23"


def identity_file(source, channel, text, custodian):
    """`custodian` is a recipient, or None for a throw-away key."""
    payload = [("data/report.txt", text.encode())]
    _require(len(payload[0][1]) <= 1500, "too long")
    info = {"Channel": channel, "Source-Key": source.info["Source-Key"]}
    bag = write_bag("identity", payload, info, source.signing, size=lambda _: 4096)
    recipient = custodian or age.Identity(os.urandom(32)).recipient
    return age.seal(bag, [recipient], 1)


def _escaped(text):
    """JSON of a text, with what could disturb a terminal or a reader's eye as escapes."""

    def one(letter):
        if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp"):
            return json.dumps(letter)[1:-1]
        return letter

    return "".join(one(letter) for letter in json.dumps(text, ensure_ascii=False))


def stored_name(number, name):
    extension = name.rpartition(".")[2].lower() if "." in name else "bin"
    return f"{number:03}.{extension if EXTENSIONS.fullmatch(extension) else 'bin'}"


def _type(claim):
    plain = claim.partition(";")[0].strip().lower()
    part = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}"
    return plain if re.fullmatch(f"{part}/{part}", plain) else "application/octet-stream"


def attachments_json(files):
    lines = [
        f'{{"file": "{stored_name(number, name)}", "name": {_escaped(name)}, '
        f'"type": "{_type(kind)}", "bytes": {len(data)}, "sha256": "{sha256(data)}"}}'
        for number, (name, kind, data) in enumerate(files, 1)
    ]
    return ("[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n").encode()


def report_json(submission, form, readers):
    whole = {
        "form": form["id"],
        "version": form["version"],
        "language": submission.language,
        "day": submission.day,
        "readers": sorted(readers),
        "answers": submission.answers,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2).encode() + b"\n"


def submission_bag(submission, source, roster, readers):
    (channel,) = [one for one in roster["channels"] if one["id"] == submission.channel]
    custodian = roster["custodian"] and roster["custodian"]["recipient"]
    payload = [
        ("data/report.txt", submission.text.encode()),
        ("data/report.json", report_json(submission, channel["form"], readers)),
        *(
            (f"data/attachments/{stored_name(number, name)}", data)
            for number, (name, _, data) in enumerate(submission.files, 1)
        ),
        ("data/attachments.json", attachments_json(submission.files)),
        (
            "data/identity.age",
            identity_file(source, submission.channel, submission.identity, custodian),
        ),
    ]
    info = {"Candor-Sealed": submission.sealed, "Channel": submission.channel, **source.info}
    return write_bag(submission.kind, payload, info, source.signing)


def seal_submission(submission, source, roster, readers):
    """Seal to the chosen reviewers of the channel, or to the key that they share."""
    (channel,) = [one for one in roster["channels"] if one["id"] == submission.channel]
    if channel["recipient"] is not None:
        bag = submission_bag(submission, source, roster, [])
        return age.seal(bag, [channel["recipient"]], channel["slots"])
    chosen = {
        one["id"]: one["recipient"]
        for one in roster["reviewers"]
        if one["id"] in readers and one["id"] in channel["reviewers"]
    }
    bag = submission_bag(submission, source, roster, list(chosen))
    return age.seal(bag, list(chosen.values()), channel["slots"])


def _check_attachments(bag):
    listed = strict_json(bag.payload["data/attachments.json"])
    names = [name for name in bag.payload if name.startswith("data/attachments/")]
    _require(["data/attachments/" + one["file"] for one in listed] == names, "attachments")
    for number, (one, data) in enumerate(bag.attachments, 1):
        _require(list(one) == ["file", "name", "type", "bytes", "sha256"], "keys")
        _require(one["file"].startswith(f"{number:03}."), "numbers")
        _require((one["bytes"], one["sha256"]) == (len(data), sha256(data)), "attachment")
        _require(len(one["name"]) <= 255 and "\0" not in one["name"], "name")
        _require(_type(one["type"]) == one["type"], "type")


def open_submission(envelope, identities):
    """Open and verify a report or message whole."""
    bag = read_bag(age.open_age(envelope, identities), SOURCE_KINDS)
    names = list(bag.payload)
    wanted = ["data/report.txt", "data/report.json", *names[2:-2]]
    wanted += ["data/attachments.json", "data/identity.age"]
    _require(names == wanted, "payload")
    _check_attachments(bag)
    _require(len(bag.payload["data/identity.age"]) == 5755, "identity.age")
    _require(isinstance(bag.answers, dict), "report.json")
    bag.payload["data/report.txt"].decode()
    _require(len(bag.payload["data/report.txt"]) <= 1 << 20, "text too long")
    return bag


def open_identity_of(bag, custodian):
    """Return what the source says about who they are; `custodian` is an identity."""
    plaintext = age.open_age(bag.payload["data/identity.age"], [custodian])
    inner = read_bag(plaintext, ["identity"], size=lambda _: 4096)
    for label in ("Source-Key", "Channel"):
        _require(inner.info[label] == bag.info[label], f"identity.age of another {label}")
    return inner.text


def thread_of(bag):
    return tuple(bag.info[f"Source-{part}"] for part in ("Key", "Mailbox", "Recipient"))


# replies


def write_reply(report, envelope, reviewer, text, **more):
    """Answer `report`, which came in `envelope`; `more` has number, day, status, next_day."""
    info = {
        "Channel": report.info["Channel"],
        "Reply-To-Mailbox": report.info["Source-Mailbox"],
        "Reply-To-Recipient": report.info["Source-Recipient"],
        "In-Reply-To": sha256(envelope),
        "Reply-Number": str(more["number"]),
        "Readers": " ".join(report.answers["readers"]),
        "Day": more["day"],
        "Status": more.get("status"),
        "Next-Day": more.get("next_day"),
    }
    present = {label: value for label, value in info.items() if value}
    payload = [("data/report.txt", text.encode())]
    bag = write_bag("reply", payload, present, reviewer.signing)
    return age.seal(bag, [report.info["Source-Recipient"]], REPLY_SLOTS)


def open_reply(envelope, source, roster):
    """Return the bag, and the roster's entry of the reviewer who signed it."""
    reviewers = {keys.parse_key(one["key"]): one for one in roster["reviewers"]}
    plaintext = age.open_age(envelope, [source.identity])
    bag = read_bag(plaintext, ["reply"], signers=list(reviewers))
    _require(list(bag.payload) == ["data/report.txt"], "payload")
    _require(bag.info["Reply-To-Mailbox"] == source.address.hex(), "another mailbox")
    _require(bag.info["Reply-To-Recipient"] == source.identity.recipient, "another recipient")
    return bag, reviewers[bag.signer]


# bundles

BUNDLE_REPLIES = 8


def _dummy(replies):
    length = len(secrets.choice(replies)[1]) if replies else 71_866
    size = plaintext_length(length - 70 - 1557 * REPLY_SLOTS)
    nobody = age.Identity(os.urandom(32)).recipient
    return os.urandom(32), age.seal(bytes(size), [nobody], REPLY_SLOTS)


def plaintext_length(payload_length):
    chunks = -(-(payload_length - 16) // (age.CHUNK + 16))
    return payload_length - 16 - 16 * chunks


def write_bundle(replies, reviewer):
    """`replies` is a list of (address, envelope)."""
    _require(len(replies) <= BUNDLE_REPLIES, "too many")
    every = [*replies, *(_dummy(replies) for _ in range(BUNDLE_REPLIES - len(replies)))]
    named = sorted((os.urandom(16).hex() + ".age", *one) for one in every)
    listed = [{"address": address.hex(), "file": name} for name, address, _ in named]
    document = json.dumps({"replies": listed}, indent=2, sort_keys=True).encode() + b"\n"
    payload = [(f"data/{name}", envelope) for name, _, envelope in named]
    payload.append(("data/replies.json", document))
    info = {"Direction": "outbound"}
    return write_bag("bundle", payload, info, reviewer.signing, size=None, folder="bundle")


def is_bundle_name(name):
    tags = "bagit|bag-info|manifest-sha256|tagmanifest-sha256"
    form = rf"bundle/(data/[0-9a-f]{{32}}\.age|data/replies\.json|({tags})\.txt"
    return re.fullmatch(form + r"|tagmanifest-sha256\.txt\.minisig)", name)


def read_bundle(data, signers):
    """Return the list of (address, envelope)."""
    bag = read_bag(
        data, ["bundle"], signers=signers, folder="bundle", size=None, known=is_bundle_name
    )
    document = bag.payload["data/replies.json"]
    listed = json.loads(document)
    same = json.dumps(listed, indent=2, sort_keys=True).encode() + b"\n" == document
    names = [f"data/{one['file']}" for one in listed["replies"]]
    _require(same and [*names, "data/replies.json"] == list(bag.payload), "replies.json")
    _require(names == sorted(names) and len(names) <= 64, "replies.json")
    return [
        (bytes.fromhex(one["address"]), bag.payload[f"data/{one['file']}"])
        for one in listed["replies"]
    ]
