r"""Receipts: a proof that an envelope with this hash was logged, in a form that anybody can check.

    c2sp.org/tlog-proof@v1 LF
    index <index> LF
    <hash in base64> LF                  the audit path, from the leaf's sibling up
    LF
    <the head of the log, with its signatures>

It says that an envelope with this hash was in the log by the end of a day; whose it is and what it
says, only a reviewer's opening shows. The entry of the tree is the envelope hash (32 bytes).

Source: c2sp.org/tlog-proof; RFC 6962, section 2.1.1.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from crypto.checkpoint import MAX_HEAD_BYTES, Head
from crypto.errors import ForkedLogError, MalformedLogError
from crypto.log_day import LogDay
from crypto.merkle import HASH_BYTES, prove_inclusion, root_of_path
from crypto.minisign import VerifyKey

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MAX_PROOF_BYTES = MAX_HEAD_BYTES + 4096
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class LogProof:
    """Where in the log an envelope stands, and the audit path from there to a head."""

    index: int
    path: tuple[bytes, ...]
    head: Head

    def serialize(self) -> str:
        """Write the receipt."""
        lines = [FIRST_LINE, f"index {self.index}"]
        lines += [base64.b64encode(part).decode("ascii") for part in self.path]
        return "\n".join([*lines, "", self.head.serialize()])

    @classmethod
    def parse(cls, text: str) -> "LogProof":
        """Read a receipt.

        Raises:
            MalformedLogError: not one, or written in another way.
        """
        top, _, head = text.partition("\n\n")
        first, index, *path = [*top.split("\n"), ""]
        match = _INDEX.fullmatch(index)
        if len(text) > MAX_PROOF_BYTES or first != FIRST_LINE or match is None:
            raise MalformedLogError("not a receipt")
        proof = cls(int(match[1]), tuple(_part(line) for line in path[:-1]), Head.parse(head))
        if proof.serialize() != text:
            raise MalformedLogError("a receipt is not written in the one way that is read")
        return proof

    def verify(self, envelope_hash: bytes, log_keys: Sequence[VerifyKey]) -> None:
        """Hold an envelope to this receipt. Who witnessed the head is another question.

        Raises:
            UnsignedHeadError: no log key signed the head.
            ForkedLogError: this envelope does not stand at this place of this log.
            MalformedLogError: the path does not fit the head's size.
        """
        self.head.require_signed(log_keys)
        root = root_of_path(envelope_hash, self.index, self.head.size, self.path)
        if root != self.head.root:
            raise ForkedLogError("the receipt is not for this envelope, or was altered")


def prove(day: LogDay, envelope_hash: bytes) -> LogProof:
    """Make the receipt of an envelope that was logged on a day.

    Raises:
        ValueError: the day has no such leaf.
    """
    index = day.before.size + day.leaves.index(envelope_hash)
    return LogProof(index, prove_inclusion(day.before, day.leaves, index), day.head)


def _part(line: str) -> bytes:
    try:
        part = base64.b64decode(line, validate=True)
    except ValueError:  # binascii.Error is one, and so is what is said of letters beyond ASCII
        part = b""
    if len(part) != HASH_BYTES:
        raise MalformedLogError("a receipt has a hash of another length")
    return part
