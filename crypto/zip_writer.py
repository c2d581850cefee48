"""A streaming writer of the ZIP profile: constant memory, and a length known before the end."""

import zlib

from crypto.sinks import Buffer, Sink
from crypto.zip_profile import Member, central_header, descriptor, end_records, local_header


class ZipWriter:
    """Write members one after the other: `begin`, any number of `write`, `end`; then `finish`.

    Nothing is buffered and nothing is copied: `data` goes to the sink as it comes.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._members: list[Member] = []
        self._name: str | None = None
        self._size = 0
        self._crc32 = 0
        self._offset = 0

    @property
    def members(self) -> tuple[Member, ...]:
        """What is written so far."""
        return tuple(self._members)

    def begin(self, name: str) -> None:
        """Start a member."""
        if self._name is not None:
            raise RuntimeError("the member before is not ended")
        self._sink.write(local_header(name))
        self._name, self._size, self._crc32 = name, 0, 0

    def write(self, data: Buffer) -> None:
        """Add to the member that was begun."""
        if self._name is None:
            raise RuntimeError("no member is begun")
        self._crc32 = zlib.crc32(data, self._crc32)
        self._size += data.nbytes if isinstance(data, memoryview) else len(data)
        self._sink.write(data)

    def end(self) -> Member:
        """End the member that was begun."""
        if self._name is None:
            raise RuntimeError("no member is begun")
        self._sink.write(descriptor(self._size, self._crc32))
        member = Member(self._name, self._size, self._crc32, self._offset)
        self._members.append(member)
        self._name, self._offset = None, member.end
        return member

    def finish(self) -> int:
        """Write the central directory and the end records; return the length of the ZIP."""
        if self._name is not None:
            raise RuntimeError("a member is not ended")
        directory = b"".join(map(central_header, self._members))
        ends = end_records(len(self._members), self._offset, len(directory))
        self._sink.write(directory + ends)
        return self._offset + len(directory) + len(ends)
