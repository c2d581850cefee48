"""A share on a sheet of paper: a text file that prints on one page, and that commands read.

    A SHARE OF A KEY

    Of         the root key
    Service    RW…
    Share      2 of 3; any 2 of them together make the key
    Made       2026-11-23

      1 academic      2 acid          3 acne          4 acquire
      …

    To use it  candor roster recover …

A reader takes the numbered words alone. In a file without numbers, as somebody types one from
paper, it takes all there is.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from console.errors import UnreadableShareError
from console.layout import wrap_cells
from crypto.errors import MistypedShareError, ShareError
from crypto.minisign import VerifyKey
from crypto.shares import Share
from disk.files import new_file, private_directory

_MAX_SHEET_BYTES = 16 << 10
_LINE_CELLS = 76  # of a sheet, whatever the terminal
_LABEL_CELLS = 11
_WORDS_IN_ROW = 4
_WORD_CELLS = 13
_CELL = re.compile(r"(\d{1,2})[.)]?\s+([^\W\d_]+)\s*")
_ROW = re.compile(rf"\s*(?:{_CELL.pattern})+")


@dataclass(frozen=True, slots=True)
class ShareSheet:
    """What stands on a sheet.

    Attributes:
        share: one of the set.
        count: how many the set has.
        key: whose share it is, in words.
        service: the root key's public half, by which the sheet is known to belong to a service.
        made: the day.
        use: what is done with it, in words.
        holder: the id of whom it is for, where that is settled.
    """

    share: Share
    count: int
    key: str
    service: VerifyKey
    made: date
    use: str
    holder: str = ""

    def serialize(self) -> str:
        """Write the sheet."""
        number, needed = self.share.number, self.share.threshold
        return "\n".join(
            [
                "A SHARE OF A KEY",
                "",
                *_fact("Of", self.key),
                *_fact("Service", self.service.serialize()),
                *_fact("Share", f"{number} of {self.count}; any {needed} together make the key"),
                *(_fact("For", self.holder) if self.holder else ()),
                *_fact("Made", self.made.isoformat()),
                "",
                *_rows(self.share.words),
                "",
                *_fact("To use it", self.use),
                *_fact("Keep it", _KEEPING),
                "",
            ]
        )


_KEEPING = (
    "on paper, apart from the other shares, and wipe the file. Whoever holds as many as are needed"
    " has the key. Nobody asks for it by mail or telephone."
)


def read_sheet(data: bytes) -> Share:
    """Read the share on a sheet.

    Raises:
        ShareError: there is none, or it is mistyped.
    """
    if len(data) > _MAX_SHEET_BYTES:
        raise MistypedShareError("the file is too long for a share")
    text = data.decode("utf-8", "replace")
    cells = [
        cell for line in text.splitlines() if _ROW.fullmatch(line) for cell in _CELL.findall(line)
    ]
    if not cells:
        return Share.parse(text)
    if [int(number) for number, _ in cells] != list(range(1, len(cells) + 1)):
        raise MistypedShareError("the numbers of the words have a gap, or stand in another order")
    return Share.parse(" ".join(word for _, word in cells))


def load_share(path: Path) -> Share:
    """Read a share's file.

    Raises:
        UnreadableShareError: there is no share in it; says which file and why.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(_MAX_SHEET_BYTES + 1)
    try:
        return read_sheet(data)
    except ShareError as error:
        raise UnreadableShareError(f"{path}: {error}") from None


def write_sheets(directory: Path, sheets: Mapping[str, ShareSheet]) -> list[Path]:
    """Write a whole set into a directory, or nothing; readable by its owner alone.

    Args:
        directory: made if it is not there; nothing in it is overwritten.
        sheets: by the names of their files.

    Raises:
        OutputError: a name is taken, or others may write into the directory.
    """
    with private_directory(directory) as parent, ExitStack() as files:
        for name, sheet in sheets.items():
            files.enter_context(new_file(parent, name)).write(sheet.serialize().encode("utf-8"))
    return [directory / name for name in sheets]


def _fact(label: str, text: str) -> Iterator[str]:
    for number, line in enumerate(wrap_cells(text, _LINE_CELLS - _LABEL_CELLS)):
        yield f"{label if number == 0 else '':<{_LABEL_CELLS}}{line}"


def _rows(words: tuple[str, ...]) -> Iterator[str]:
    for start in range(0, len(words), _WORDS_IN_ROW):
        row = enumerate(words[start : start + _WORDS_IN_ROW], start=start + 1)
        yield "".join(f"{number:>3} {word:<{_WORD_CELLS}}" for number, word in row).rstrip()
