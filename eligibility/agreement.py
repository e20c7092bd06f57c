"""How well reviewers agree, and how fast they work: per campaign, and per reviewer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from django.db.models import F, QuerySet

from eligibility.models import ReviewOpinion

Pair = tuple[str, str]


@dataclass(frozen=True)
class Agreement:
    """Of so many cases seen by two: the share with the same verdict, and the same beyond chance (Cohen's kappa)."""

    pair_count: int
    share: float | None
    kappa: float | None

    @property
    def percent(self) -> int | None:
        """The share in whole percent."""
        return None if self.share is None else round(self.share * 100)


@dataclass(frozen=True)
class Pace:
    """What somebody got through; only cases that were taken in hand on the page have a time."""

    opinion_count: int
    median_seconds: int | None
    cases_per_hour: float | None


@dataclass(frozen=True)
class DeskFigures:
    """One line of the figures: a campaign's or a reviewer's."""

    name: str
    pace: Pace
    agreement: Agreement


def agreement_of(pairs: Sequence[Pair]) -> Agreement:
    """Compare first and second verdicts; kappa is None where chance alone would agree always."""
    if not pairs:
        return Agreement(0, None, None)
    agreed = sum(first == second for first, second in pairs)
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    observed = Fraction(agreed, len(pairs))
    by_chance = Fraction(sum(firsts[verdict] * seconds[verdict] for verdict in firsts), len(pairs) ** 2)
    kappa = None if by_chance == 1 else float((observed - by_chance) / (1 - by_chance))
    return Agreement(len(pairs), float(observed), kappa)


def pace_of(seconds: Sequence[int | None]) -> Pace:
    """Give the median time of a case, and how many fit into an hour of work at the desk."""
    timed = [value for value in seconds if value is not None]
    worked = sum(timed)
    per_hour = round(len(timed) * 3600 / worked, 1) if worked else None
    return Pace(len(seconds), int(median(timed)) if timed else None, per_hour)


def figures_by(opinions: QuerySet[ReviewOpinion], key: str) -> list[DeskFigures]:
    """Give the figures of some opinions, a line for each value of `key` (a field that names the line)."""
    rows: list[Any] = list(
        opinions.order_by("case_id", "number").values("case_id", "number", "verdict", "seconds", name=F(key))
    )
    pairs = _pairs(rows)
    lines = []
    for name in sorted({row["name"] for row in rows}):
        own = [row for row in rows if row["name"] == name]
        seen = [
            pairs[case] for case in dict.fromkeys(row["case_id"] for row in own if row["number"] < 3) if case in pairs
        ]
        lines.append(DeskFigures(name, pace_of([row["seconds"] for row in own]), agreement_of(seen)))
    return lines


def _pairs(rows: Sequence[Any]) -> dict[int, Pair]:
    said = {(row["case_id"], row["number"]): row["verdict"] for row in rows}
    return {
        case: (verdict, said[case, 2]) for (case, number), verdict in said.items() if number == 1 and (case, 2) in said
    }
