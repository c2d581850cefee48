"""What every part needs: where to work, how large, and the bytes to send."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.content import Content

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Context:
    """One run.

    Attributes:
        directory: temporary, on a disk; each part works in a directory of its own in it.
        quick: smaller sizes and fewer rounds, to try the programs; the figures mean little.
    """

    directory: Path
    quick: bool
    content: Content = field(default_factory=Content)

    def size(self, size: int) -> int:
        return size // 16 if self.quick else size

    def times(self, count: int) -> int:
        return max(3, count // 8) if self.quick else count
