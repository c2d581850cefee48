"""Small files of a courier: written whole, read strictly."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from courier.errors import SetupError
from crypto.errors import DamagedBagError
from crypto.strict_json import parse_json
from disk.files import replaced_file_at


def write_file(path: Path, data: bytes) -> None:
    """Put a file in the place of the one before, whole, for its owner only."""
    with replaced_file_at(path) as file:
        file.write(data)


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write an object, its keys sorted, indented by two spaces."""
    write_file(path, f"{json.dumps(content, indent=2, sort_keys=True)}\n".encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """Read an object; None if there is no such file.

    Raises:
        SetupError: something else stands there.
    """
    try:
        content = parse_json(path.read_bytes(), path.name)
    except FileNotFoundError:
        return None
    except DamagedBagError:
        raise damaged(path) from None
    if not isinstance(content, dict):
        raise damaged(path)
    return content


def damaged(path: Path) -> SetupError:
    """Say of a file of ours that it is not as this program writes it."""
    return SetupError(
        f"{path} is damaged: make another courier's directory, with --head and a day that this one"
        " has kept"
    )
