"""Reports, messages, replies and bundles, written from docs/protocol.md alone (sections 3 to 5, 9).

It shares no code with Candor. Whole files are held in memory, which is all that a test needs.
"""

import json
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass, field

from tests.stranger import age, bags
from tests.stranger.archive import EXTENSIONS
from tests.stranger.bags import require, sha256, strict_json
from tests.stranger.roster import signers

REPLY_SLOTS = 4

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
    require(len(payload[0][1]) <= 1500, "too long")
    info = {"Channel": channel, "Source-Key": source.info["Source-Key"]}
    bag = bags.write_bag("identity", payload, info, source.signing, size=lambda _: 4096)
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
    return bags.write_bag(submission.kind, payload, info, source.signing)


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
    require(["data/attachments/" + one["file"] for one in listed] == names, "attachments")
    for number, (one, data) in enumerate(bag.attachments, 1):
        require(list(one) == ["file", "name", "type", "bytes", "sha256"], "keys")
        require(one["file"].startswith(f"{number:03}."), "numbers")
        require((one["bytes"], one["sha256"]) == (len(data), sha256(data)), "attachment")
        require(len(one["name"]) <= 255 and "\0" not in one["name"], "name")
        require(_type(one["type"]) == one["type"], "type")


def open_submission(envelope, identities):
    """Open and verify a report or message whole."""
    bag = bags.read_bag(age.open_age(envelope, identities), bags.SOURCE_KINDS)
    names = list(bag.payload)
    wanted = ["data/report.txt", "data/report.json", *names[2:-2]]
    wanted += ["data/attachments.json", "data/identity.age"]
    require(names == wanted, "payload")
    _check_attachments(bag)
    require(len(bag.payload["data/identity.age"]) == 5755, "identity.age")
    require(isinstance(bag.answers, dict), "report.json")
    bag.payload["data/report.txt"].decode()
    require(len(bag.payload["data/report.txt"]) <= 1 << 20, "text too long")
    return bag


def open_identity_of(bag, custodian):
    """Return what the source says about who they are; `custodian` is an identity."""
    plaintext = age.open_age(bag.payload["data/identity.age"], [custodian])
    inner = bags.read_bag(plaintext, ["identity"], size=lambda _: 4096)
    for label in ("Source-Key", "Channel"):
        require(inner.info[label] == bag.info[label], f"identity.age of another {label}")
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
    bag = bags.write_bag("reply", payload, present, reviewer.signing)
    return age.seal(bag, [report.info["Source-Recipient"]], REPLY_SLOTS)


def open_reply(envelope, source, roster, today):
    """Return the bag, and the roster's entry of the reviewer who signed it."""
    reviewers = signers(roster, today)
    plaintext = age.open_age(envelope, [source.identity])
    bag = bags.read_bag(plaintext, ["reply"], signers=list(reviewers))
    require(list(bag.payload) == ["data/report.txt"], "payload")
    require(bag.info["Reply-To-Mailbox"] == source.address.hex(), "another mailbox")
    require(bag.info["Reply-To-Recipient"] == source.identity.recipient, "another recipient")
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
    require(len(replies) <= BUNDLE_REPLIES, "too many")
    every = [*replies, *(_dummy(replies) for _ in range(BUNDLE_REPLIES - len(replies)))]
    named = sorted((os.urandom(16).hex() + ".age", *one) for one in every)
    listed = [{"address": address.hex(), "file": name} for name, address, _ in named]
    document = json.dumps({"replies": listed}, indent=2, sort_keys=True).encode() + b"\n"
    payload = [(f"data/{name}", envelope) for name, _, envelope in named]
    payload.append(("data/replies.json", document))
    info = {"Direction": "outbound"}
    return bags.write_bag("bundle", payload, info, reviewer.signing, size=None, folder="bundle")


def is_bundle_name(name):
    tags = "bagit|bag-info|manifest-sha256|tagmanifest-sha256"
    form = rf"bundle/(data/[0-9a-f]{{32}}\.age|data/replies\.json|({tags})\.txt"
    return re.fullmatch(form + r"|tagmanifest-sha256\.txt\.minisig)", name)


def read_bundle(data, signers):
    """Return the list of (address, envelope)."""
    bag = bags.read_bag(
        data, ["bundle"], signers=signers, folder="bundle", size=None, known=is_bundle_name
    )
    document = bag.payload["data/replies.json"]
    listed = json.loads(document)
    same = json.dumps(listed, indent=2, sort_keys=True).encode() + b"\n" == document
    names = [f"data/{one['file']}" for one in listed["replies"]]
    require(same and [*names, "data/replies.json"] == list(bag.payload), "replies.json")
    require(names == sorted(names) and len(names) <= 64, "replies.json")
    return [
        (bytes.fromhex(one["address"]), bag.payload[f"data/{one['file']}"])
        for one in listed["replies"]
    ]
