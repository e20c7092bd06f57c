"""Group recognised texts into the printed rows of a page that may be turned, bent or keystoned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from receipts.ocr.base import Quad, TextLine
from receipts.ocr.parsing.text import normalise, squash

Floats = NDArray[np.float64]
SAME_ROW = 0.5  # of a text's height


@dataclass(frozen=True, slots=True)
class Cell:
    """One text of a row, normalised; `photo` is the photograph it stands on."""

    text: str
    score: float
    quad: Quad
    photo: int = 0

    @property
    def left(self) -> float:
        return (self.quad[0][0] + self.quad[3][0]) / 2

    @property
    def right(self) -> float:
        return (self.quad[1][0] + self.quad[2][0]) / 2

    @property
    def height(self) -> float:
        return (abs(self.quad[3][1] - self.quad[0][1]) + abs(self.quad[2][1] - self.quad[1][1])) / 2

    @property
    def middle(self) -> float:
        return sum(y for _, y in self.quad) / 4

    @property
    def slope(self) -> float:
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = self.quad
        return ((y1 - y0) + (y2 - y3)) / max(1.0, (x1 - x0) + (x2 - x3))


@dataclass(frozen=True)
class Row:
    """The texts of one printed row, from left to right."""

    cells: tuple[Cell, ...]

    @cached_property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)

    @cached_property
    def squashed(self) -> str:
        return squash(self.text)

    @cached_property
    def squashed_apart(self) -> str:
        """The cells without inner spaces, still apart from each other."""
        return " ".join(squash(cell.text) for cell in self.cells)

    @property
    def height(self) -> float:
        return max(cell.height for cell in self.cells)

    @property
    def middle(self) -> float:
        return sum(cell.middle for cell in self.cells) / len(self.cells)

    @property
    def score(self) -> float:
        return min(cell.score for cell in self.cells)

    @property
    def photo(self) -> int:
        return self.cells[0].photo


@dataclass(frozen=True, slots=True)
class Slope:
    """The slope of the print as a linear function of the height on the page."""

    at_top: float
    change: float

    def at(self, height: float) -> float:
        return self.at_top + self.change * height


LEAST_SCORE = 0.35


def rows_of(lines: Sequence[TextLine], *, photo: int = 0) -> list[Row]:
    """Rows from top to bottom; noise that the recogniser itself doubts is left out."""
    cells = [Cell(normalise(line.text), line.score, line.quad, photo) for line in lines if line.score >= LEAST_SCORE]
    cells = [cell for cell in cells if cell.text]
    slope = fit_slope(cells)
    chains: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda cell: cell.left):
        chain = _chain_for(cell, chains, slope)
        if chain is None:
            chains.append([cell])
        else:
            chain.append(cell)
    chains.sort(key=lambda chain: chain[0].middle - slope.at(chain[0].middle) * (chain[0].left + chain[0].right) / 2)
    return [Row(tuple(chain)) for chain in chains]


def fit_slope(cells: Sequence[Cell]) -> Slope:
    """Robust line through the slopes of the long texts."""
    long = [cell for cell in cells if cell.right - cell.left > 3 * cell.height]
    if len(long) < 4:
        return Slope(float(np.median([cell.slope for cell in long])) if long else 0.0, 0.0)
    heights = np.array([cell.middle for cell in long])
    slopes = np.array([cell.slope for cell in long])
    lengths = np.array([cell.right - cell.left for cell in long])
    design = np.stack([np.ones_like(heights), heights], axis=1)
    weights = lengths.copy()
    start, change = 0.0, 0.0
    for _ in range(8):
        scaled = design * weights[:, None]
        start, change = np.linalg.lstsq(scaled, slopes * weights, rcond=None)[0]
        off = np.abs(slopes - start - change * heights)
        spread = max(1e-4, 1.48 * float(np.median(off)))
        weights = lengths / np.maximum(1.0, off / spread)
    return Slope(float(start), float(change))


def _chain_for(cell: Cell, chains: list[list[Cell]], slope: Slope) -> list[Cell] | None:
    """The chain whose last text points at this one."""
    best: list[Cell] | None = None
    least = SAME_ROW
    for chain in chains:
        last = chain[-1]
        if last.right > cell.left + 0.6 * min(cell.height, last.height):
            continue
        reach = (cell.left + cell.right) / 2 - (last.left + last.right) / 2
        expected = last.middle + slope.at((last.middle + cell.middle) / 2) * reach
        off = abs(cell.middle - expected) / ((cell.height + last.height) / 2)
        if off < least:
            best, least = chain, off
    return best
