"""What waits in a mailbox, opened for the source who holds its keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise

from crypto.envelope import open_seekable
from crypto.errors import CandorError
from crypto.minisign import VerifyKey
from crypto.reply import Reply, read_reply
from crypto.roster import Reviewer
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
class Repeat:
    """A number that more than one of a reviewer's replies bears."""

    reviewer: Reviewer
    number: int


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
        """Find what is missing among the numbers of each reviewer; a new key counts anew."""
        for before, after in self._neighbours():
            first, last = before.reply.info.number + 1, after.reply.info.number - 1
            if first <= last:
                yield Gap(before.reviewer, first, last)

    @property
    def repeats(self) -> Iterator[Repeat]:
        """Find numbers that were given twice: by mistake, or somebody else has the key."""
        same = (
            Repeat(before.reviewer, before.reply.info.number)
            for before, after in self._neighbours()
            if before.reply.info.number == after.reply.info.number
        )
        return iter(dict.fromkeys(same))

    def _neighbours(self) -> Iterator[tuple[Letter, Letter]]:
        """Pair each reply with the one that its number puts after it."""
        ordered = sorted(self.letters, key=lambda one: (_counted_by(one), one.reply.info.number))
        for _, group in groupby(ordered, key=_counted_by):
            yield from pairwise(group)


def open_mail(intake: Intake, signers: Mapping[VerifyKey, Reviewer], keys: SourceKeys) -> Mail:
    """Open every reply that waits, in the order in which they are to be read.

    Args:
        intake: where they wait.
        signers: whose signature is a reviewer's today, as the roster says.
        keys: the source's.
    """
    letters: list[Letter] = []
    unreadable: list[EnvelopeHash] = []
    for waiting in intake.waiting(keys.address):
        try:
            letters.append(_open(intake, signers, keys, waiting.hash))
        except UnknownReplyError:
            continue  # erased meanwhile, in another window
        except (CandorError, StorageError):
            # one that the disk lost must not keep the others from being read, or it from erasure
            unreadable.append(waiting.hash)
    letters.sort(key=lambda one: (one.reply.info.day, one.reviewer.name, one.reply.info.number))
    return Mail(tuple(letters), tuple(sorted(unreadable)))


def _open(
    intake: Intake,
    signers: Mapping[VerifyKey, Reviewer],
    keys: SourceKeys,
    envelope: EnvelopeHash,
) -> Letter:
    with intake.open_reply(keys.address, envelope) as file:
        reply = read_reply(open_seekable(file, [keys.identity]), keys, list(signers))
    return Letter(envelope, signers[reply.signer], reply)


def _counted_by(letter: Letter) -> tuple[str, bytes]:
    return letter.reviewer.id, letter.reply.signer.raw
