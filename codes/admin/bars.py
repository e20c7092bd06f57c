"""A bar that shows how codes are spread over their states, drawn without inline styles."""

from dataclasses import dataclass
from typing import Any

from codes.models import CodeStatus

TONES = {
    CodeStatus.AVAILABLE: "left",
    CodeStatus.RESERVED: "kept",
    CodeStatus.HELD: "held",
    CodeStatus.ISSUED: "given",
    CodeStatus.PRINTED: "given",
    CodeStatus.STAGED: "waiting",
    CodeStatus.VOID: "gone",
    CodeStatus.EXPIRED: "gone",
}
ORDER = (
    CodeStatus.ISSUED,
    CodeStatus.PRINTED,
    CodeStatus.RESERVED,
    CodeStatus.AVAILABLE,
    CodeStatus.HELD,
    CodeStatus.STAGED,
    CodeStatus.VOID,
    CodeStatus.EXPIRED,
)


@dataclass(frozen=True)
class Segment:
    """One state's part of a bar, in thousandths of its length."""

    label: Any
    count: int
    tone: str
    start: float
    width: float


def state_bar(states: dict[str, int]) -> list[Segment]:
    """Lay the states of a stock out side by side; states without codes are left out."""
    total = sum(states.values())
    segments: list[Segment] = []
    start = 0.0
    for status in ORDER:
        if count := states.get(status, 0):
            width = 1000 * count / total
            segments.append(Segment(status.label, count, TONES[status], start, width))
            start += width
    return segments
