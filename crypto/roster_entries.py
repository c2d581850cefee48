"""What a roster lists: channels, the people who read them, couriers, decoys.

Each entry refuses to exist outside its bounds, so whoever holds one can rely on them, and what a
ceremony makes can always be read back.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from crypto import bag_info
from crypto.errors import MalformedRosterError
from crypto.header import MAX_SLOTS
from crypto.keys import Recipient
from crypto.minisign import VerifyKey
from crypto.padding import is_padded

DEFAULT_SLOTS = 16
DEFAULT_RETENTION_DAYS = 365
MAX_RETENTION_DAYS = 3650
MAX_NAME = 200
MAX_NOTE = 1_000
MAX_LANGUAGES = 40
MAX_FORMER_KEYS = 64
MAX_FORM_VERSION = 1_000_000
MAX_DECOYS_PER_DAY = 1_000
MAX_DECOY_RANGES = 64
MAX_WEIGHT = 1_000_000
SHA256_BYTES = 32

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")


@dataclass(frozen=True, slots=True)
class FormReference:
    """The form of a channel: its id and version, and the SHA-256 of its file."""

    id: str
    version: int
    sha256: bytes

    def __post_init__(self) -> None:
        require_id("form", self.id)
        require_range("form version", self.version, 1, MAX_FORM_VERSION)
        if len(self.sha256) != SHA256_BYTES:
            raise MalformedRosterError("a form's SHA-256 has another length")


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A signing key that another replaced; what it signed is taken until that day, and on it."""

    key: VerifyKey = field(repr=False)
    until: date


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who may read, as a source is shown them, and their two public keys.

    Attributes:
        recipient: all that is sealed to them; a rotation replaces it at once.
        key: whose signature is theirs.
        former_keys: whose signatures are still theirs for some time.
    """

    id: str
    name: str
    role: str
    organisation: str
    independence: str  # on whom this person does not depend, in their own words; may be empty
    recipient: Recipient = field(repr=False)
    key: VerifyKey = field(repr=False)
    former_keys: tuple[FormerKey, ...] = ()

    def __post_init__(self) -> None:
        require_id("reviewer", self.id)
        require_text("name", self.name, most=MAX_NAME)
        require_text("role", self.role, most=MAX_NAME)
        require_text("organisation", self.organisation, most=MAX_NAME, least=0)
        require_text("independence note", self.independence, most=MAX_NOTE, least=0)
        require_range("number of former keys", len(self.former_keys), 0, MAX_FORMER_KEYS)

    @property
    def all_keys(self) -> tuple[VerifyKey, ...]:
        """Every key that is or was theirs, and nobody else's."""
        return (self.key, *(former.key for former in self.former_keys))

    def keys_on(self, day: date) -> tuple[VerifyKey, ...]:
        """Return the keys whose signature counts as theirs on a day."""
        return (self.key, *(former.key for former in self.former_keys if day <= former.until))


@dataclass(frozen=True, slots=True)
class Channel:
    """A door for reports, and who stands behind it.

    Attributes:
        names: by language.
        slots: the number of stanzas of every envelope of this channel.
        retention_days: how long an envelope stays on the server.
        reviewers: their ids, in the order in which a source sees them.
        threshold: how many of them must agree to open; with 1 each opens alone.
        recipient: the key that they share when more than one must agree, else None.
    """

    id: str
    names: Mapping[str, str]
    form: FormReference
    reviewers: tuple[str, ...]
    slots: int = DEFAULT_SLOTS
    retention_days: int = DEFAULT_RETENTION_DAYS
    threshold: int = 1
    recipient: Recipient | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        require_id("channel", self.id)
        require_range("number of names", len(self.names), 1, MAX_LANGUAGES)
        for language, name in self.names.items():
            if _LANGUAGE.fullmatch(language) is None:
                raise MalformedRosterError("a channel's name is in no language")
            require_text("channel name", name, most=MAX_NAME)
        require_range("number of slots", self.slots, 1, MAX_SLOTS)
        require_range("retention", self.retention_days, 1, MAX_RETENTION_DAYS)
        require_range("number of reviewers of a channel", len(self.reviewers), 1, self.slots)
        require_distinct("reviewer of a channel", self.reviewers)
        require_range("number who must agree", self.threshold, 1, len(self.reviewers))
        if (self.threshold > 1) != (self.recipient is not None):
            raise MalformedRosterError("a channel has a key of its own only if several must agree")


@dataclass(frozen=True, slots=True)
class Courier:
    """A carrier of sealed envelopes: the key of its requests, and the channels it may fetch."""

    id: str
    channels: tuple[str, ...]
    key: VerifyKey = field(repr=False)

    def __post_init__(self) -> None:
        require_id("courier", self.id)
        require_distinct("channel of a courier", self.channels)


@dataclass(frozen=True, slots=True)
class DecoyRange:
    """Padded lengths above the previous range's and up to this one, and how likely they are."""

    up_to_bytes: int
    weight: int

    def __post_init__(self) -> None:
        require_range("weight of a decoy's size", self.weight, 1, MAX_WEIGHT)
        if not is_padded(self.up_to_bytes):
            raise MalformedRosterError("a decoy's size is not one that padding gives")


@dataclass(frozen=True, slots=True)
class Decoys:
    """How many decoys a channel gets and of what size, published so that it hides no choice.

    A decoy's length is drawn in two steps: a range by its weight, then one of the padded lengths in
    it, each as likely as the others. The last range ends at the cap: a larger report may stand out.
    """

    mean_per_day: int
    ranges: tuple[DecoyRange, ...]

    def __post_init__(self) -> None:
        require_range("number of decoys", self.mean_per_day, 1, MAX_DECOYS_PER_DAY)
        require_range("number of decoys' ranges", len(self.ranges), 1, MAX_DECOY_RANGES)
        if any(low.up_to_bytes >= high.up_to_bytes for low, high in pairwise(self.ranges)):
            raise MalformedRosterError("the ranges of decoys' sizes do not grow")


def require_id(noun: str, value: str) -> None:
    """Refuse what a bag would refuse as an id."""
    try:
        bag_info.require_id(value)
    except ValueError as error:
        raise MalformedRosterError(f"{error}, which that of a {noun} is not") from None


def require_text(noun: str, value: str, *, most: int, least: int = 1) -> None:
    """Refuse a text that is too long, or that could show itself as another one.

    What is not printable includes line ends and the characters that reverse the direction of a
    line: with these a name could dress up as a different name.
    """
    if not least <= len(value) <= most or not value.isprintable() or value != value.strip():
        raise MalformedRosterError(f"a {noun} is no line of {least} to {most} characters")


def require_range(noun: str, value: int, least: int, most: int) -> None:
    """Refuse a number outside its bounds."""
    if not least <= value <= most:
        raise MalformedRosterError(f"the {noun} is not from {least} to {most}")


def require_distinct(noun: str, values: Collection[object]) -> None:
    """Refuse a list in which something stands twice."""
    if len(set(values)) != len(values):
        raise MalformedRosterError(f"a {noun} stands twice")
