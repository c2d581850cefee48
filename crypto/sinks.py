"""What bytes flow between: buffers, where they go, and where they come from."""

from typing import Protocol, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview


class Sink(Protocol):
    """A place that takes bytes in order: an open file, a hash, an arrival."""

    def write(self, data: Buffer, /) -> object:
        """Take all of `data`, which is valid during this call only: buffers are used again."""


class Readable(Protocol):
    """A file open for reading from front to back."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most `size` bytes; none at the end."""

    def readline(self, size: int, /) -> bytes:
        """Return one line with its LF, cut off at `size` bytes."""


class SeekableReadable(Readable, Protocol):
    """A file open for reading anywhere."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move, and return the new place counted from the start."""


def read_fully(file: Readable, size: int) -> bytes:
    """Read `size` bytes, fewer only at the end of the file, however short the file's own reads."""
    data = file.read(size) or b""
    if len(data) in {0, size}:
        return data
    parts = [data]
    while size := size - len(data):
        data = file.read(size) or b""
        if not data:
            break
        parts.append(data)
    return b"".join(parts)
