"""Serial codes: whether the number is good was found out by taking it; here it is only judged."""

from eligibility.inputs import Inputs
from eligibility.rules.base import MET, Finding, Outcome, finding


def judge_serial(inputs: Inputs) -> Finding:
    """Judge the typed serial code; unknown, used up and another campaign's give one answer (T05)."""
    return MET if inputs.serial == "accepted" else finding(Outcome.FIXABLE, "serial_not_accepted")
