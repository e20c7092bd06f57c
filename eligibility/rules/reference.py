"""Reference numbers (members, contracts, orders …) on a client's list."""

from eligibility.inputs import Inputs
from eligibility.rules.base import MET, Finding, Outcome, finding


def judge_reference(inputs: Inputs) -> Finding:
    """Judge the typed reference number; unknown and used up give one answer."""
    return MET if inputs.reference == "accepted" else finding(Outcome.FIXABLE, "reference_not_accepted")
