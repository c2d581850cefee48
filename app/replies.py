"""What waits in a mailbox, opened for the source who holds its keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from crypto.envelope import open_seekable
from crypto.errors import CandorError
from crypto.reply import Reply, read_reply
from crypto.roster import Reviewer, Roster
from crypto.source_keys import SourceKeys
from intake.errors import StorageError, UnknownReplyError
from intake.service import Intake
from intake.values import EnvelopeHash


@dataclass(frozen=True, slots=True)
class Letter:
    """A reply whose signature is a reviewer's; who that is, the roster says."""

    hash: EnvelopeHash
    reviewer: Reviewer
    reply: Reply


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a reviewer's replies, from `first` to `last`, that are missing in between."""

    reviewer: Reviewer
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Mail:
    """Everything that waits.

    Attributes:
        unreadable: what is damaged or lost, to somebody else or by nobody of the roster.
    """

    letters: tuple[Letter, ...]
    unreadable: tuple[EnvelopeHash, ...]

    @property
    def gaps(self) -> Iterator[Gap]:
        """Find what is missing among the numbers of each reviewer."""
        ordered = sorted(self.letters, key=lambda one: (one.reviewer.id, one.reply.info.number))
        for _, group in groupby(ordered, key=lambda one: one.reviewer.id):
            for before, after in pairwise(group):
                first, last = before.reply.info.number + 1, after.reply.info.number - 1
                if first <= last:
                    yield Gap(before.reviewer, first, last)


def open_mail(intake: Intake, roster: Roster, keys: SourceKeys) -> Mail:
    """Open every reply that waits, in the order in which they are to be read."""
    letters: list[Letter] = []
    unreadable: list[EnvelopeHash] = []
    for waiting in intake.waiting(keys.address):
        try:
            letters.append(_open(intake, roster.reviewers, keys, waiting.hash))
        except UnknownReplyError:
            continue  # erased meanwhile, in another window
        except (CandorError, StorageError):
            # one that the disk lost must not keep the others from being read, or it from erasure
            unreadable.append(waiting.hash)
    letters.sort(key=lambda one: (one.reply.info.day, one.reviewer.name, one.reply.info.number))
    return Mail(tuple(letters), tuple(sorted(unreadable)))


def _open(
    intake: Intake, reviewers: Sequence[Reviewer], keys: SourceKeys, envelope: EnvelopeHash
) -> Letter:
    by_key = {reviewer.key: reviewer for reviewer in reviewers}
    with intake.open_reply(keys.address, envelope) as file:
        reply = read_reply(open_seekable(file, [keys.identity]), keys, list(by_key))
    return Letter(envelope, by_key[reply.signer], reply)
