"""Whoever asks or tells who a source is, and what the roster lets them do today."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from console.errors import NotEntitledError, UndisclosableError
from crypto.keys import Identity
from crypto.minisign import SigningKey, VerifyKey
from crypto.roster import Channel, Reviewer, Roster
from crypto.source_keys import reviewer_signing_key


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody at the offline machine, and the roster under which they act.

    Attributes:
        own: their identities, former ones among them.
        roster: one that holds today.
    """

    own: tuple[Identity, ...]
    roster: Roster
    today: date

    def channel(self, channel_id: str) -> Channel:
        """Find a channel.

        Raises:
            UndisclosableError: the roster has none with this id.
        """
        try:
            return self.roster.channel(channel_id)
        except KeyError:
            raise UndisclosableError("the roster no longer has this channel") from None

    def custodian(self) -> Reviewer:
        """Return who holds what sources say about who they are.

        Raises:
            UndisclosableError: nobody does.
        """
        if self.roster.custodian is None:
            raise UndisclosableError("the roster has no custodian: nobody can be asked")
        return self.roster.custodian

    def reviewer_key(self, channel: Channel) -> SigningKey:
        """Find the key with which they sign as a reviewer of a channel.

        Raises:
            NotEntitledError: none of their identities is one's.
        """
        reviewers = self.roster.reviewers_of(channel)
        keys = [key for reviewer in reviewers for key in reviewer.keys_on(self.today)]
        return self._signing_key(keys, "is that of a reviewer of this channel")

    def custodian_key(self) -> SigningKey:
        """Find the key with which they sign as the custodian.

        Raises:
            UndisclosableError: there is no custodian.
            NotEntitledError: none of their identities is the custodian's.
        """
        keys = self.custodian().keys_on(self.today)
        return self._signing_key(keys, "is the custodian's")

    def _signing_key(self, keys: Iterable[VerifyKey], whose: str) -> SigningKey:
        signing = [reviewer_signing_key(identity) for identity in self.own]
        own = {key.verify_key: key for key in signing}
        for key in keys:
            if key in own:
                return own[key]
        raise NotEntitledError(f"no identity that was given {whose}, as the roster says")
