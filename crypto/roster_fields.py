"""Reading and writing a signed JSON document, strictly.

Every key is always there, in every object, and there are no others: null says that there is none.
Byte strings are lower-case hex, days are YYYY-MM-DD, keys age's `age1pq1…` and minisign's `RW…`.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from crypto.errors import KeyFormatError, MalformedRosterError
from crypto.keys import Recipient
from crypto.minisign import VerifyKey

MAX_ENTRIES = 64  # of any list
MAX_TEXT = 4_000  # of any text: a recipient has 1,960

_Read = TypeVar("_Read")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


def to_bytes(content: Mapping[str, object]) -> bytes:
    """Write a document in the one way that is read: sorted, indented by two, LF, UTF-8."""
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    return f"{text}\n".encode()


class Fields:
    """An object of the document, of which every key must be asked for exactly once."""

    def __init__(self, content: object) -> None:
        if not isinstance(content, dict):
            raise MalformedRosterError("an entry is not an object")
        self._left = dict(content)

    @classmethod
    def of_document(cls, document: bytes) -> "Fields":
        """Open a whole document."""
        try:
            return cls(json.loads(document.decode("utf-8")))
        except (ValueError, RecursionError):
            raise MalformedRosterError("the roster is not JSON in UTF-8") from None

    def text(self, key: str) -> str:
        """Take a text."""
        return _text(self._take(key), key)

    def number(self, key: str) -> int:
        """Take a whole number."""
        value = self._take(key)
        if type(value) is not int:  # a bool is an int, and no number
            raise MalformedRosterError(f"{key} is not a whole number")
        return value

    def flag(self, key: str) -> bool:
        """Take true or false."""
        value = self._take(key)
        if not isinstance(value, bool):
            raise MalformedRosterError(f"{key} is neither true nor false")
        return value

    def byte_string(self, key: str) -> bytes:
        """Take a byte string."""
        value = self.text(key)
        if _HEX.fullmatch(value) is None:
            raise MalformedRosterError(f"{key} is not lower-case hex")
        return bytes.fromhex(value)

    def day(self, key: str) -> date:
        """Take a day."""
        try:
            return date.fromisoformat(self.text(key))
        except ValueError:
            raise MalformedRosterError(f"{key} is not a day") from None

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of texts."""
        return tuple(_text(value, key) for value in self._list(key))

    def texts_by_name(self, key: str) -> dict[str, str]:
        """Take an object whose keys are free and whose values are texts."""
        value = self._take(key)
        if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
            raise MalformedRosterError(f"{key} is not an object of texts")
        return {name: _text(text, key) for name, text in value.items()}

    def each(self, key: str, read: Callable[["Fields"], _Read]) -> tuple[_Read, ...]:
        """Take a list of objects."""
        return tuple(_read(value, read) for value in self._list(key))

    def one(self, key: str, read: Callable[["Fields"], _Read]) -> _Read:
        """Take an object."""
        return _read(self._take(key), read)

    def one_or_none(self, key: str, read: Callable[["Fields"], _Read]) -> _Read | None:
        """Take an object or null."""
        value = self._take(key)
        return None if value is None else _read(value, read)

    def key(self, key: str) -> VerifyKey:
        """Take a public key."""
        return _verify_key(self._take(key), key)

    def key_or_none(self, key: str) -> VerifyKey | None:
        """Take a public key or null."""
        value = self._take(key)
        return None if value is None else _verify_key(value, key)

    def keys(self, key: str) -> tuple[VerifyKey, ...]:
        """Take a list of public keys."""
        return tuple(_verify_key(value, key) for value in self._list(key))

    def recipient(self, key: str) -> Recipient:
        """Take a recipient."""
        return _recipient(self._take(key), key)

    def recipient_or_none(self, key: str) -> Recipient | None:
        """Take a recipient or null."""
        value = self._take(key)
        return None if value is None else _recipient(value, key)

    def close(self) -> None:
        """Refuse what was not asked for."""
        if self._left:
            raise MalformedRosterError("there is a key that is not known")

    def _take(self, key: str) -> object:
        if key not in self._left:
            raise MalformedRosterError(f"{key} is missing")
        value: object = self._left.pop(key)
        return value

    def _list(self, key: str) -> list[object]:
        value = self._take(key)
        if not isinstance(value, list) or len(value) > MAX_ENTRIES:
            raise MalformedRosterError(f"{key} is not a list of at most {MAX_ENTRIES}")
        return value


def _read(content: object, read: Callable[[Fields], _Read]) -> _Read:
    fields = Fields(content)
    value = read(fields)
    fields.close()
    return value


def _text(value: object, key: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise MalformedRosterError(f"{key} is not a text of at most {MAX_TEXT} characters")
    return value


def _verify_key(value: object, key: str) -> VerifyKey:
    try:
        return VerifyKey.parse(_text(value, key))
    except KeyFormatError:
        raise MalformedRosterError(f"{key} is not a public key") from None


def _recipient(value: object, key: str) -> Recipient:
    try:
        return Recipient.parse(_text(value, key))
    except KeyFormatError:
        raise MalformedRosterError(f"{key} is not a recipient") from None
