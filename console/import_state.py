"""What an import directory remembers: of one service, everything that a next bundle is held to.

One JSON object, its keys sorted, written whole after each bundle:

    {
      "alarms": {…},                     as `console.alarms` has them
      "couriers": [                      of each courier and channel
        {"bundles": ["<64 hex>", …],     hashes of the bundles taken, one serial after the other
         "channel": …, "courier": …,
         "day": "2026-11-23",            the last that it brought
         "first": 1,                     the serial of the first of these bundles
         "roster": 3}                    the serial of the newest roster that it brought
      ],
      "forms": [{"id": …, "sha256": …, "version": …}],     that rosters have named
      "logs": {"general": {"day": …, "peaks": […], "size": …}},     how far each was followed
      "root": "RW…",
      "rosters": {"3": "<64 hex>"},      SHA-256 of each by its serial
      "service_id": "…",
      "version": 1
    }
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from console.alarms import AlarmBook, book_object, read_book_object
from console.errors import ImportDirectoryError
from crypto.checkpoint import log_origin
from crypto.errors import CandorError
from crypto.log_day import Followed
from crypto.merkle import Tree
from crypto.minisign import VerifyKey
from crypto.roster import FormReference
from crypto.strict_json import parse_json

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Carried:
    """What came from one courier of one channel.

    Attributes:
        first: the serial of the first bundle of `bundles`.
        bundles: the hash of each, one serial after the other.
        roster: the serial of the newest roster that came with them.
        day: the last that they brought.
    """

    first: int
    bundles: tuple[bytes, ...]
    roster: int
    day: date

    @property
    def serial(self) -> int:
        """The serial of the last bundle."""
        return self.first + len(self.bundles) - 1


@dataclass(frozen=True, slots=True)
class ImportState:
    """All that is remembered of one service.

    Attributes:
        root: pinned at the first import.
        carried: by courier and channel.
        logs: by channel.
        rosters: SHA-256 by serial.
    """

    root: VerifyKey
    service_id: bytes
    rosters: Mapping[int, bytes] = field(default_factory=dict)
    forms: tuple[FormReference, ...] = ()
    logs: Mapping[str, Followed] = field(default_factory=dict)
    carried: Mapping[tuple[str, str], Carried] = field(default_factory=dict)
    alarms: AlarmBook = field(default_factory=AlarmBook)

    @property
    def newest_roster(self) -> int:
        """The serial of the newest roster; 0 before the first."""
        return max(self.rosters, default=0)

    def followed(self, channel: str) -> Followed:
        """Return how far a channel's log was followed."""
        return self.logs.get(channel) or Followed(log_origin(self.service_id, channel))


def serialize_state(state: ImportState) -> bytes:
    """Write the state."""
    content = {
        "alarms": book_object(state.alarms),
        "couriers": [_carried_object(*entry) for entry in sorted(state.carried.items())],
        "forms": [
            {"id": form.id, "sha256": form.sha256.hex(), "version": form.version}
            for form in state.forms
        ],
        "logs": {channel: _log_object(log) for channel, log in state.logs.items()},
        "root": state.root.serialize(),
        "rosters": {str(serial): sha256.hex() for serial, sha256 in state.rosters.items()},
        "service_id": state.service_id.hex(),
        "version": _VERSION,
    }
    return f"{json.dumps(content, indent=2, sort_keys=True)}\n".encode("ascii")


def parse_state(data: bytes) -> ImportState:
    """Read the state.

    Raises:
        ImportDirectoryError: not as `serialize_state` writes it.
    """
    try:
        state = _read_state(parse_json(data, "the state of imports"))
    except (CandorError, LookupError, TypeError, ValueError):
        raise ImportDirectoryError("the state of imports is damaged") from None
    if serialize_state(state) != data:
        raise ImportDirectoryError("the state of imports is damaged")
    return state


def _read_state(content: object) -> ImportState:
    match content:
        case {"version": version} if version != _VERSION:
            raise ImportDirectoryError("the state of imports is of a newer Candor: update this one")
        case {
            "alarms": alarms,
            "couriers": list(couriers),
            "forms": list(forms),
            "logs": dict(logs),
            "root": str(root),
            "rosters": dict(rosters),
            "service_id": str(service_id),
        }:
            service = bytes.fromhex(service_id)
            return ImportState(
                root=VerifyKey.parse(root),
                service_id=service,
                rosters={int(serial): bytes.fromhex(sha256) for serial, sha256 in rosters.items()},
                forms=tuple(map(_read_form, forms)),
                logs={channel: _read_log(service, channel, log) for channel, log in logs.items()},
                carried=dict(map(_read_carried, couriers)),
                alarms=read_book_object(alarms),
            )
        case _:
            raise ImportDirectoryError("the state of imports is damaged")


def _carried_object(key: tuple[str, str], carried: Carried) -> dict[str, object]:
    courier, channel = key
    return {
        "bundles": [bundle.hex() for bundle in carried.bundles],
        "channel": channel,
        "courier": courier,
        "day": carried.day.isoformat(),
        "first": carried.first,
        "roster": carried.roster,
    }


def _read_carried(entry: Mapping[str, object]) -> tuple[tuple[str, str], Carried]:
    match entry:
        case {
            "bundles": list(bundles),
            "channel": str(channel),
            "courier": str(courier),
            "day": str(day),
            "first": int(first),
            "roster": int(roster),
        }:
            hashes = tuple(bytes.fromhex(bundle) for bundle in bundles)
            return (courier, channel), Carried(first, hashes, roster, date.fromisoformat(day))
        case _:
            raise ValueError("not what a courier has carried")


def _log_object(log: Followed) -> dict[str, object]:
    return {
        "day": str(log.day),
        "peaks": [peak.hex() for peak in log.tree.peaks],
        "size": log.tree.size,
    }


def _read_log(service_id: bytes, channel: str, entry: Mapping[str, object]) -> Followed:
    match entry:
        case {"day": str(day), "peaks": list(peaks), "size": int(size)}:
            tree = Tree(size, tuple(bytes.fromhex(peak) for peak in peaks))
            return Followed(log_origin(service_id, channel), tree, date.fromisoformat(day))
        case _:
            raise ValueError("not a log that was followed")


def _read_form(entry: Mapping[str, object]) -> FormReference:
    match entry:
        case {"id": str(form_id), "sha256": str(sha256), "version": int(version)}:
            return FormReference(form_id, version, bytes.fromhex(sha256))
        case _:
            raise ValueError("not a form")
