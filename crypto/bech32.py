"""Bech32, the spelling of age's keys: prefix, "1", data in groups of 5 bits, checksum.

As in BIP 173, but without its limit on the length, which age lifts.

Source: BIP 173; c2sp.org/age, "Conventions used in this document".
"""

import functools
import operator
from collections.abc import Iterable

from crypto.errors import KeyFormatError

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {character: value for value, character in enumerate(_CHARSET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_CHARACTERS = 6
_TOP_BIT = 25  # the lowest of the five that leave the remainder with each group
# What five bits that leave it take off, all at once: a roster has many keys of 1,960 characters.
_REDUCTIONS = tuple(
    functools.reduce(operator.xor, (g for at, g in enumerate(_GENERATOR) if bits >> at & 1), 0)
    for bits in range(32)
)
_FIRST_PRINTABLE, _LAST_PRINTABLE = "!", "~"


def encode(prefix: str, data: bytes) -> str:
    """Spell `data` with its checksum, in the case of `prefix`."""
    groups = _to_groups(data)
    groups += _checksum(prefix.lower(), groups)
    text = prefix.lower() + "1" + "".join(_CHARSET[group] for group in groups)
    return text.upper() if prefix.isupper() else text


def decode(text: str) -> tuple[str, bytes]:
    """Return the prefix, in the case it came in, and the data.

    Raises:
        KeyFormatError: not Bech32: mixed case, a foreign character, a wrong checksum, or bits
            left over.
    """
    if not text.isascii():  # the Kelvin sign would pass for a K
        raise KeyFormatError("the key has a character that no key has")
    if text not in {text.lower(), text.upper()}:
        raise KeyFormatError("the key mixes capital and small letters")
    prefix, separator, spelled = text.rpartition("1")
    if not separator or not prefix or not _is_printable(prefix):
        raise KeyFormatError("the key lacks its prefix")
    if len(spelled) < _CHECKSUM_CHARACTERS or not _VALUES.keys() >= set(spelled.lower()):
        raise KeyFormatError("the key has a character that no key has")
    groups = [_VALUES[character] for character in spelled.lower()]
    if _polymod([*_expand(prefix.lower()), *groups]) != 1:
        raise KeyFormatError("the key is mistyped: its checksum does not fit")
    return prefix, _from_groups(groups[:-_CHECKSUM_CHARACTERS])


def _is_printable(prefix: str) -> bool:
    return all(_FIRST_PRINTABLE <= character <= _LAST_PRINTABLE for character in prefix)


def _to_groups(data: bytes) -> list[int]:
    """Cut into groups of 5 bits, the last one filled up with zeros."""
    count = -(-len(data) * 8 // 5)
    number = int.from_bytes(data, "big") << (count * 5 - len(data) * 8)
    return [number >> 5 * place & 31 for place in reversed(range(count))]


def _from_groups(groups: list[int]) -> bytes:
    """Join groups of 5 bits; what fills up the last one is less than a group, and zeros."""
    number = 0
    for group in groups:
        number = number << 5 | group
    size, left_over = divmod(len(groups) * 5, 8)
    if left_over >= 5 or number & ((1 << left_over) - 1):  # noqa: PLR2004 - the bits of a group
        raise KeyFormatError("the key has bits left over")
    return (number >> left_over).to_bytes(size, "big")


def _checksum(prefix: str, groups: list[int]) -> list[int]:
    remainder = _polymod([*_expand(prefix), *groups, *[0] * _CHECKSUM_CHARACTERS]) ^ 1
    return [remainder >> 5 * place & 31 for place in reversed(range(_CHECKSUM_CHARACTERS))]


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [*(code >> 5 for code in codes), 0, *(code & 31 for code in codes)]


def _polymod(groups: Iterable[int]) -> int:
    """Return the remainder of the groups, as a polynomial over GF(32), by the generator."""
    remainder = 1
    for group in groups:
        low = remainder & ((1 << _TOP_BIT) - 1)
        remainder = low << 5 ^ group ^ _REDUCTIONS[remainder >> _TOP_BIT]
    return remainder
