"""What was measured, and how it is written down."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, held against its target if it has one."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "**not met**", None: ""}[self.met]


@dataclass(frozen=True, slots=True)
class Section:
    """One question and its table."""

    title: str
    about: str
    rows: tuple[Row, ...]


def at_least(what: str, measured: float, target: float) -> Row:
    return Row(what, f"{measured:.2f}", f"≥ {target:g}", measured >= target)


def at_most(
    what: str, measured: float, target: float, show: Callable[[float], str], note: str = ""
) -> Row:
    return Row(what, show(measured) + note, f"≤ {show(target)}", measured <= target)


def megabytes(count: float) -> str:
    return f"{count / MEGABYTE:.1f} MB"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def seconds_of(seconds: float) -> str:
    return f"{seconds:.2f} s"


def kilobytes(count: float) -> str:
    return f"{count / 1000:.1f} KB"


def speed(count: int, samples: Sequence[float]) -> str:
    """Give the median in MB/s, and how far the rounds lay apart."""
    rates = sorted(count / sample / MEGABYTE for sample in samples)
    return f"{median(rates):.0f} MB/s ({rates[0]:.0f} to {rates[-1]:.0f})"


def ratio(floor: Sequence[float], ours: Sequence[float]) -> float:
    """Give our speed in parts of the floor's: the median of the rounds, each with its own floor."""
    return median(theirs / mine for theirs, mine in zip(floor, ours, strict=True))


def table(rows: Iterable[Row]) -> str:
    lines = ["| what | measured | target | |", "|---|---:|---:|---|"]
    lines += [f"| {row.what} | {row.measured} | {row.target} | {row.verdict} |" for row in rows]
    return "\n".join(lines)


def section_text(section: Section) -> str:
    return f"## {section.title}\n{section.about}\n\n{table(section.rows)}\n"
