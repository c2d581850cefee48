"""Files of a known size that can be read anywhere, except what stands where in them."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class RawReader(io.RawIOBase):
    """The place in such a file; a subclass reads what stands there.

    Attributes:
        size: how many bytes there are.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self._place = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move; a place beyond the end is allowed, and nothing is there."""
        self._checkClosed()
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}
        if whence not in origins:
            raise ValueError("whence is 0, 1 or 2")
        place = origins[whence] + offset
        if place < 0:
            raise ValueError("nothing comes before the start")
        self._place = place
        return place

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill `buffer`; fewer bytes than it has are no end yet, none are."""
        self._checkClosed()
        out = memoryview(buffer).cast("B")[: max(0, self.size - self._place)]
        taken = self._read_at(self._place, out) if out else 0
        self._place += taken
        return taken

    def _read_at(self, place: int, out: memoryview) -> int:
        """Fill `out`, or begin to: at least one byte, and it never reaches beyond the end."""
        raise NotImplementedError
