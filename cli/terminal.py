"""What the terminal at the other end of stdout can do, and how commands are written for it."""

import os
import shutil
import sys
from pathlib import Path


def wants_colour() -> bool:
    """Tell whether colours are welcome: on a terminal, unless NO_COLOR says otherwise."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def speak_any_script() -> None:
    """Let a report in any script through to a terminal whose locale knows less."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def own_command() -> str:
    """Write the command as it works when copied: by its path where PATH has another or none."""
    own = Path(sys.argv[0])
    found = shutil.which("candor")
    if own.name != "candor" or (found and Path(found).samefile(own)):
        return "candor"
    own = own.absolute()
    return str(own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own)
