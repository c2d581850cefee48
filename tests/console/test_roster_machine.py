"""Every history of a roster, with real seals, against a model of who may read.

Nobody opens what was sealed before they joined or after they left, everybody else opens
everything, and no reader of rosters takes one that is to be refused.
"""

import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from console import roster_edits as edits
from console.ceremony import make_service
from console.errors import RosterChangeError
from console.public_lines import PublicLines
from console.roster_book import SignedRoster, open_book
from console.roster_past import require_new_lines
from console.roster_signing import next_roster, sign_next, unlock_root, write_draft
from crypto.envelope import EnvelopeWriter, open_envelope
from crypto.errors import (
    ExpiredRosterError,
    ForkedRosterError,
    NotAddressedError,
    RolledBackRosterError,
    UnsignedRosterError,
)
from crypto.keys import Identity
from crypto.minisign import SigningKey, VerifyKey
from crypto.roster import Roster
from crypto.roster_memory import SeenRoster, accept_roster
from crypto.signed_roster import parse_roster, sign_roster
from tests.console.ceremonies import ROOT_WORDS, TODAY, person, plan

SLOTS = 3
CHANNELS = st.sampled_from(["general", "prisons"])
NAMES = st.sampled_from(["anna", "boris", "dora", "eva"])
OVERLAPS = st.sampled_from([None, 0, 1, 40])


@dataclass(frozen=True)
class Sealed:
    envelope: bytes
    readers: frozenset[Identity]
    tried: int  # by how many of everybody there was


@dataclass(frozen=True)
class Reader:
    """Whoever follows rosters: a server, a courier, a console."""

    root: VerifyKey
    roster: Roster
    seen: SeenRoster

    def take(self, signed: SignedRoster, today: date) -> "Reader":
        roster = parse_roster(
            signed.document, signed.signature, self.root, today=today, origin=None
        )
        return replace(self, roster=roster, seen=accept_roster(self.seen, roster))


class Rosters(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.seeds = count(1)
        self.today = TODAY
        self.holders: dict[str, Identity] = {}  # as the draft has them
        self.readers: dict[str, set[str]] = {"general": set(), "prisons": set()}
        self.signing: dict[str, dict[Identity, date | None]] = {}  # until when; None: now
        self.everybody: list[Identity] = []
        self.sealed: list[Sealed] = []
        people = [person(name, self.new_identity(name)) for name in ("anna", "boris")]
        self.readers = {"general": {"anna", "boris"}, "prisons": {"anna"}}
        channels = tuple(replace(one, slots=SLOTS) for one in plan().channels)
        make_service(
            Path(self.place.name) / "ceremony",
            plan(reviewers=tuple(people), channels=channels, custodian=None, valid_days=60),
            ROOT_WORDS,
            today=self.today,
            work_factor=1,
        )
        self.book = open_book(Path(self.place.name) / "ceremony")
        self.draft = self.book.next
        self.root = unlock_root(self.book, ROOT_WORDS)
        newest = self.book.newest
        self.reader = Reader(newest.root, newest, SeenRoster.of(newest))
        self.models = {1: self.model()}

    def teardown(self) -> None:
        if hasattr(self, "place"):
            for sealed in self.sealed:
                self.require_readers(sealed, self.everybody[sealed.tried :])
            self.place.cleanup()

    def new_identity(self, name: str) -> Identity:
        identity = Identity(next(self.seeds).to_bytes(32, "big"))
        self.everybody.append(identity)
        self.holders[name] = identity
        self.signing.setdefault(name, {})[identity] = None
        return identity

    def model(
        self,
    ) -> tuple[dict[str, frozenset[Identity]], dict[str, dict[Identity, date | None]]]:
        """Note who reads and who signs, as the draft has it."""
        readers = {
            channel: frozenset(self.holders[name] for name in names)
            for channel, names in self.readers.items()
        }
        return readers, {name: dict(keys) for name, keys in self.signing.items()}

    # the ceremony

    @rule(name=NAMES, channels=st.sets(CHANNELS))
    def join(self, name: str, channels: set[str]) -> None:
        if name in self.holders or any(len(self.readers[one]) == SLOTS for one in channels):
            return
        identity = self.new_identity(name)
        require_new_lines(self.book, PublicLines.of(identity), name)
        self.draft = edits.add_reviewer(self.draft, person(name, identity), sorted(channels))
        for channel in channels:
            self.readers[channel].add(name)

    @rule(name=NAMES)
    def leave(self, name: str) -> None:
        last = any(names == {name} for names in self.readers.values())
        if name not in self.holders or last or len(self.holders) == 1:
            with pytest.raises(RosterChangeError):
                edits.remove_reviewer(self.draft, name)
            return
        self.draft = edits.remove_reviewer(self.draft, name)
        del self.holders[name], self.signing[name]
        for names in self.readers.values():
            names.discard(name)

    @rule(name=NAMES, channel=CHANNELS)
    def come_or_go(self, name: str, channel: str) -> None:
        names = self.readers[channel]
        if name in self.holders and name not in names and len(names) < SLOTS:
            self.draft = edits.add_member(self.draft, name, channel)
            names.add(name)
        elif name in names and len(names) > 1:
            self.draft = edits.remove_member(self.draft, name, channel)
            names.discard(name)

    @rule(data=st.data(), overlap=OVERLAPS)
    def rotate_or_revoke(self, data: st.DataObject, overlap: int | None) -> None:
        name = data.draw(st.sampled_from(sorted(self.holders)))
        until = None if overlap is None else self.today + timedelta(days=overlap)
        old = self.holders[name]
        if until is None:
            self.signing[name] = {}
        else:
            self.signing[name][old] = until
        lines = PublicLines.of(self.new_identity(name))
        self.draft = edits.rotate(self.draft, name, lines, until)

    @rule()
    def sign(self) -> None:
        book = write_draft(self.book, self.draft)
        self.book = sign_next(book, next_roster(book, today=self.today), self.root)
        self.draft = self.book.next
        self.models[self.book.newest.serial] = self.model()

    @rule(days=st.sampled_from([1, 2, 39, 70]))
    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)

    # those who follow

    @rule(channel=CHANNELS, data=st.data())
    def seal(self, channel: str, data: st.DataObject) -> None:
        """Seal to whom a source chose among those that the roster in force names."""
        roster = self.reader.roster
        if self.today > roster.expires:
            return
        named = roster.reviewers_of(roster.channel(channel))
        ids = [one.id for one in named]
        chosen = data.draw(st.just(set(ids)) | st.sets(st.sampled_from(ids), min_size=1))
        recipients = [one.recipient for one in named if one.id in chosen]
        out = io.BytesIO()
        writer = EnvelopeWriter(out, recipients, slots=SLOTS)
        writer.write(b"what was seen")
        writer.close()
        may, _ = self.models[roster.serial]
        wanted = {one.recipient.raw for one in named if one.id in chosen}
        readers = frozenset(one for one in may[channel] if one.recipient.raw in wanted)
        assert len(readers) == len(chosen)
        self.sealed.append(Sealed(out.getvalue(), readers, len(self.everybody)))
        self.require_readers(self.sealed[-1], self.everybody)

    def require_readers(self, sealed: Sealed, identities: Sequence[Identity]) -> None:
        for identity in identities:
            if identity in sealed.readers:
                assert open_envelope(io.BytesIO(sealed.envelope), [identity]).read()
            else:
                with pytest.raises(NotAddressedError):
                    open_envelope(io.BytesIO(sealed.envelope), [identity])

    @invariant()
    def signatures_count_as_the_roster_in_force_says(self) -> None:
        _, signing = self.models[self.reader.roster.serial]
        whose = {key: one.id for key, one in self.reader.roster.signers(self.today).items()}
        expected = {
            PublicLines.of(identity).key: name
            for name, keys in signing.items()
            for identity, until in keys.items()
            if until is None or self.today <= until
        }
        assert whose == expected

    @rule()
    def sign_and_publish(self) -> None:
        self.sign()
        self.hand_over(self.book.history[-1])

    @rule(data=st.data())
    def hand_over_any(self, data: st.DataObject) -> None:
        self.hand_over(data.draw(st.sampled_from(self.book.history)))

    def hand_over(self, signed: SignedRoster) -> None:
        """Serve the newest roster, an old one, or one that has expired."""
        serial, before = self.reader.roster.serial, self.reader
        if self.today > signed.roster.expires:
            with pytest.raises(ExpiredRosterError):
                self.reader.take(signed, self.today)
        elif signed.roster.serial < serial:
            with pytest.raises(RolledBackRosterError):
                self.reader.take(signed, self.today)
        else:
            self.reader = self.reader.take(signed, self.today)
            assert self.reader.roster == signed.roster
            assert signed.roster.serial > serial or self.reader == before

    @precondition(lambda self: self.today <= self.reader.roster.expires)
    @rule(name=st.sampled_from(["http://other.onion", "http://b.onion"]))
    def fork(self, name: str) -> None:
        """Sign a second roster of the same serial, or one by another key."""
        other = replace(self.reader.roster, origins=(name,))
        with pytest.raises(ForkedRosterError):
            self.reader.take(_signed(other, self.root), self.today)
        stranger = SigningKey(bytes(32))
        forged = replace(other, root=stranger.verify_key, serial=other.serial + 1)
        with pytest.raises(UnsignedRosterError):
            self.reader.take(_signed(forged, stranger), self.today)


def _signed(roster: Roster, root: SigningKey) -> SignedRoster:
    return SignedRoster(roster, *sign_roster(roster, root))


TestRosters = Rosters.TestCase
TestRosters.settings = settings(max_examples=10, stateful_step_count=40, deadline=None)
