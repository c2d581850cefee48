"""Turn whatever goes wrong into one line that says what to do, and an exit status.

Never a traceback, never a secret, never what a source wrote: an error whose message is not fixed
words is told by its type alone.
"""

import sys
from enum import IntEnum
from pathlib import Path

from crypto.errors import CandorError, NotAddressedError


class Status(IntEnum):
    """What `candor` exits with."""

    DONE = 0
    REFUSED = 1  # refused, or a check failed
    USAGE = 2  # typer says so itself
    NOT_ADDRESSED = 3
    ALARM = 4  # somebody must look: the message says at what, and what to do
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on; the message says what to do."""


# Errors of rooms that a command may not have loaded, by their root: all have fixed messages.
_SPOKEN_ROOTS = (
    ("console.errors", "ConsoleError"),
    ("courier.errors", "CourierError"),
    ("disk.errors", "OutputError"),
    ("intake.errors", "IntakeError"),
    ("app.settings", "SettingsError"),
    ("app.opening", "StartError"),
    ("app.log_signing", "LogKeyError"),
    ("forms.errors", "FormError"),
)
_EXTRAS = {
    "puremagic": "console",
    "shamir_mnemonic": "console",
    "httpx2": "courier",
    "socksio": "courier",
}


def explain(error: Exception) -> tuple[str, Status]:
    """Find the words and the status for an error."""
    if isinstance(error, NotAddressedError):
        return f"{error}", Status.NOT_ADDRESSED
    if isinstance(error, CandorError | CommandError) or _is_spoken(error):
        return f"{error}", Status.REFUSED
    if isinstance(error, ModuleNotFoundError):
        return _missing(error), Status.REFUSED
    if isinstance(error, OSError):
        return _of_system(error), Status.REFUSED
    return f"internal error: {type(error).__name__} {_place(error)}", Status.REFUSED


def _is_spoken(error: Exception) -> bool:
    for module, name in _SPOKEN_ROOTS:
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(error, getattr(loaded, name)):
            return True
    return False


def _missing(error: ModuleNotFoundError) -> str:
    name = (error.name or "a part").partition(".")[0]
    extra = _EXTRAS.get(name)
    wanted = f"candor[{extra}]" if extra else "candor again"
    return f"this installation lacks {name}: install {wanted}, in a checkout with make setup"


def _of_system(error: OSError) -> str:
    reason = (error.strerror or type(error).__name__).lower()
    return f"{error.filename}: {reason}" if error.filename else reason


def _place(error: Exception) -> str:
    """Name where it happened, for whoever reports it: file and line of ours, no values."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"at {Path(code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
