"""Text from a stranger, made harmless to look at.

A terminal obeys what it is sent: escape sequences move the cursor, retitle the window or answer
back as if typed; bidi overrides show `exe.pdf` where `fdp.exe` stands; zero-width and tag
characters hide words. Nothing of the kind passes: each becomes its visible name, ⟨U+202E⟩.
"""

import unicodedata
from collections.abc import Iterator

# Default-ignorable letters and marks: they draw nothing and are no format characters by category.
# Source: Unicode 15, DerivedCoreProperties.txt, Default_Ignorable_Code_Point.
_DRAWS_NOTHING = frozenset(
    (
        0x034F,  # combining grapheme joiner
        *range(0x115F, 0x1161),  # Hangul fillers
        *range(0x17B4, 0x17B6),  # Khmer inherent vowels
        *range(0x180B, 0x1810),  # Mongolian selectors
        0x2800,  # blank Braille pattern
        0x3164,
        *range(0xFE00, 0xFE10),  # variation selectors
        0xFFA0,
        *range(0xE0100, 0xE01F0),  # more of them: enough to carry a hidden message
    )
)
# Control, format, surrogate, private use, unassigned; line and paragraph separator.
_HIDDEN_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_TAB = "    "


class _Visible(dict[int, int | str]):
    """What each character is shown as; filled as characters are met."""

    def __missing__(self, code: int) -> int | str:
        hidden = code in _DRAWS_NOTHING or unicodedata.category(chr(code)) in _HIDDEN_CATEGORIES
        shown = f"⟨U+{code:04X}⟩" if hidden else code
        self[code] = shown
        return shown


_LINE = _Visible()


def neutral_line(text: str) -> str:
    """Show text on one line: names, labels, anything that stands beside our own words."""
    return text.translate(_LINE)


def neutral_lines(text: str) -> Iterator[str]:
    """Show long text line by line: line ends and tabs keep their meaning, nothing else does."""
    for line in text.replace("\r\n", "\n").split("\n"):
        yield neutral_line(line.replace("\t", _TAB))
