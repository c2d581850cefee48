"""Where things are at a service's listener for couriers."""

from datetime import date

ROSTER = "/courier/roster.json"
ROSTER_SIGNATURE = "/courier/roster.json.minisig"
BUNDLES = "/courier/bundles"
PUBLIC_ROSTER = "/roster.json"
PUBLIC_ROSTER_SIGNATURE = "/roster.json.minisig"


def form_path(file: str) -> str:
    """Return where a form is, by the name of its file."""
    return f"/courier/forms/{file}"


def day_path(channel: str, day: date) -> str:
    """Return where a day of a log is."""
    return f"/courier/log/{channel}/{day}.json"


def cosignature_path(channel: str, day: date) -> str:
    """Return where the cosignature of a day goes."""
    return f"/courier/log/{channel}/{day}/cosignature"


def envelope_path(channel: str, digest: bytes) -> str:
    """Return where an envelope is."""
    return f"/courier/envelopes/{channel}/{digest.hex()}"
