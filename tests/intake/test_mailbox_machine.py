"""Every order of delivering, reading, erasing, batches and purges, against a model in memory."""

import hashlib
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from intake.errors import UnknownReplyError
from intake.service import Intake
from intake.values import Delivery, Swept
from tests.intake.support import SIGNER, Calendar, blobs, make_reply

KEPT = 183
ADDRESSES = st.integers(0, 2).map(lambda number: bytes([number]) * 32)


class Mailboxes(RuleBasedStateMachine):
    replies = Bundle("replies")

    def __init__(self):
        super().__init__()
        self._place = tempfile.TemporaryDirectory()
        self._directory = Path(self._place.name) / "data"
        self._calendar = Calendar()
        self._intake = Intake.create(self._directory, today=self._calendar)
        self._waiting = {}  # (address, hash) -> (day, reply)
        self._delivered = {}  # (address, hash) -> day

    def teardown(self):
        self._intake.close()
        self._place.cleanup()

    @rule(target=replies)
    def compose(self):
        return make_reply()

    @rule(reply=replies, address=ADDRESSES)
    def deliver(self, reply, address):
        digest = hashlib.sha256(reply).digest()
        answer = self._intake.deliver(address, io.BytesIO(reply))
        before = (address, digest) in self._delivered
        assert answer is (Delivery.ALREADY if before else Delivery.ACCEPTED)
        if answer is Delivery.ACCEPTED:
            self._delivered[address, digest] = self._calendar.day
            self._waiting[address, digest] = self._calendar.day, reply

    @rule(reply=replies, address=ADDRESSES)
    def read(self, reply, address):
        digest = hashlib.sha256(reply).digest()
        if (address, digest) in self._waiting:
            with self._intake.open_reply(address, digest) as file:
                assert file.read() == reply
        else:
            with pytest.raises(UnknownReplyError):
                self._intake.open_reply(address, digest)

    @rule(reply=replies, address=ADDRESSES)
    def erase(self, reply, address):
        digest = hashlib.sha256(reply).digest()
        self._intake.erase(address, [digest])
        self._waiting.pop((address, digest), None)

    @rule(address=ADDRESSES)
    def erase_all(self, address):
        self._intake.erase_all(address)
        self._waiting = {key: kept for key, kept in self._waiting.items() if key[0] != address}

    @rule(days=st.sampled_from([1, 2, 90, KEPT, KEPT + 1]))
    def pass_time(self, days):
        self._calendar.turn(days)

    @rule()
    def batch(self):
        self._intake.run_batch(SIGNER)

    @rule()
    def purge(self):
        self._intake.purge({})
        today = self._calendar.day
        self._waiting = {
            key: kept for key, kept in self._waiting.items() if (today - kept[0]).days <= KEPT
        }
        self._delivered = {
            key: day for key, day in self._delivered.items() if (today - day).days <= KEPT
        }

    @rule()
    def start_again(self):
        self._intake.close()
        self._intake = Intake(self._directory, today=self._calendar)
        assert self._intake.sweep() == Swept(removed=0, missing=0)

    @invariant()
    def mailboxes_show_what_waits(self):
        for number in range(3):
            address = bytes([number]) * 32
            shown = {reply.hash: reply.day for reply in self._intake.waiting(address)}
            assert shown == {
                digest: day for (at, digest), (day, _) in self._waiting.items() if at == address
            }

    @invariant()
    def no_file_is_left_over(self):
        assert len(blobs(self._directory)) == len(self._waiting)


Mailboxes.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
test_mailboxes = Mailboxes.TestCase
