"""What the rules of eligibility are given: gathered once, stored with the decision, enough to repeat its verdict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class ReceiptFacts:
    """What is known of the receipt: figures as JSON types, and how it relates to others."""

    status: str
    is_receipt: bool = True
    is_complete: bool = True
    is_confirmed: bool = False  # a person has corrected or confirmed the figures
    needs_review: bool = False
    doubts: tuple[str, ...] = ()  # why, in the reader's and the shop master's codes
    looks_like_screen: bool = False
    figures: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[Mapping[str, Any], ...] = ()
    regions: Mapping[str, Any] = field(default_factory=dict)
    is_used_elsewhere: bool = False
    look_alike: str | None = None


@dataclass(frozen=True)
class Inputs:
    """Everything the rules may look at, gathered once and stored with the decision."""

    submitted_at: str
    other_entries: int = 0
    other_entries_that_day: int = 0
    receipt: ReceiptFacts | None = None
    serial: str = "absent"  # absent, accepted, refused
    reference: str = "absent"
    answers: Mapping[str, list[str]] = field(default_factory=dict)
    line_is_friend: bool | None = None
    x: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
