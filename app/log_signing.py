"""The key that signs the log, as it lies beside a service, and what it signs."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from crypto.errors import KeyFormatError
from crypto.log_key_file import parse_log_key
from crypto.minisign import SigningKey
from crypto.roster import Roster
from intake.log_signer import LogSigner

# time enough to close the last days and to bring a new roster; see `LogSigner.until`
LOGGED_AFTER_EXPIRY: Final = timedelta(days=31)


class LogKeyError(Exception):
    """There is no key with which the log could be gone on with; the message says what to do."""


def read_log_key(path: Path, roster: Roster) -> SigningKey:
    """Read the key that signs the log, which the roster must name.

    Raises:
        LogKeyError: missing, damaged, or a key that no reader of the roster would take.
    """
    try:
        key = parse_log_key(path.read_text("ascii"))
    except OSError as error:
        raise LogKeyError(
            f"cannot read the log key {path}: {error.strerror}: put it back from your copy, or have"
            " a roster signed that names a new one"
        ) from None
    except (KeyFormatError, UnicodeDecodeError):
        raise LogKeyError(f"{path} is no log key: put it back from your copy") from None
    if key.verify_key not in roster.log_keys:
        raise LogKeyError(
            f"the roster does not name the log key in {path}: put the right one there, or have a"
            f" roster signed that names {key.verify_key.serialize()}"
        )
    return key


def log_signer(roster: Roster, key: SigningKey) -> LogSigner:
    """Say what the batch may log under a roster."""
    return LogSigner(
        roster.service_id,
        key,
        tuple(channel.id for channel in roster.channels),
        roster.expires + LOGGED_AFTER_EXPIRY,
    )
