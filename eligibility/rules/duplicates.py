"""One paper receipt is good for one entry; what only resembles another goes to a person, never to a silent refusal."""

from eligibility.inputs import Inputs, ReceiptFacts
from eligibility.rules.base import MET, Finding, Outcome, finding


def judge_duplicates(inputs: Inputs) -> Finding:
    """Judge how the receipt relates to those of other entries."""
    return judge_paper(inputs.receipt) if inputs.receipt else MET


def judge_paper(receipt: ReceiptFacts) -> Finding:
    """Judge how one receipt relates to those of other entries, and to earlier ones of its own."""
    if receipt.is_repeated:
        return finding(Outcome.FIXABLE, "receipt_repeated")
    if receipt.is_used_elsewhere and (receipt.is_confirmed or not receipt.needs_review):
        return finding(Outcome.FIXABLE, "receipt_already_used")
    if (receipt.look_alike or receipt.is_used_elsewhere) and not receipt.is_confirmed:
        return finding(Outcome.UNCLEAR, "looks_like_another")
    return MET
