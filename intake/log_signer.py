"""Who signs the log of a service, and of which channels."""

from dataclasses import dataclass
from datetime import date

from crypto.checkpoint import Head, log_origin
from crypto.merkle import Tree
from crypto.minisign import SigningKey


@dataclass(frozen=True, slots=True)
class LogSigner:
    """All that the batch needs to go on with the logs of a service.

    Attributes:
        service_id: from the roster (16 bytes).
        key: signs each head; the roster names its public half.
        channels: ids of the channels that have a log whether anything arrives or not.
        until: no batch writes anything to a log when the day before it is later than this. A clock
            that is years ahead for a moment would otherwise fill the log with days that have not
            been, and nothing could be logged until they have.
    """

    service_id: bytes
    key: SigningKey
    channels: tuple[str, ...]
    until: date

    def origin(self, channel: str) -> str:
        """Name the log of a channel."""
        return log_origin(self.service_id, channel)

    def sign(self, channel: str, tree: Tree) -> Head:
        """Make the head of a channel's log."""
        return Head(self.origin(channel), tree.size, tree.root).sign(self.key)
