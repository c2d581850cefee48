"""The one cookie: all that is known of a source between two pages, kept by the source.

A cookie is base64url(nonce (24) || secretbox(plain)), and plain, PLAIN_BYTES whatever is in it, is

    version (1) || purpose (1) || expiry, unix seconds (8) || fields || zeros

A string is length (1) || UTF-8, a list is count (1) || items, a number is big-endian. Fields by
purpose:

    1 sent      language, codename secret (11), channel, readers, file sizes (6 each), envelope
                hash (32)
    2 mailbox   token (32), identity seed (32), signing seed (32), channel or "", readers,
                1 and file sizes (6 each) straight after a message, else 0

There is no record on the server: a restart, or two turns of the key, ends every session.
"""

import struct
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from starlette.responses import Response

from app.session_keys import KeySource
from crypto.bag_info import ENVELOPE_HASH_BYTES
from crypto.codename import SECRET_BYTES, Codename
from crypto.errors import CandorError
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.source_keys import SourceKeys
from intake.values import EnvelopeHash

COOKIE: Final = "session"
# 40 readers of 32 bytes and 50 files fit, whatever else there is
PLAIN_BYTES: Final = 2048
# words on a screen that somebody may look over are worth less time than an answer being typed
SENT_SECONDS: Final = 30 * 60
# a key is accepted for at least the hour after its own
MAILBOX_SECONDS: Final = 60 * 60

_VERSION: Final = 1
_SENT, _MAILBOX = 1, 2
_HEAD: Final = struct.Struct(">BBQ")
_KEY_BYTES: Final = 32
_SIZE_BYTES: Final = 6


class BadSessionError(Exception):
    """The cookie is altered, expired, from before a restart, or never was one."""


@dataclass(frozen=True, slots=True)
class SentSession:
    """What the page after a report shows, until the source has moved on."""

    codename: Codename
    channel: str
    readers: tuple[str, ...]
    files: tuple[int, ...]
    envelope: EnvelopeHash


@dataclass(frozen=True, slots=True)
class MailboxSession:
    """What opens a mailbox and seals the next message.

    Attributes:
        arrived: the files of a message just sent, until the next page has said so.
    """

    keys: SourceKeys
    channel: str | None
    readers: tuple[str, ...]
    arrived: tuple[int, ...] | None = None


Session = SentSession | MailboxSession


class SessionBox:
    """Seal sessions into cookies and open them again."""

    def __init__(self, keys: KeySource, *, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._clock = clock

    def turn_keys(self) -> None:
        """Let go of keys that are over, also where nobody comes: to be called now and then."""
        self._keys.accepted()

    def seal(self, session: Session) -> str:
        """Make a cookie of a session; its expiry starts now."""
        purpose, seconds, fields = _serialize(session)
        head = _HEAD.pack(_VERSION, purpose, int(self._clock()) + seconds)
        plain = (head + fields).ljust(PLAIN_BYTES, b"\0")
        if len(plain) != PLAIN_BYTES:
            raise ValueError("a session does not fit its cookie")
        return urlsafe_b64encode(SecretBox(self._keys.accepted()[0]).encrypt(plain)).decode("ascii")

    def open(self, cookie: str) -> Session:
        """Read the session in a cookie.

        Raises:
            BadSessionError: whatever is wrong with it; nothing tells what.
        """
        plain = self._decrypt(cookie)
        version, purpose, expiry = _HEAD.unpack_from(plain)
        if version != _VERSION or expiry <= self._clock():
            raise BadSessionError("the session has ended")
        return _parse(purpose, _Reader(plain, _HEAD.size))

    def _decrypt(self, cookie: str) -> bytes:
        try:
            sealed = urlsafe_b64decode(cookie.encode("ascii"))
        except ValueError:
            raise BadSessionError("the cookie is not a session") from None
        for key in self._keys.accepted():
            try:
                plain = SecretBox(key).decrypt(sealed)
            except (CryptoError, ValueError):
                continue
            if len(plain) == PLAIN_BYTES:
                return plain
        raise BadSessionError("no key opens the cookie")


def set_session(response: Response, cookie: str) -> None:
    """Give a sealed session to the browser until it closes."""
    response.set_cookie(COOKIE, cookie, path="/", httponly=True, samesite="strict")


def clear_session(response: Response) -> None:
    """Make the browser forget its session."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _serialize(session: Session) -> tuple[int, int, bytes]:
    """Give a session's purpose, lifetime in seconds and fields."""
    readers = _strings(session.readers)
    if isinstance(session, SentSession):
        words = _string(session.codename.language) + session.codename.secret
        fields = words + _string(session.channel) + readers + _sizes(session.files)
        return _SENT, SENT_SECONDS, fields + session.envelope
    keys = session.keys
    secrets = keys.token + keys.identity.seed + keys.signing.seed
    arrived = b"\0" if session.arrived is None else b"\1" + _sizes(session.arrived)
    return _MAILBOX, MAILBOX_SECONDS, secrets + _string(session.channel or "") + readers + arrived


def _parse(purpose: int, fields: "_Reader") -> Session:
    try:
        if purpose == _SENT:
            language = fields.string()
            codename = Codename(fields.take(SECRET_BYTES), language)
            channel, readers, files = fields.string(), fields.strings(), fields.sizes()
            envelope = EnvelopeHash(fields.take(ENVELOPE_HASH_BYTES))
            return SentSession(codename, channel, readers, files, envelope)
        if purpose == _MAILBOX:
            token, seed, signing = (fields.take(_KEY_BYTES) for _ in range(3))
            keys = SourceKeys(token, Identity(seed), SigningKey(signing))
            known, readers = fields.string() or None, fields.strings()
            arrived = fields.sizes() if fields.take(1) == b"\1" else None
            return MailboxSession(keys, known, readers, arrived)
    except (CandorError, ValueError):
        raise BadSessionError("the session's fields are not in their format") from None
    raise BadSessionError("the session is for another use")


def _string(text: str) -> bytes:
    return _list_head(raw := text.encode("utf-8")) + raw


def _strings(texts: Iterable[str]) -> bytes:
    return _list([_string(text) for text in texts])


def _sizes(sizes: Iterable[int]) -> bytes:
    return _list([size.to_bytes(_SIZE_BYTES, "big") for size in sizes])


def _list(items: list[bytes]) -> bytes:
    return _list_head(items) + b"".join(items)


def _list_head(items: bytes | list[bytes]) -> bytes:
    return len(items).to_bytes(1, "big")


class _Reader:
    """Takes fields off the front, one after the other."""

    def __init__(self, plain: bytes, offset: int) -> None:
        self._plain = plain
        self._offset = offset

    def take(self, count: int) -> bytes:
        start, self._offset = self._offset, self._offset + count
        if self._offset > len(self._plain):
            raise ValueError("the fields end early")
        return self._plain[start : self._offset]

    def string(self) -> str:
        return self.take(self.take(1)[0]).decode("utf-8")

    def strings(self) -> tuple[str, ...]:
        return tuple(self.string() for _ in range(self.take(1)[0]))

    def sizes(self) -> tuple[int, ...]:
        count = self.take(1)[0]
        return tuple(int.from_bytes(self.take(_SIZE_BYTES), "big") for _ in range(count))
