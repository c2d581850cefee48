"""Whether a request's body was read to its end before its answer began.

An answer before that ends the connection (see `app.connection`), so it has to say so.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive


def has_body(headers: Headers) -> bool:
    """Tell whether a request announces a body."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


class BodyWatch:
    """Stands between an application and what it receives."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self._receive = receive
        self._is_left = has_body(headers)

    async def receive(self) -> Message:
        """Receive, and look whether that was the end."""
        message = await self._receive()
        self._is_left = message.get("more_body", False)
        return message

    def mark(self, answer: MutableHeaders) -> None:
        """Let an answer that begins now say that the connection ends, if it does."""
        if self._is_left:
            answer["Connection"] = "close"
