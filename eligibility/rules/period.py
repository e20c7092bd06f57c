"""Entries count from the opening instant up to, but not including, the closing instant (I17)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from eligibility.inputs import Inputs
from eligibility.rules.base import MET, Finding, Outcome, finding


def judge_period(document: Mapping[str, Any], inputs: Inputs) -> Finding:
    """Judge when the entry was first sent; one sent back in time keeps its time."""
    opens = datetime.fromisoformat(document["entry_opens_at"])
    closes = datetime.fromisoformat(document["entry_closes_at"])
    if opens <= datetime.fromisoformat(inputs.submitted_at) < closes:
        return MET
    return finding(Outcome.FAILED, "outside_period")
