"""Several photographs of one long receipt become one list of rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from rapidfuzz import fuzz

from receipts.ocr.parsing.rows import Row

ALIKE = 0.55
LEAST_OVERLAP_WORTH = 0.9


def join(parts: Sequence[list[Row]]) -> list[Row]:
    """Put the parts end to end, keeping once what overlaps."""
    return reduce(_join_two, parts, [])


def _join_two(upper: list[Row], lower: list[Row]) -> list[Row]:
    if not upper or not lower:
        return [*upper, *lower]
    alike = [[_likeness(above, below) for below in lower] for above in upper]
    offsets = range(len(upper) - 1, -1, -1)
    best = max(offsets, key=lambda offset: _worth(alike, offset))
    if _worth(alike, best) < LEAST_OVERLAP_WORTH:
        return [*upper, *lower]
    cut, place = _best_cut(alike, best)
    return [*upper[:cut], *lower[place:]]


def _likeness(above: Row, below: Row) -> float:
    return fuzz.ratio(above.squashed, below.squashed) / 100


def _worth(alike: list[list[float]], offset: int) -> float:
    """How well the lower part fits if its first row is the upper part's row `offset`."""
    return sum(
        max(alike[row][place] for row in range(max(0, row_at - 1), min(len(alike), row_at + 2))) - ALIKE
        for place, row_at in enumerate(range(offset, len(alike)))
        if place < len(alike[0])
    )


def _best_cut(alike: list[list[float]], offset: int) -> tuple[int, int]:
    """A pair of rows that are surely the same, near the middle of the overlap."""
    length = min(len(alike) - offset, len(alike[0]))
    pairs = [
        (alike[row][place] - 0.02 * abs(place - length / 2), row, place)
        for place in range(length)
        for row in range(max(0, offset + place - 1), min(len(alike), offset + place + 2))
    ]
    _, row, place = max(pairs)
    return row, place
