"""Answers that are read from an open file, in threads of their own, and never whole in memory."""

import io
import re
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from functools import partial
from http import HTTPStatus
from typing import BinaryIO, Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.body import in_thread

_BLOCK_BYTES: Final = 1 << 18
_FROM: Final = re.compile(r"bytes=(0|[1-9][0-9]{0,14})-")


class UnsatisfiableRange(Exception):  # noqa: N818 - an answer to the courier, not a fault
    """Nothing is there from the byte that was asked for, or it was not asked for like this.

    Attributes:
        size: of the whole file.
    """

    def __init__(self, size: int) -> None:
        super().__init__("there is nothing from there on")
        self.size = size


class FileAnswer(StreamingResponse):
    """Sends a file to its end, and closes it whatever happens.

    Args:
        file: at any place.
        threads: where it is read.
        media_type: of the answer.
        wanted: the Range header, of which one form is taken: `bytes=<first>-`.

    Raises:
        UnsatisfiableRange: the file is closed already.
    """

    def __init__(
        self, file: BinaryIO, threads: Executor, media_type: str, *, wanted: str | None = None
    ) -> None:
        size = file.seek(0, io.SEEK_END)
        first = 0 if wanted is None else _first_byte(wanted)
        if first is None or (wanted is not None and first >= size):
            file.close()
            raise UnsatisfiableRange(size)
        file.seek(first)
        headers = {"Content-Length": f"{size - first}", "Accept-Ranges": "bytes"}
        if wanted is not None:
            headers["Content-Range"] = f"bytes {first}-{size - 1}/{size}"
        status = HTTPStatus.OK if wanted is None else HTTPStatus.PARTIAL_CONTENT
        super().__init__(_blocks(file, threads), status, headers, media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


async def _blocks(file: BinaryIO, threads: Executor) -> AsyncIterator[bytes]:
    while block := await in_thread(threads, partial(file.read, _BLOCK_BYTES)):
        yield block


def _first_byte(wanted: str) -> int | None:
    match = _FROM.fullmatch(wanted)
    return None if match is None else int(match[1])
