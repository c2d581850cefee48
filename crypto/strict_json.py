"""JSON that means one thing: no key twice, no numbers that are none, no bytes that are no text."""

import json
import math
from typing import NoReturn

from crypto.errors import DamagedBagError

MAX_LEVELS = 32
"""Lists and objects within each other. Without a bound of its own a document would be read or
refused by how much of the stack its reader happens to have left."""

_BEFORE_VALUES = (b",", b"[", b"{")


def parse_json(data: bytes, name: str, *, max_values: int | None = None) -> object:
    """Read a JSON document.

    Args:
        data: the document; how long it may be is for the caller to say.
        name: what to call it in an error.
        max_values: about how many values it may have. A large document needs such a bound, or its
            bytes could be so many small values, each of which takes thirty times the memory. Commas
            and opening brackets are counted, those within texts too: allow for them.

    Raises:
        DamagedBagError: not UTF-8, not JSON, a key twice, NaN or infinity, a number too large to
            be told from infinity, more than 32 levels, or too many values.
    """
    if max_values is not None and sum(map(data.count, _BEFORE_VALUES)) > max_values:
        raise DamagedBagError(f"{name} has too many values")
    try:
        found: object = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_whole,
        )
    except (ValueError, RecursionError):
        raise DamagedBagError(f"{name} is not a JSON document in UTF-8") from None
    if not _is_shallow(found):
        raise DamagedBagError(f"{name} has more than {MAX_LEVELS} levels")
    return found


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(number: str) -> float:
    """Refuse 1e400, which would be read as the infinity that JSON does not have."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("infinity")
    return value


def _whole(number: str) -> int:
    """Refuse the same number with its 400 zeros written out."""
    _finite(number)
    return int(number)


def _is_shallow(document: object) -> bool:
    """Tell whether it has at most `MAX_LEVELS` levels; level by level, so that none is too deep."""
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(MAX_LEVELS):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
        if not level:
            return True
    return False
