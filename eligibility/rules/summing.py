"""合算: several receipts of one entry reach the campaign's minimum together; each is judged by itself first.

A receipt that does not count takes nothing from the others. What a machine is not sure of is asked of a person only
where it decides: when the sum is not reached without it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eligibility.inputs import Inputs, ReceiptFacts
from eligibility.rules.base import MET, Finding, Outcome, Reason, finding
from eligibility.rules.duplicates import judge_paper
from eligibility.rules.purchase import judge_receipt, quantity_of, spent_on, wanted_quantity
from receipts.matching import ASK_SCORE

Document = Mapping[str, Any]
Parameters = Mapping[str, Any]
STATES = {Outcome.MET: "counts", Outcome.UNCLEAR: "doubtful"}


@dataclass(frozen=True)
class Part:
    """What one receipt gives to the sum; nothing while its outcome is not MET or UNCLEAR."""

    receipt_id: str
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    spent_jpy: int | None = 0
    quantity: int = 0

    @property
    def state(self) -> str:
        """Tell in a word whether the receipt counts, is left to a person, or is out."""
        return STATES.get(self.outcome, "out")


@dataclass(frozen=True)
class ReceiptSum:
    """Receipts added up against what the campaign asks for; amounts in whole yen."""

    parts: tuple[Part, ...]
    minimum_spend_jpy: int
    minimum_quantity: int
    receipts_at_most: int

    @property
    def counted_jpy(self) -> int:
        """Give the amount that counts for sure."""
        return _spent(self._of(Outcome.MET))

    @property
    def counted_quantity(self) -> int:
        """Give the number of target products that counts for sure."""
        return _quantity(self._of(Outcome.MET))

    @property
    def missing_jpy(self) -> int:
        """Give what is still to be bought, receipts that a person has to look at taken at their word."""
        return max(0, self.minimum_spend_jpy - _spent(self._of(Outcome.MET, Outcome.UNCLEAR)))

    @property
    def missing_quantity(self) -> int:
        """Give how many target products are still to be bought, as in `missing_jpy`."""
        return max(0, self.minimum_quantity - _quantity(self._of(Outcome.MET, Outcome.UNCLEAR)))

    @property
    def is_reached(self) -> bool:
        """Tell whether the receipts that count for sure are enough."""
        is_enough = self.counted_jpy >= self.minimum_spend_jpy and self.counted_quantity >= self.minimum_quantity
        return is_enough and bool(self._of(Outcome.MET))

    @property
    def is_for_a_person(self) -> bool:
        """Tell whether the doubtful receipts decide: they make the sum, or no further one may be sent."""
        doubtful = self._of(Outcome.UNCLEAR)
        is_unknown = any(part.spent_jpy is None for part in doubtful)
        is_enough = is_unknown or not (self.missing_jpy or self.missing_quantity)
        return bool(doubtful) and (is_enough or len(self.parts) >= self.receipts_at_most)

    def _of(self, *outcomes: Outcome) -> list[Part]:
        return [part for part in self.parts if part.outcome in outcomes]


def summing_rule(document: Document) -> Parameters | None:
    """Give the purchase rule of a campaign that sums several receipts; None where each entry has one receipt."""
    rules = [
        rule["parameters"] for group in document["groups"] for rule in group["rules"] if rule["kind"] == "purchase"
    ]
    return rules[0] if rules and all(receipts_allowed(parameters) > 1 for parameters in rules) else None


def receipts_allowed(parameters: Parameters) -> int:
    """Give how many receipts a purchase rule sums at most; one unless the operator allows more."""
    return int(parameters.get("receipts_at_most") or 1)


def judge_sum(document: Document, parameters: Parameters, inputs: Inputs) -> Finding:
    """Judge all receipts of an entry together."""
    if not inputs.receipts:
        return finding(Outcome.FIXABLE, "no_receipt")
    found = sum_receipts(document, parameters, inputs.receipts)
    if found.is_reached:
        return MET
    if found.is_for_a_person:
        return Finding(Outcome.UNCLEAR, _reasons(found.parts, Outcome.UNCLEAR))
    return Finding(Outcome.FIXABLE, (*_shortfall(found), *_reasons(found.parts, Outcome.FIXABLE)))


def sum_receipts(document: Document, parameters: Parameters, receipts: Sequence[ReceiptFacts]) -> ReceiptSum:
    """Add up receipts in the order of their sending; those beyond the limit count nothing."""
    limit = receipts_allowed(parameters)
    parts = [_part(document, parameters, receipt) for receipt in receipts[:limit]]
    beyond = [_out(receipt, Reason("receipt_over_limit")) for receipt in receipts[limit:]]
    return ReceiptSum(
        parts=(*parts, *beyond),
        minimum_spend_jpy=int(parameters.get("minimum_spend_jpy", 0)),
        minimum_quantity=wanted_quantity(document, parameters),
        receipts_at_most=limit,
    )


def receipts_that_count(document: Document, parameters: Parameters, receipts: Sequence[ReceiptFacts]) -> set[str]:
    """Give the ids of the receipts that an accepted sum uses up.

    Where a person accepts what no rule would, these are all but those that are good for another purchase or none.
    """
    parts = sum_receipts(document, parameters, receipts).parts
    sure = {part.receipt_id for part in parts if part.outcome == Outcome.MET}
    free = {receipt.id for receipt in receipts if not (receipt.is_repeated or receipt.is_used_elsewhere)}
    return sure or free or {receipt.id for receipt in receipts}


def _part(document: Document, parameters: Parameters, receipt: ReceiptFacts) -> Part:
    """Judge one receipt by what it has to show alone: period, shop, a target product, an amount, its own paper."""
    alone = {
        **parameters,
        "minimum_spend_jpy": min(1, int(parameters.get("minimum_spend_jpy", 0))),
        "minimum_quantity": min(1, wanted_quantity(document, parameters)),
    }
    findings = [judge_receipt(document, alone, receipt), judge_paper(receipt)]
    worst = max(found.outcome for found in findings)
    reasons = [reason for found in findings if found.outcome == worst for reason in found.reasons]
    if worst > Outcome.UNCLEAR:
        return _out(receipt, *reasons)
    return Part(
        receipt_id=receipt.id,
        outcome=worst,
        reasons=_of_receipt(receipt, reasons),
        spent_jpy=spent_on(document, parameters, receipt),
        quantity=quantity_of(document, parameters, receipt)
        or quantity_of(document, parameters, receipt, least=ASK_SCORE),
    )


def _out(receipt: ReceiptFacts, *reasons: Reason) -> Part:
    return Part(receipt.id, Outcome.FIXABLE, _of_receipt(receipt, reasons))


def _of_receipt(receipt: ReceiptFacts, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(replace(reason, receipt=receipt.id) for reason in reasons)


def _shortfall(found: ReceiptSum) -> list[Reason]:
    lacks = {"sum_too_small": found.missing_jpy, "sum_quantity_too_small": found.missing_quantity}
    return [Reason(code, missing=missing) for code, missing in lacks.items() if missing]


def _reasons(parts: Sequence[Part], outcome: Outcome) -> tuple[Reason, ...]:
    return tuple(reason for part in parts if part.outcome == outcome for reason in part.reasons)


def _spent(parts: Sequence[Part]) -> int:
    return sum(part.spent_jpy or 0 for part in parts)


def _quantity(parts: Sequence[Part]) -> int:
    return sum(part.quantity for part in parts)
