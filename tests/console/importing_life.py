"""Import the bundles of a stick, in a process of its own that may be killed."""

import sys
from pathlib import Path

from console.errors import ReplayedBundleError
from console.import_directory import open_imports
from console.imports import Occasion, import_bundle
from console.on_stick import in_order
from tests.support.carried import ROOT, TODAY


def main() -> None:
    into, stick = map(Path, sys.argv[1:])
    for path in in_order(stick.iterdir()):
        with open_imports(into) as directory:
            try:
                occasion = Occasion(TODAY, ROOT.verify_key)
                import_bundle(directory, path, occasion, lambda _count: None)
            except ReplayedBundleError:
                continue


if __name__ == "__main__":
    main()
