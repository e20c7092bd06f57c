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
STEEPEST = 0.088
SLOPE_STEP = 0.008
NEAR = 0.4  # of a text's height
TIE = 20.0


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
    """The slope that lets most texts find a neighbour in their own row.

    On curved paper the texts at the left and at the right lean to different sides, so what counts is
    not how single texts lean but where the next column stands; how they lean only settles ties.
    """
    leaning = _leaning(cells)
    pairs = _neighbours(cells)
    if len(pairs) < 3:
        return leaning
    top, bottom = min(cell.middle for cell in cells), max(cell.middle for cell in cells)
    down = (pairs[:, 0] - top) / max(1.0, bottom - top)
    best, most = leaning, -np.inf
    expected = [leaning.at(top), leaning.at(bottom)]
    for at_top in np.arange(-STEEPEST, STEEPEST + 1e-9, SLOPE_STEP):
        for at_bottom in np.arange(-STEEPEST, STEEPEST + 1e-9, SLOPE_STEP):
            slopes = at_top + (at_bottom - at_top) * down
            off = (pairs[:, 1] - slopes * pairs[:, 2]) / pairs[:, 3]
            fit = np.maximum(0.0, 1.0 - (off / NEAR) ** 2).sum()
            fit -= len(pairs) * TIE * ((at_top - expected[0]) ** 2 + (at_bottom - expected[1]) ** 2)
            if fit > most:
                change = (at_bottom - at_top) / max(1.0, bottom - top)
                best, most = Slope(float(at_top - change * top), float(change)), fit
    return best


def _neighbours(cells: Sequence[Cell]) -> Floats:
    """Pairs that may share a row: their height on the page, rise, distance and size of print."""
    pairs = [
        (
            (left.middle + right.middle) / 2,
            right.middle - left.middle,
            _reach(left, right),
            (left.height + right.height) / 2,
        )
        for left in cells
        for right in cells
        if right.left > left.right - 0.5 * left.height and abs(right.middle - left.middle) < 1.3 * left.height
    ]
    return np.array(pairs, float).reshape(-1, 4)


def _reach(left: Cell, right: Cell) -> float:
    return (right.left + right.right - left.left - left.right) / 2


def _leaning(cells: Sequence[Cell]) -> Slope:
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
        expected = last.middle + slope.at((last.middle + cell.middle) / 2) * _reach(last, cell)
        off = abs(cell.middle - expected) / ((cell.height + last.height) / 2)
        if off < least:
            best, least = chain, off
    return best
