"""How often one person may enter, in all and on one Japanese day."""

from collections.abc import Mapping
from typing import Any

from eligibility.inputs import Inputs
from eligibility.rules.base import MET, Finding, Outcome, finding


def judge_limits(document: Mapping[str, Any], inputs: Inputs) -> Finding:
    """Judge the person's other entries that count."""
    if inputs.other_entries >= document["entries_per_person"]:
        return finding(Outcome.FAILED, "limit_reached")
    if inputs.other_entries_that_day >= document["entries_per_person_a_day"]:
        return finding(Outcome.FAILED, "daily_limit_reached")
    return MET
