"""BagIt manifests: which files a bag has, and the SHA-256 of each.

    manifest := ( <64 hex digits> SP SP <path> LF )*

Source: RFC 8493, section 2.1.3; the form that `sha256sum` writes and checks.
"""

import re
from collections.abc import Mapping

from crypto.errors import DamagedBagError

_LINE = re.compile(r"([0-9a-f]{64})  ([!-~]+)")


def serialize_manifest(files: Mapping[str, bytes]) -> bytes:
    """Write one line for each path and its SHA-256."""
    lines = (f"{sha256.hex()}  {path}\n" for path, sha256 in files.items())
    return "".join(lines).encode("ascii")


def parse_manifest(data: bytes) -> dict[str, bytes]:
    """Read paths and their SHA-256, in their order.

    Raises:
        DamagedBagError: not exactly as `serialize_manifest` writes it.
    """
    files: dict[str, bytes] = {}
    for line in data.decode("ascii", "replace").split("\n")[:-1]:
        found = _LINE.fullmatch(line)
        if found is None:
            raise DamagedBagError("a manifest has a line that is not a hash and a path")
        files[found[2]] = bytes.fromhex(found[1])
    if serialize_manifest(files) != data:
        raise DamagedBagError("a manifest is cut short or names a file twice")
    return files
