"""What the service would say of receipts that came in one after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from eligibility.inputs import Inputs, ReceiptFacts
from eligibility.rules.base import Outcome
from eligibility.rules.purchase import judge_purchase
from receipts import lookalikes
from receipts.ocr.base import FIELD_KEYS, Json, ReceiptReading
from receipts.ocr.screen import DOUBTFUL

AMOUNTS = frozenset({"subtotal", "tax", "total"})


class Desk:
    """Takes readings in the order of their sending and remembers them."""

    def __init__(self, campaigns: Sequence[Json]) -> None:
        self.campaigns = campaigns
        self.seen: dict[str, Mapping[str, str]] = {}

    def receipt(self, name: str, reading: ReceiptReading) -> Json:
        """All that was read, what it is a copy of, and for which campaigns it counts."""
        earlier, _ = self._compared(name, reading)
        verdicts = {campaign["id"]: judged(campaign, reading) for campaign in self.campaigns}
        return {**flat(reading), "duplicate_of": earlier, "campaigns": verdicts}

    def fraud(self, name: str, reading: ReceiptReading) -> Json:
        """Only whether something is wrong with it."""
        earlier, kind = self._compared(name, reading)
        is_edited = kind == lookalikes.OTHER_FIGURES or "figures_disagree" in reading.review_reasons
        return {
            "duplicate_of": earlier,
            "tampered": earlier is not None and is_edited,
            "is_receipt": reading.is_receipt,
            "complete": reading.is_complete or not reading.is_receipt,
            "screen": reading.is_receipt and reading.screen_score >= DOUBTFUL,
        }

    def _compared(self, name: str, reading: ReceiptReading) -> tuple[str | None, str | None]:
        figures = _figures(reading)
        found = [(lookalikes.compare(figures, earlier), other) for other, earlier in self.seen.items()]
        best = max(found, key=lambda pair: pair[0].score, default=None)
        self.seen[name] = figures if reading.is_receipt else {}
        if best is None or best[0].kind is None:
            return None, None
        return best[1], best[0].kind


def judged(campaign: Json, reading: ReceiptReading) -> Json:
    """The service's own rule on a campaign's period, products and their least amount."""
    forms = campaign.get("printed_forms") or campaign.get("keywords") or []
    document = {
        "purchase_from_on": campaign["from"],
        "purchase_until_on": campaign["to"],
        "stores": campaign.get("stores", []),
        "products": [{"name": forms[0], "jan": "", "printed_forms": forms}] if forms else [],
    }
    parameters = {"minimum_spend_jpy": campaign.get("min_amount", 0), "spend_counts": "target_products"}
    found = judge_purchase(document, parameters, Inputs("", receipt=facts(reading)))
    return {
        "eligible": found.outcome == Outcome.MET,
        "needs_review": found.outcome == Outcome.UNCLEAR,
        "reasons": [reason.code for reason in found.reasons],
    }


def facts(reading: ReceiptReading) -> ReceiptFacts:
    """What the rules need to know of a receipt, as the service gives it to them."""
    return ReceiptFacts(
        status="read",
        is_receipt=reading.is_receipt,
        is_complete=reading.is_complete,
        is_return_slip=reading.is_return,
        needs_review=reading.needs_review,
        looks_like_screen=reading.screen_score >= DOUBTFUL,
        figures={key: reading.value(key) for key in FIELD_KEYS}
        | {"tel": re.sub(r"\D", "", reading.value("tel") or "")},
        items=tuple({**item.to_json(), "confidence": round(item.confidence * 100)} for item in reading.items),
        regions={},
    )


def flat(reading: ReceiptReading) -> Json:
    """The figures of a reading; null where something was not read."""
    return {
        **{key: _plain(key, reading.value(key)) for key in FIELD_KEYS},
        "items": [
            {"name": item.name, "qty": item.quantity, "price": item.price_jpy, "discount": item.discount_jpy}
            for item in reading.items
        ],
        "is_receipt": reading.is_receipt,
        "complete": reading.is_complete,
        "needs_review": reading.needs_review,
        "review_reasons": list(reading.review_reasons),
        "text": reading.text,
    }


def nothing(*, is_fraud: bool) -> Json:
    """The answer where the photographs could not be read at all."""
    if is_fraud:
        return dict.fromkeys(("duplicate_of", "tampered", "is_receipt", "complete", "screen"))
    return {**dict.fromkeys(FIELD_KEYS), "items": [], "needs_review": True, "review_reasons": ["unreadable"]}


def _plain(key: str, value: str | None) -> Any:
    return int(value) if value is not None and key in AMOUNTS else value


def _figures(reading: ReceiptReading) -> dict[str, str]:
    """The fields in the canonical form in which receipts are compared."""
    return {
        key: found.value if key in ("date", "time") else re.sub(r"[^0-9A-Za-z]", "", found.value)
        for key, found in reading.fields.items()
    }
