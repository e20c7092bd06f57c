"""合算 on the entrant's pages: what each receipt counted for, what is still missing, and whether one may be added."""

from dataclasses import dataclass, field
from typing import Any

from core import clock
from eligibility.models import Decision
from eligibility.sums import Part, ReceiptSum, decided_sum, reasons_of
from participants.models import Entry, EntryStatus
from receipts.models import Receipt
from receipts.selectors import current_receipts, places_left, tries_left


@dataclass(frozen=True)
class ReceiptRow:
    """One receipt of a sum; `new` until a verdict has looked at it."""

    number: int
    receipt: Receipt
    state: str = "new"
    spent_jpy: int | None = None
    quantity: int = 0
    reasons: list[dict[str, Any]] = field(default_factory=list)


def sum_context(entry: Entry, decision: Decision | None) -> dict[str, Any]:
    """Give what the pages say of a sum; nothing where the rules of the verdict sum no receipts."""
    found = decided_sum(decision) if decision else None
    if found is None:
        return {}
    rows = _rows(entry, found)
    is_editable = entry.status == EntryStatus.SENT_BACK and tries_left(entry.pk) > 0
    places = places_left(entry)
    is_over = clock.now() >= entry.campaign.entry_closes_at
    return {
        "sum": found,
        "sum_rows": rows,
        "sum_places": places,
        "can_replace": is_editable,
        "can_add": is_editable and places > 0 and not is_over,
        "adding_is_over": is_editable and is_over,
        "has_new": is_editable and any(row.state == "new" for row in rows),
    }


def marked_place(place: dict[str, Any] | None, receipt: Receipt | None) -> dict[str, Any]:
    """Give where a photograph is marked for a reason; nothing once the photograph is deleted."""
    kept = receipt.photos.filter(purged_at__isnull=True) if receipt and place else ()
    photo = next((photo for photo in kept if place and photo.position == place["photo"] + 1), None)
    if place is None or photo is None or receipt is None:
        return {"region": None}
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in place["polygon"])
    size = {"width": photo.width, "height": photo.height}
    return {"marked": {"position": photo.position, "receipt": receipt.public_id, "points": points, **size}}


def _rows(entry: Entry, found: ReceiptSum) -> list[ReceiptRow]:
    parts = {part.receipt_id: part for part in found.parts}
    receipts = current_receipts(entry.pk)
    return [_row(number, receipt, parts.get(str(receipt.public_id))) for number, receipt in enumerate(receipts, 1)]


def _row(number: int, receipt: Receipt, part: Part | None) -> ReceiptRow:
    if part is None:
        return ReceiptRow(number, receipt)
    return ReceiptRow(
        number=number,
        receipt=receipt,
        state=part.state,
        spent_jpy=part.spent_jpy,
        quantity=part.quantity,
        reasons=[reason | marked_place(reason.get("region"), receipt) for reason in reasons_of(part)],
    )
