"""A line of a drill's table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was counted, and where one holds, the bound: `must` names it, `is_kept` says whether it held."""

    name: str
    value: int | float
    unit: str = ""
    must: str = ""
    is_kept: bool = True

    def __str__(self) -> str:
        number = f"{self.value:,}" if isinstance(self.value, int) else f"{self.value:,.1f}"
        verdict = f"{'ok' if self.is_kept else 'BROKEN':<8}({self.must})" if self.must else ""
        return f"{self.name:<52} {number:>10} {self.unit:<8} {verdict}".rstrip()


def exactly(name: str, value: int, wanted: int, unit: str = "") -> Row:
    """Count something that has to be a certain number."""
    return Row(name, value, unit, f"must be {wanted:,}", value == wanted)


def some(name: str, value: int, unit: str = "") -> Row:
    """Count something that has to be there, or the drill would prove nothing."""
    return Row(name, value, unit, "must be more than 0", value > 0)
