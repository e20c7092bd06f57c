"""Friends on LINE and followers on X, as the platforms told our server; nothing a browser says counts."""

from eligibility.inputs import Inputs
from eligibility.rules.base import MET, Finding, Outcome, finding


def judge_line_friend(inputs: Inputs) -> Finding:
    """Judge the friendship that LINE reported at login or by event."""
    return MET if inputs.line_is_friend else finding(Outcome.FIXABLE, "not_a_friend")


def judge_x_follow(inputs: Inputs) -> Finding:
    """Judge the follow that X reported at login."""
    if inputs.x.get("is_suspended"):
        return finding(Outcome.FAILED, "account_suspended")
    if inputs.x.get("is_protected"):
        return finding(Outcome.FIXABLE, "account_protected")
    return MET if inputs.x.get("follows") else finding(Outcome.FIXABLE, "not_following")
