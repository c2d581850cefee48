"""JSON that means one thing: no key twice, no numbers that are none, no bytes that are no text."""

import json
from typing import NoReturn

from crypto.errors import DamagedBagError


def parse_json(data: bytes, name: str) -> object:
    """Read a JSON document.

    Raises:
        DamagedBagError: not UTF-8, not JSON, a key twice, NaN or infinity, or nested too deeply.
    """
    try:
        text = data.decode("utf-8")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise DamagedBagError(f"{name} is not a JSON document in UTF-8") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
