"""Must-buy: the right product, in the right shop, within the period, for enough money, proved by a readable receipt."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from eligibility.inputs import Inputs, ReceiptFacts
from eligibility.places import around
from eligibility.rules.base import Finding, Outcome, Reason, finding
from receipts.matching import ACCEPT_SCORE, ASK_SCORE, ProductMatch, match_stores, match_targets

SURE_PRICE = 62  # per cent; the reader gives at most 60 to prices that fit no printed sum
Document = Mapping[str, Any]
Region = Mapping[str, Any]
Judged = tuple[Outcome, Reason | None]
FINE: Judged = (Outcome.MET, None)
SHOP_DOUBTS = {"tel_near_shop": "tel", "registration_no_differs": "registration_no", "shop_differs": "store_name"}
TOLD_BY = ("store_name", "tel", "registration_no")  # what names the shop: as printed, or through the shop master


def judge_purchase(document: Document, parameters: Mapping[str, Any], inputs: Inputs) -> Finding:
    """Judge the receipt. What a machine is not sure of goes to a person; what the entrant can mend goes back to him."""
    if inputs.receipt is None:
        return finding(Outcome.FIXABLE, "no_receipt")
    return judge_receipt(document, parameters, inputs.receipt)


def judge_receipt(document: Document, parameters: Mapping[str, Any], receipt: ReceiptFacts) -> Finding:
    """Judge one receipt by itself."""
    if unusable := _unusable(receipt):
        return finding(Outcome.FIXABLE, unusable)
    judged = [
        *_reading(receipt),
        _date(document, receipt),
        _store(document, receipt),
        *_products(document, parameters, receipt),
        _spend(document, parameters, receipt),
    ]
    worst = max(outcome for outcome, _reason in judged)
    return Finding(
        worst,
        tuple(reason for outcome, reason in judged if reason and outcome == worst),
    )


def _unusable(receipt: ReceiptFacts) -> str | None:
    if receipt.is_returned:
        return "purchase_returned"
    if receipt.is_confirmed:
        return None
    if receipt.is_return_slip:
        return "return_slip"
    if receipt.status == "failed":
        return "unreadable"
    if not receipt.is_receipt:
        return "not_a_receipt"
    return None if receipt.is_complete else "receipt_cut_off"


def _reading(receipt: ReceiptFacts) -> list[Judged]:
    if receipt.is_confirmed:
        return [FINE]
    if receipt.looks_like_screen:
        return [(Outcome.UNCLEAR, Reason("screen_photo"))]
    if not receipt.needs_review:
        return [FINE]
    doubts = [code for code in SHOP_DOUBTS if code in receipt.doubts]
    told: list[Judged] = [(Outcome.UNCLEAR, Reason(code, receipt.regions.get(SHOP_DOUBTS[code]))) for code in doubts]
    is_all = bool(doubts) and set(receipt.doubts) <= {*SHOP_DOUBTS}
    return told if is_all else [*told, (Outcome.UNCLEAR, Reason("reading_uncertain"))]


def _date(document: Document, receipt: ReceiptFacts) -> Judged:
    if not receipt.figures.get("date"):
        return Outcome.FIXABLE, Reason("date_unread")
    first, last = document["purchase_from_on"], document["purchase_until_on"]
    bought = date.fromisoformat(receipt.figures["date"])
    if date.fromisoformat(first) <= bought <= date.fromisoformat(last):
        return FINE
    return _sure(receipt, "purchased_outside_period", receipt.regions.get("date"))


def _store(document: Document, receipt: ReceiptFacts) -> Judged:
    if not document["stores"]:
        return FINE
    score = match_stores(receipt.figures, document["stores"])
    if score >= ACCEPT_SCORE:
        return FINE
    place = next((region for key in TOLD_BY if (region := receipt.regions.get(key))), None)
    if score >= ASK_SCORE or not receipt.is_confirmed:
        return Outcome.UNCLEAR, Reason("store_unclear", place)
    return Outcome.FIXABLE, Reason("store_not_included", place)


def _products(document: Document, parameters: Mapping[str, Any], receipt: ReceiptFacts) -> list[Judged]:
    if not document["products"] and not parameters.get("categories"):
        return []
    maybe = _targets(document, parameters, receipt)
    wanted = wanted_quantity(document, parameters)
    if quantity_of(document, parameters, receipt) >= wanted:
        return [FINE]
    if sum(match.quantity for match in maybe) >= wanted:
        return [(Outcome.UNCLEAR, Reason("product_unclear", maybe[0].region))]
    if maybe:
        return [_sure(receipt, "quantity_too_small", maybe[0].region)]
    return [_sure(receipt, "product_missing", around([item.get("region") for item in receipt.items]))]


def wanted_quantity(document: Document, parameters: Mapping[str, Any]) -> int:
    """Give how many target products a purchase needs; none where the campaign names none."""
    names_products = document["products"] or parameters.get("categories")
    return int(parameters.get("minimum_quantity", 1)) if names_products else 0


def quantity_of(
    document: Document, parameters: Mapping[str, Any], receipt: ReceiptFacts, least: float = ACCEPT_SCORE
) -> int:
    """Count the target products on a receipt that are matched at least so surely (0 to 1)."""
    return sum(match.quantity for match in _targets(document, parameters, receipt) if match.score >= least)


def _spend(document: Document, parameters: Mapping[str, Any], receipt: ReceiptFacts) -> Judged:
    minimum = int(parameters.get("minimum_spend_jpy", 0))
    if not minimum:
        return FINE
    spent = spent_on(document, parameters, receipt)
    if spent is None:
        return _unread_sum(receipt)
    if spent >= minimum and _rests_on_doubtful_prices(parameters, receipt):
        return Outcome.UNCLEAR, Reason("reading_uncertain")
    return FINE if spent >= minimum else _sure(receipt, "spend_too_small", receipt.regions.get("total"))


def _unread_sum(receipt: ReceiptFacts) -> Judged:
    """A missing total can be photographed better; a tax that is not printed has to be found by a person."""
    if receipt.figures.get("total") is None:
        return Outcome.FIXABLE, Reason("total_unread")
    return Outcome.UNCLEAR, Reason("reading_uncertain", receipt.regions.get("total"))


def _rests_on_doubtful_prices(parameters: Mapping[str, Any], receipt: ReceiptFacts) -> bool:
    """Tell whether single prices decide although the receipt's goods do not add up to a printed sum."""
    if receipt.is_confirmed or parameters.get("spend_counts") != "target_products":
        return False
    return any(item.get("confidence", 100) < SURE_PRICE for item in receipt.items)


def spent_on(document: Document, parameters: Mapping[str, Any], receipt: ReceiptFacts) -> int | None:
    """Yen that count: the receipt's total, or the target products' prices after their discounts."""
    if parameters.get("spend_counts") == "receipt_before_tax":
        return _before_tax(receipt)
    if parameters.get("spend_counts") != "target_products":
        total = receipt.figures.get("total")
        return int(total) if total is not None else None
    matches = _targets(document, parameters, receipt)
    return sum(match.price_jpy + match.discount_jpy for match in matches if match.score >= ACCEPT_SCORE)


def _before_tax(receipt: ReceiptFacts) -> int | None:
    """Total less tax; a printed subtotal alone may hold the tax already, so it is not taken."""
    total, tax = receipt.figures.get("total"), receipt.figures.get("tax")
    return None if total is None or tax is None else int(total) - int(tax)


def _targets(document: Document, parameters: Mapping[str, Any], receipt: ReceiptFacts) -> list[ProductMatch]:
    """The lines that are, or may be, target products: by product, and by the words of a category."""
    return match_targets(receipt.items, document["products"], parameters.get("categories", []))


def _sure(receipt: ReceiptFacts, code: str, region: Region | None) -> Judged:
    """Send back what was read well; let a person look where the reading itself is doubtful."""
    doubtful = receipt.needs_review and not receipt.is_confirmed
    return (Outcome.UNCLEAR if doubtful else Outcome.FIXABLE), Reason(code, region)
