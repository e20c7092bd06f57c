"""What a rule is given and what it answers; rules are pure, so that a verdict can be repeated from its inputs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any


class Outcome(IntEnum):
    """How a rule judges; of rules that all must be met, the highest counts."""

    MET = 0
    UNCLEAR = 1  # a person looks at it
    FIXABLE = 2  # sent back: the entrant can send something better
    FAILED = 3


@dataclass(frozen=True)
class Reason:
    """Why a rule was not met: a code of `eligibility/reasons.py`, and where on the photograph it shows."""

    code: str
    region: Mapping[str, Any] | None = None

    def to_json(self, rule: str) -> dict[str, Any]:
        return {"code": self.code, "rule": rule, "region": self.region}


@dataclass(frozen=True)
class Finding:
    """The answer of one rule."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()

    @property
    def is_met(self) -> bool:
        return self.outcome == Outcome.MET


MET = Finding(Outcome.MET)


def finding(outcome: Outcome, code: str, region: Mapping[str, Any] | None = None) -> Finding:
    """Make a finding with one reason."""
    return Finding(outcome, (Reason(code, region),))


@dataclass(frozen=True)
class ReceiptFacts:
    """What is known of the receipt: figures as JSON types, and how it relates to others."""

    status: str
    is_receipt: bool = True
    is_complete: bool = True
    is_confirmed: bool = False  # a person has corrected or confirmed the figures
    needs_review: bool = False
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
