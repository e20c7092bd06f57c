"""What a rule is given and what it answers; rules are pure, so that a verdict can be repeated from its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    """Why a rule was not met: a code of `eligibility/reasons.py`, and where on the photograph it shows.

    `receipt` names one of several receipts; `missing` is what a sum lacks, in yen or pieces.
    """

    code: str
    region: Mapping[str, Any] | None = None
    receipt: str = ""
    missing: int = 0

    def to_json(self, rule: str) -> dict[str, Any]:
        told = {"receipt": self.receipt, "missing": self.missing}
        return {"code": self.code, "rule": rule, "region": self.region} | {k: v for k, v in told.items() if v}


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
