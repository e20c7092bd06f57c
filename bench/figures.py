"""One measured number and its goal."""

import operator
from dataclasses import dataclass

COMPARISONS = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Figure:
    """`goal` is a comparison and a bound, such as "<= 400"; without one the figure is for information."""

    name: str
    value: float
    unit: str
    goal: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached; a figure without a goal always is."""
        if not self.goal:
            return True
        comparison, bound = self.goal.split()
        return bool(COMPARISONS[comparison](self.value, float(bound)))

    def __str__(self) -> str:
        goal = f" ({self.goal}{'' if self.is_met else ', MISSED'})" if self.goal else ""
        return f"{self.name} {self.value:.4g} {self.unit}{goal}"
