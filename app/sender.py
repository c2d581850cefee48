"""Whose keys sign what is sent: new words for a report, those of the mailbox for a message."""

import hashlib
from collections.abc import Collection
from typing import Final, Protocol

from app.errors import Problem, Reason
from app.form_stream import Values
from app.stretch import Lane, Stretcher
from crypto.codename import Codename
from crypto.errors import CodenameTypoError
from crypto.source_keys import SourceKeys

WORDS: Final = "words"
MAILBOX: Final = "mailbox"
_MARK_BYTES: Final = 8


def mailbox_mark(keys: SourceKeys | None) -> str:
    """Mark the form of one mailbox, so that it is not sent as another's; it opens nothing.

    Two mailboxes may be open in two tabs, where the session knows only the last: a message sent
    as the wrong one would tie the two together for ever.
    """
    if keys is None:
        return ""
    return hashlib.blake2b(keys.address, digest_size=_MARK_BYTES, person=b"candor form").hexdigest()


class Sender(Protocol):
    """Who sends a form.

    Attributes:
        fields: the names of what the page asks about the sender; none of it is sealed.
    """

    fields: Collection[str]

    def problems(self, values: Values) -> list[Problem]:
        """Say what keeps the sender from being known; called once, in a thread."""

    async def keys(self) -> SourceKeys:
        """Give the sender's keys; called once, when there are no problems."""


class NewSender:
    """Somebody who gets new words."""

    fields: Collection[str] = ()

    def __init__(self, codename: Codename, stretcher: Stretcher) -> None:
        self._codename = codename
        self._stretcher = stretcher

    def problems(self, values: Values) -> list[Problem]:
        """Nobody has to be known to report."""
        del values
        return []

    async def keys(self) -> SourceKeys:
        """Derive the keys of the new words."""
        return await self._stretcher.derive(self._codename, Lane.REPORT)


class MailboxSender:
    """Somebody whose mailbox is open, or who types its words once more beside the message.

    The session may end while a long message is written; the words bring it back, so that the text
    is not lost. Words that are typed go before the session. A form that bears the mark of another
    mailbox than the session's is asked for its words as well.

    Args:
        keys: of the mailbox that is open, if one is.
        language: of the page.
    """

    fields: Collection[str] = (WORDS, MAILBOX)

    def __init__(self, keys: SourceKeys | None, language: str, stretcher: Stretcher) -> None:
        self._keys = keys
        self._language = language
        self._stretcher = stretcher
        self._codename: Codename | None = None

    def problems(self, values: Values) -> list[Problem]:
        """Ask for the words where nothing else says whose message it is."""
        typed = " ".join(values.get(WORDS, ()))
        if not typed.strip():
            is_ours = self._keys and self._bears_mark(values)
            return [] if is_ours else [Problem(WORDS, Reason.MAILBOX_CLOSED)]
        try:
            self._codename = Codename.parse(typed, self._language)
        except CodenameTypoError:
            return [Problem(WORDS, Reason.CODENAME_TYPO)]
        return []

    def _bears_mark(self, values: Values) -> bool:
        """Tell whether the form is this mailbox's; only a client of its own sends no mark."""
        mark = mailbox_mark(self._keys)
        return list(values.get(MAILBOX, (mark,))) == [mark]

    async def keys(self) -> SourceKeys:
        """Derive the keys of the typed words, or give those of the open mailbox."""
        if self._codename is not None:
            # not the mailbox's lane, which may refuse: the upload has a bound of its own
            return await self._stretcher.derive(self._codename, Lane.REPORT)
        if self._keys is None:
            raise RuntimeError("a message was accepted from nobody")
        return self._keys
