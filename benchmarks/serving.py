"""The process that serves: `python -m benchmarks.serving CONFIG [--without-stretch]`."""

import sys
from pathlib import Path

import app.serve
import app.stretch
from app.settings import load_settings
from crypto.codename import Codename
from crypto.keys import Identity
from crypto.minisign import SigningKey
from crypto.sodium import random_bytes
from crypto.source_keys import SourceKeys


def _keys_at_once(_codename: Codename, _service_id: bytes) -> SourceKeys:
    """Draw what would be derived: the same work afterwards, without the stretch."""
    return SourceKeys(bytes(random_bytes(32)), Identity.generate(), SigningKey.generate())


def main() -> None:
    config, *options = sys.argv[1:]
    if "--without-stretch" in options:
        vars(app.stretch)["derive_source_keys"] = _keys_at_once
    # who measures reads how much memory this process has, which only root may of a private one
    vars(app.serve)["keep_memory_private"] = lambda: None
    app.serve.serve(load_settings(Path(config)))


if __name__ == "__main__":
    main()
