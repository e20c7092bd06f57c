"""Whether two receipts are the same piece of paper: by their figures, since image hashes miss new photographs of it."""

from collections.abc import Mapping
from dataclasses import dataclass

# Measured on re-photographed, edited and honest repeat purchases: thresholds from 5 to 7 give the same answers.
WEIGHTS = {"tel": 2.0, "date": 2.0, "time": 2.5, "total": 2.0, "receipt_no": 3.0, "registration_no": 1.0}
NEAR, DIFFERENT = 0.3, -0.6  # shares of a weight: one symbol off, and something else
ALIKE = 6.0

SAME_RECEIPT = "same_receipt"
OTHER_FIGURES = "same_receipt_other_figures"  # the same paper, but date or total differ: perhaps edited


@dataclass(frozen=True)
class Agreement:
    """How far two receipts agree; `kind` is None where they are different purchases."""

    score: float
    kind: str | None


def compare(first: Mapping[str, str | None], second: Mapping[str, str | None]) -> Agreement:
    """Weigh the agreement of two receipts' figures (keys of WEIGHTS, canonical texts; missing ones count nothing)."""
    score = sum(weight * _share(first.get(key), second.get(key)) for key, weight in WEIGHTS.items())
    if score < ALIKE or not _is_one_paper(first, second):
        return Agreement(score, None)
    differs = any(first.get(key) and second.get(key) and first[key] != second[key] for key in ("date", "total"))
    return Agreement(score, OTHER_FIGURES if differs else SAME_RECEIPT)


def _is_one_paper(first: Mapping[str, str | None], second: Mapping[str, str | None]) -> bool:
    """Tell whether nothing that was read speaks for two honest purchases of the same goods at the same shop.

    The next in the queue has another time and number; who comes each day has another day and number.
    """
    number, moment, day = (_share(first.get(key), second.get(key)) for key in ("receipt_no", "time", "date"))
    if number == 1.0:
        return True
    return moment in (0.0, 1.0) and (number == NEAR or day in (0.0, 1.0))


def _share(first: str | None, second: str | None) -> float:
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    is_near = len(first) == len(second) and sum(a != b for a, b in zip(first, second, strict=True)) == 1
    return NEAR if is_near else DIFFERENT
