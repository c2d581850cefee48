"""How much the length of an envelope that does not open says about what it is.

Nobody has published how long reports are. So there are three models of a channel's real traffic,
far apart: how many of ten reports have no files, and how long files are, taken together: their
logarithm is normal, with this median and spread (a spread of 1.6: two of three lie between a fifth
and five times the median). The chances are of reports up to the cap; a longer one is no decoy.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from crypto.decoys import DEFAULT_DECOYS, chances
from crypto.padding import SMALLEST_BYTES

KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20
DECOYS = chances(DEFAULT_DECOYS)
CAP = max(DECOYS)


@dataclass(frozen=True, slots=True)
class Model:
    """What a channel's sources send.

    Attributes:
        without_files: the share of reports that have none.
        median_bytes, spread: of the files of one report together.
    """

    name: str
    without_files: float
    median_bytes: int
    spread: float

    def above_cap(self) -> float:
        """Give the share of reports that are longer than any decoy."""
        return (1 - self.without_files) * (1 - self._sizes().cdf(math.log(CAP)))

    def chances(self) -> Mapping[int, float]:
        """Give the chance of each padded length, of reports up to the cap."""
        sizes, below, found = self._sizes(), 0.0, {}
        for length in sorted(DECOYS):
            up_to_here = sizes.cdf(math.log(length))
            found[length] = (up_to_here - below) / sizes.cdf(math.log(CAP))
            found[length] *= 1 - self.without_files
            below = up_to_here
        found[SMALLEST_BYTES] += self.without_files
        return found

    def _sizes(self) -> NormalDist:
        return NormalDist(math.log(self.median_bytes), self.spread)


MODELS = (
    Model("documents", 0.9, 300 * KIBIBYTE, 1.6),
    Model("a mixture", 0.8, MEBIBYTE, 1.6),
    Model("photographs", 0.7, 3 * MEBIBYTE, 1.3),
)


def octaves() -> list[list[int]]:
    """Group the padded lengths as the distribution does."""
    bounds = [part.up_to_bytes for part in DEFAULT_DECOYS.ranges]
    below = [0, *bounds]
    return [
        [length for length in sorted(DECOYS) if low < length <= high]
        for low, high in zip(below, bounds, strict=False)
    ]


def ratios(model: Model, lengths: list[int]) -> tuple[float, float]:
    """Give the least and the greatest likelihood ratio of report to decoy among these lengths."""
    reports = model.chances()
    found = [reports[length] / DECOYS[length] for length in lengths]
    return min(found), max(found)


def table() -> list[str]:
    """Write the table of docs/threat-model.md."""
    lines = [
        f"| padded length, up to | decoys | {' | '.join(m.name for m in MODELS)} |",
        "|---|---:|" + "---:|" * len(MODELS),
    ]
    for lengths in octaves():
        share = sum(DECOYS[length] for length in lengths)
        cells = [_cell(model, lengths) for model in MODELS]
        lines.append(f"| {_size(lengths[-1])} | {share:.1%} | {' | '.join(cells)} |")
    above = [f"{model.above_cap():.1%} of reports" for model in MODELS]
    return [*lines, f"| longer | none | {' | '.join(above)} |"]


def _cell(model: Model, lengths: list[int]) -> str:
    share = sum(model.chances()[length] for length in lengths)
    least, most = (f"{ratio:.2f}" for ratio in ratios(model, lengths))
    return f"{share:.1%}: {least}" + (f" to {most}" if most != least else "")


def _size(length: int) -> str:
    return f"{length >> 20} MiB" if length >= MEBIBYTE else f"{length >> 10} KiB"
