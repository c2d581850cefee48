"""Whether a bundle is one of this directory's service, and the next of its courier."""

import base64
import binascii
from dataclasses import replace
from datetime import date
from hashlib import sha256

from console.alarms import Finding
from console.errors import (
    ForeignBundleError,
    OtherRootError,
    UnlistedFormError,
    UnpinnedRootError,
)
from console.import_directory import ImportDirectory
from console.import_state import ImportState
from crypto.errors import (
    ExpiredRosterError,
    ForkedRosterError,
    RolledBackRosterError,
    UnsignedRosterError,
)
from crypto.inbound import InboundInfo, RosterDocument
from crypto.inbound_reader import InboundBundle
from crypto.log_watch import Alarm, Cause
from crypto.minisign import KEY_ID_BYTES, VerifyKey
from crypto.roster import FormReference, Roster
from crypto.signed_roster import parse_roster

_PREFIX = 13
"""Characters of a key's line that its key id, all that a signature tells of it, decides."""


class BundleJudge:
    """Asked by the reader of a bundle who must have signed it; remembers what it found.

    Attributes:
        brought: the roster that came with the bundle.
        newest: the newest one known: who is a courier, and of what, is asked of this one.
        state: what was remembered before, or the beginning of it.
    """

    brought: Roster
    newest: Roster
    state: ImportState
    _document: RosterDocument

    def __init__(self, directory: ImportDirectory, root: VerifyKey | None) -> None:
        self._directory = directory
        self._root = root

    def __call__(self, info: InboundInfo, document: RosterDocument) -> VerifyKey:
        """Verify the roster, and return the key of the courier that the bundle names.

        Raises:
            UnpinnedRootError, OtherRootError: there is no root key to trust, or another one.
            RosterError: the roster in the bundle is not one of this service, or goes back.
            ForeignBundleError: another service, courier or channel.
        """
        root = self._pinned(document)
        # An expired roster is judged later, by the days that come with it.
        self.brought = _parse(document, root)
        self.state = self._directory.state or ImportState(root, self.brought.service_id)
        self._document = document
        self._require_service()
        self._require_no_way_back(info, document)
        self.newest = self._find_newest(root)
        return self._courier_key(info)

    def keep_second_roster(self) -> None:
        """Keep the roster that was refused as a second one of its serial, and an alarm about it.

        The root key signed it, whoever made the bundle.
        """
        finding = Finding(Alarm(Cause.ROSTER_FORKED), sha256(self._document.document).digest())
        self._directory.write_second_roster(self.brought.serial, self._document)
        alarms = self.state.alarms.with_findings([finding])
        self._directory.save(replace(self.state, alarms=alarms))

    def _pinned(self, document: RosterDocument) -> VerifyKey:
        state = self._directory.state
        if state is not None:
            if self._root not in {None, state.root}:
                raise OtherRootError(
                    f"{self._directory.path} belongs to the service {state.root.serialize()}: name"
                    " another directory for another service"
                )
            return state.root
        if self._root is None:
            raise UnpinnedRootError(
                f"the first import needs --root RW…, the fingerprint of the service. The roster in"
                f" this bundle names a root key whose line begins with {_claimed_root(document)}:"
                " compare with what the service publishes, and pass the whole line"
            )
        return self._root

    def _require_service(self) -> None:
        if self.brought.service_id != self.state.service_id:
            raise ForeignBundleError("the bundle is of another service with the same root key")

    def _require_no_way_back(self, info: InboundInfo, document: RosterDocument) -> None:
        """Refuse a second roster of one serial, and an older one than this courier had before.

        An older one than another courier had is not wrong: they do not fetch at the same time.
        """
        serial = self.brought.serial
        seen = self.state.rosters.get(serial)
        if seen not in {None, sha256(document.document).digest()}:
            raise ForkedRosterError(f"there are two rosters {serial}: the root key signed both")
        before = self.state.carried.get((info.courier, info.channel))
        if before is not None and serial < before.roster:
            raise RolledBackRosterError(
                f"the roster in the bundle is {serial}, and this courier brought {before.roster}"
                " before"
            )

    def _find_newest(self, root: VerifyKey) -> Roster:
        newest = self.state.newest_roster
        if self.brought.serial >= newest:
            return self.brought
        return _parse(self._directory.roster(newest), root)

    def _courier_key(self, info: InboundInfo) -> VerifyKey:
        couriers = {courier.id: courier for courier in self.newest.couriers}
        channels = {channel.id for channel in self.newest.channels}
        if info.courier not in couriers:
            raise ForeignBundleError("the bundle's courier is not in the roster")
        courier = couriers[info.courier]
        if info.channel not in channels or info.channel not in courier.channels:
            raise ForeignBundleError("the bundle's channel is none that its courier may fetch")
        return courier.key


def require_valid_roster(newest: Roster, bundle: InboundBundle) -> None:
    """Refuse days later than the last day of the roster; older ones may always be read.

    Raises:
        ExpiredRosterError: there are such days.
    """
    last = max(day.day for day in bundle.days)
    if last > newest.expires:
        raise ExpiredRosterError(
            f"the roster was valid until {newest.expires} and the bundle brings days up to {last}:"
            " whoever holds the root key must sign a new one, and the courier fetch again"
        )


def listed_form(brought: Roster, bundle: InboundBundle) -> tuple[FormReference, bytes]:
    """Return the form that came with a bundle: the one that the channel names, and no other.

    Raises:
        UnlistedFormError: another one, or none.
    """
    channels = {channel.id: channel for channel in brought.channels}
    if bundle.info.channel not in channels:
        raise ForeignBundleError("the bundle's channel is not in the roster that it brings")
    form = channels[bundle.info.channel].form
    data = bundle.forms.get(f"{form.id}-{form.version}.toml")
    if data is None or len(bundle.forms) != 1 or sha256(data).digest() != form.sha256:
        raise UnlistedFormError("the form in the bundle is not the one that the roster names")
    return form, data


def _parse(document: RosterDocument, root: VerifyKey) -> Roster:
    try:
        return parse_roster(
            document.document, document.signature, root, today=date.min, origin=None
        )
    except UnsignedRosterError:
        raise UnsignedRosterError(
            "its roster bears no signature of the root key: the bundle is of another service, or"
            " was forged or damaged"
        ) from None


def _claimed_root(document: RosterDocument) -> str:
    """Return how the line of the key begins that a roster's signature names."""
    lines = document.signature.split(b"\n")
    try:
        named = base64.b64decode(lines[1], validate=True)[2:10]
    except (binascii.Error, IndexError):
        named = b""
    line = base64.b64encode(b"Ed" + named).decode("ascii")
    return f"{line[:_PREFIX]}…" if len(named) == KEY_ID_BYTES else "nothing that is a key"
