"""What each receipt of an entry counts for, told anew from what its verdicts keep: the inputs and the rules."""

from collections.abc import Mapping
from typing import Any

from campaigns.selectors import current_rules
from eligibility.inputs import Inputs
from eligibility.models import Decision
from eligibility.reasons import described
from eligibility.rules.summing import Part, ReceiptSum, receipts_allowed, sum_receipts, summing_rule
from eligibility.selectors import gather_inputs
from participants.models import Entry

__all__ = ["Part", "ReceiptSum", "decided_sum", "present_sum", "reasons_of", "receipts_summed_at_most"]


def decided_sum(decision: Decision) -> ReceiptSum | None:
    """Give what each receipt counted for when an entry was decided; None where its rules sum nothing."""
    return _summed(decision.rule_version.document, Inputs.from_json(decision.inputs))


def present_sum(entry: Entry) -> ReceiptSum | None:
    """Give what each receipt of an entry counts for as its figures stand now, corrections by reviewers included."""
    rules = current_rules(entry.campaign)
    return _summed(rules.document, gather_inputs(entry)) if rules else None


def receipts_summed_at_most(decision: Decision) -> int:
    """Give how many receipts the rules of a verdict let an entry count."""
    parameters = summing_rule(decision.rule_version.document)
    return receipts_allowed(parameters) if parameters else 1


def reasons_of(part: Part) -> list[dict[str, Any]]:
    """Give in the reader's language why a receipt does not count, or is left to a person."""
    return described([reason.to_json("purchase") for reason in part.reasons])


def _summed(document: Mapping[str, Any], inputs: Inputs) -> ReceiptSum | None:
    parameters = summing_rule(document)
    return None if parameters is None else sum_receipts(document, parameters, inputs.receipts)
