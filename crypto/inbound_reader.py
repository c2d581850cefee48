"""Reading an inbound bundle: signature, log and papers at once, an envelope when it is taken."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from crypto.bag_info_file import PayloadCount
from crypto.bag_layout import BAGIT, INFO, MANIFEST, SIGNATURE, TAG_MANIFEST
from crypto.bundle import FOLDER
from crypto.bundle_reader import refusing
from crypto.errors import DamagedBagError, MalformedLogError
from crypto.inbound import (
    LOG,
    MAX_DAYS,
    MAX_ENVELOPES,
    MAX_FORMS,
    ROSTER,
    ROSTER_SIGNATURE,
    InboundInfo,
    RosterDocument,
    envelope_path,
    form_path,
    is_envelope,
    is_form,
    serialize_days,
    serialize_inbound_info,
)
from crypto.log_day import MAX_DAY_BYTES, MAX_DAY_VALUES, LogDay, read_day_object
from crypto.minisign import SignedKind, VerifyKey
from crypto.signed_bag import Progress, SignedBag
from crypto.signed_roster import MAX_ROSTER_BYTES
from crypto.sinks import Sink
from crypto.strict_json import parse_json
from crypto.zip_reader import SeekableFile, ZipReader

MAX_LOG_BYTES = MAX_DAY_BYTES
_DAY_VALUES = 64  # of each day beside its leaves: up to 53 peaks, and its keys
_MAX_LOG_VALUES = MAX_DAY_VALUES + MAX_DAYS * _DAY_VALUES
_MAX_FORM_BYTES = 256 * 1024
_MAX_SIGNATURE_BYTES = 1024
_MAX_INFO_BYTES = 1024
_BEHIND = (LOG, ROSTER, ROSTER_SIGNATURE)
_TAGS = (INFO, MANIFEST, TAG_MANIFEST, SIGNATURE)
_FIXED = frozenset({BAGIT, *_BEHIND, *_TAGS})
_MAX_MEMBERS = len(_FIXED) + MAX_ENVELOPES + MAX_FORMS
_FORM_FOLDER = form_path("x-1.toml").removesuffix("x-1.toml")
_FIELDS = re.compile(
    r"Candor-Kind: bundle\nDirection: inbound\nCourier: (.+)\nChannel: (.+)\n"
    r"Serial: ([1-9][0-9]{0,15})\nPrevious: ([0-9a-f]{64})\n(?:.+\n){3}"
)

Judge = Callable[[InboundInfo, RosterDocument], VerifyKey]
"""Tells from what a bundle says of itself, and from the roster that it brings, whose signature it
must bear. The roster is the root key's or not: nothing else vouches for it yet."""


class InboundBundle:
    """A bundle whose signature, log and papers are verified, and whose envelopes are as they go.

    Args:
        file: stays the caller's, and one thread's at a time.
        judge: is asked before anything is verified; whatever it raises passes through.

    Attributes:
        info: which bundle it is.
        hash: identifies the bundle (32 bytes).
        days: of the log, each consistent in itself; whether one continues the other, and who signed
            the heads, is another question.
        forms: by name, `<id>-<version>.toml`.
        roster: as it came.
        envelopes: hash and length of each, in the order of their hashes.

    Raises:
        UnsignedBundleError: the signature is not that of the key that it must be of.
        BundleError: not a bundle, or damaged; the message says what failed.
    """

    def __init__(self, file: SeekableFile, judge: Judge) -> None:
        with refusing(), _refusing_log():
            zipped = ZipReader(file, _is_known, max_members=_MAX_MEMBERS)
            self.roster = RosterDocument(
                zipped.read(f"{FOLDER}/{ROSTER}", max_bytes=MAX_ROSTER_BYTES),
                zipped.read(f"{FOLDER}/{ROSTER_SIGNATURE}", max_bytes=_MAX_SIGNATURE_BYTES),
            )
            self._bag = SignedBag(zipped, FOLDER, self._asking(judge))
            self.info = _parse_info(self._bag.info)
            self.hash = self._bag.hash
            self._require_roster()
            self.days = self._read_days()
            self.forms = self._read_forms()
            self.envelopes = self._list_envelopes()
            self._require_files()

    @property
    def missing(self) -> tuple[bytes, ...]:
        """Leaves of its days whose envelopes it does not bring, in the order of the log."""
        return tuple(leaf for day in self.days for leaf in day.leaves if leaf not in self.envelopes)

    @property
    def unlogged(self) -> tuple[bytes, ...]:
        """Envelopes that are no leaf of its days: nobody should have put them in."""
        leaves = {leaf for day in self.days for leaf in day.leaves}
        return tuple(found for found in self.envelopes if found not in leaves)

    def copy(self, envelope_hash: bytes, to: Sink, progress: Progress | None = None) -> None:
        """Copy an envelope out, and check it as it goes.

        Raises:
            BundleError: not what was signed; then what was copied is not to be trusted.
        """
        with refusing():
            self._bag.check(envelope_path(envelope_hash), progress, to)

    def _asking(self, judge: Judge) -> Callable[[bytes], tuple[str, list[VerifyKey]]]:
        return lambda info: (SignedKind.BUNDLE, [judge(_parse_info(info), self.roster)])

    def _require_roster(self) -> None:
        """Hold what the judge was shown to what the courier signed."""
        self._bag.read(ROSTER, max_bytes=MAX_ROSTER_BYTES)
        self._bag.read(ROSTER_SIGNATURE, max_bytes=_MAX_SIGNATURE_BYTES)

    def _read_days(self) -> tuple[LogDay, ...]:
        data = self._bag.read(LOG, max_bytes=MAX_LOG_BYTES)
        match parse_json(data, "log.json", max_values=_MAX_LOG_VALUES):
            case {"days": [_, *_] as entries} if len(entries) <= MAX_DAYS:
                days = tuple(map(read_day_object, entries))
            case _:
                raise DamagedBagError("log.json is not a list of days")
        if serialize_days(days) != data:
            raise DamagedBagError("log.json is not written in the one way that is read")
        return days

    def _read_forms(self) -> Mapping[str, bytes]:
        return {
            path.removeprefix(_FORM_FOLDER): self._bag.read(path, max_bytes=_MAX_FORM_BYTES)
            for path in self._bag.manifest
            if is_form(path)
        }

    def _list_envelopes(self) -> Mapping[bytes, int]:
        return {
            sha256: self._bag.size(path)
            for path, sha256 in self._bag.manifest.items()
            if is_envelope(path) and path == envelope_path(sha256)
        }

    def _require_files(self) -> None:
        """Hold the bag to exactly the files that such a bundle has, in their order."""
        envelopes = sorted(map(envelope_path, self.envelopes))
        payload = [*envelopes, *sorted(map(form_path, self.forms)), *_BEHIND]
        if list(self._bag.manifest) != payload:
            raise DamagedBagError("the bundle's manifest is not that of an inbound bundle")
        if list(self._bag.files) != [BAGIT, *payload, *_TAGS]:
            raise DamagedBagError("the bundle's files are not those of its manifest")
        size = sum(self._bag.size(name) for name in payload)
        count = PayloadCount(size, len(payload))
        if self._bag.info != serialize_inbound_info(self.info, self.days, count):
            raise DamagedBagError("bag-info.txt is not that of this inbound bundle")


def peek_info(file: SeekableFile) -> InboundInfo:
    """Read which bundle a file says it is; nobody has vouched for it.

    Raises:
        BundleError: it does not say so.
    """
    with refusing():
        zipped = ZipReader(file, _is_known, max_members=_MAX_MEMBERS)
        return _parse_info(zipped.read(f"{FOLDER}/{INFO}", max_bytes=_MAX_INFO_BYTES))


def _parse_info(data: bytes) -> InboundInfo:
    """Read which bundle it is; the heads and the count are compared once the log is read."""
    fields = _FIELDS.fullmatch(data.decode("ascii", "replace"))
    if fields is None:
        raise DamagedBagError("bag-info.txt is not that of an inbound bundle")
    try:
        return InboundInfo(fields[1], fields[2], int(fields[3]), bytes.fromhex(fields[4]))
    except ValueError:
        raise DamagedBagError("bag-info.txt is not that of an inbound bundle") from None


def _is_known(member: str) -> bool:
    folder, _, name = member.partition("/")
    return folder == FOLDER and (name in _FIXED or is_envelope(name) or is_form(name))


@contextmanager
def _refusing_log() -> Iterator[None]:
    """Say of a malformed log that the bundle is not one: its courier signed it."""
    try:
        yield
    except MalformedLogError as error:
        raise DamagedBagError(str(error)) from error
