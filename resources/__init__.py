"""Where the program's own files lie, in a checkout and in an installed wheel alike."""

from pathlib import Path

_PACKAGED = Path(__file__).parent / "data"
_CHECKOUT = Path(__file__).parent.parent


def resource(name: str) -> Path:
    """Find one of the directories `templates`, `static` and `locales`.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for base in (_PACKAGED, _CHECKOUT):
        path = base / name
        if path.is_dir():
            return path
    raise FileNotFoundError(f"this installation lacks its {name} directory")
