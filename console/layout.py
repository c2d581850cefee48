"""Columns, wrapping and sizes for an 80-column terminal.

A stranger's text stands behind a gutter on *every* line, wrapped before the terminal would wrap
it: text at the left edge is always ours, so a report cannot imitate "signature holds".
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len, get_character_cell_size, set_cell_size

from console.neutral import neutral_line, neutral_lines

GUTTER = "  │ "
LABEL_CELLS = 14
MAX_CELLS = 100  # longer lines tire the eye
MIN_CELLS = 40
_KIB = 1024


def terminal_cells() -> int:
    """Measure how wide lines may be."""
    return max(MIN_CELLS, min(MAX_CELLS, shutil.get_terminal_size().columns))


@dataclass(frozen=True, slots=True)
class Style:
    """Colours, or none: decided once, from the stream and NO_COLOR."""

    colour: bool = False

    def bold(self, text: str) -> str:
        """Make a heading."""
        return self._wrap("1", text)

    def dim(self, text: str) -> str:
        """Make something that the eye may skip."""
        return self._wrap("2", text)

    def warning(self, text: str) -> str:
        """Make a warning."""
        return self._wrap("33", text)

    def bad(self, text: str) -> str:
        """Make a failed check."""
        return self._wrap("1;31", text)

    def good(self, text: str) -> str:
        """Make a check that held."""
        return self._wrap("32", text)

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def wrap_cells(line: str, cells: int) -> Iterator[str]:
    """Cut a line at spaces into pieces of at most so many terminal cells.

    A word that is longer is cut; a piece holds at least one character, so that wrapping ends.
    """
    start = used = 0
    space = -1
    for index, character in enumerate(line):
        width = get_character_cell_size(character)
        if used + width > cells and index > start:
            end, following = (space, space + 1) if space > start else (index, index)
            yield line[start:end]
            used = sum(map(get_character_cell_size, line[following:index]))
            start, space = following, -1
        if character == " ":
            space = index
        used += width
    yield line[start:]


def quoted(text: str, cells: int) -> Iterator[str]:
    """Show a stranger's long text behind the gutter."""
    for line in neutral_lines(text.rstrip()):
        for piece in wrap_cells(line, cells - len(GUTTER)):
            yield (GUTTER + piece).rstrip()


def labelled(label: str, value: str, cells: int, label_cells: int = LABEL_CELLS) -> Iterator[str]:
    """Show one short fact, `  Label   value`, its later lines aligned under the first."""
    head = "  " + set_cell_size(neutral_line(label), label_cells)
    for piece in wrap_cells(neutral_line(value), max(1, cells - cell_len(head))):
        yield (head + piece).rstrip()
        head = " " * cell_len(head)


def human_bytes(count: int) -> str:
    """Write a size as people read it."""
    if count < _KIB:
        return f"{count} B"
    size = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        size /= _KIB
        if size < _KIB:
            return f"{size:.1f} {unit}"
    return f"{size / _KIB:.1f} TiB"
