"""The small forms: secret words, and what to erase. Read whole, in memory, within tight bounds."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from app.errors import Reason, Refusal

# Eight words in any script, percent-encoded, and a mailbox of ticked replies, are far below both.
MAX_BYTES: Final = 16 * 1024
MAX_FIELDS: Final = 200
_TYPE: Final = "application/x-www-form-urlencoded"


async def read_small_form(request: Request) -> Mapping[str, Sequence[str]]:
    """Read a form of a few short fields.

    Raises:
        Refusal: of another type, too long, or not readable.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _TYPE:
        raise Refusal(Reason.NOT_A_FORM)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise Refusal(Reason.TEXT_TOO_LONG)
    try:
        return parse_qs(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise Refusal(Reason.BROKEN_FORM) from None


def field(form: Mapping[str, Sequence[str]], name: str) -> str:
    """Give the one value of a field, or nothing.

    Raises:
        Refusal: it was sent twice.
    """
    values = form.get(name, [""])
    if len(values) != 1:
        raise Refusal(Reason.DUPLICATE_FIELD)
    return values[0]
