"""Rules put together: the standing ones always, the campaign's own in groups of all, any or so many."""

from collections.abc import Mapping, Sequence
from typing import Any

from eligibility.inputs import Inputs
from eligibility.rules.base import MET, Finding, Outcome, Reason
from eligibility.rules.duplicates import judge_duplicates
from eligibility.rules.limits import judge_limits
from eligibility.rules.period import judge_period
from eligibility.rules.purchase import judge_purchase
from eligibility.rules.reference import judge_reference
from eligibility.rules.serial import judge_serial
from eligibility.rules.social import judge_line_friend, judge_x_follow
from eligibility.rules.summing import judge_sum, summing_rule
from eligibility.rules.survey import judge_survey

Document = Mapping[str, Any]


def judge(document: Document, inputs: Inputs) -> tuple[Outcome, list[dict[str, Any]]]:
    """Judge an entry by a version of the rules; returns the outcome and its reasons, ready to be stored."""
    parts = [
        ("period", judge_period(document, inputs)),
        ("limits", judge_limits(document, inputs)),
        *(("group", _group(group, document, inputs)) for group in document["groups"]),
        (
            "duplicates",
            MET if summing_rule(document) else judge_duplicates(inputs),
        ),  # a sum judges each of its receipts
    ]
    worst = max(part.outcome for _name, part in parts)
    reasons = [
        reason.to_json(name) for name, part in parts if part.outcome == worst != Outcome.MET for reason in part.reasons
    ]
    if worst != Outcome.MET and any(receipt.is_returned for receipt in inputs.receipts):
        return Outcome.FAILED, [_returned(receipt.id) for receipt in inputs.receipts if receipt.is_returned]
    return worst, reasons


def _returned(receipt_id: str) -> dict[str, Any]:
    """Goods that were given back are mended by no better photograph."""
    return Reason("purchase_returned", receipt=receipt_id).to_json("returns")


def judge_rule(rule: Mapping[str, Any], document: Document, inputs: Inputs) -> Finding:
    """Judge one rule of a group by its kind."""
    match rule["kind"]:
        case "purchase":
            judged = judge_sum if summing_rule(document) else judge_purchase
            return judged(document, rule["parameters"], inputs)
        case "serial":
            return judge_serial(inputs)
        case "reference":
            return judge_reference(inputs)
        case "survey":
            return judge_survey(document, inputs)
        case "line_friend":
            return judge_line_friend(inputs)
        case "x_follow":
            return judge_x_follow(inputs)
        case unknown:
            raise ValueError(f"no rule of kind {unknown}")


def _group(group: Mapping[str, Any], document: Document, inputs: Inputs) -> Finding:
    findings = [judge_rule(rule, document, inputs) for rule in group["rules"]]
    wanted = {"all": len(findings), "any": 1}.get(group["combination"], group["minimum_count"])
    return _at_least(findings, wanted)


def _at_least(findings: Sequence[Finding], wanted: int) -> Finding:
    """Take the `wanted` best findings: the group is as good as the worst of these."""
    best = sorted(findings, key=lambda found: found.outcome)[:wanted]
    outcome = max((found.outcome for found in best), default=Outcome.MET)
    if outcome == Outcome.MET:
        return MET
    reasons: list[Reason] = [reason for found in best if found.outcome == outcome for reason in found.reasons]
    return Finding(outcome, tuple(reasons))
