"""Two readings of the same photographs become one: what both say is sure, what only one says is kept."""

from __future__ import annotations

from dataclasses import replace

from receipts.ocr.base import KEY_FIELDS, FieldReading, ReceiptReading

CONFLICT_CONFIDENCE = 0.4


def merged(first: ReceiptReading, second: ReceiptReading) -> ReceiptReading:
    """Take the better reading as a base, fill its gaps from the other, and weigh its doubts anew."""
    base, other = sorted((first, second), key=lambda reading: (not reading.is_receipt, len(reading.review_reasons)))
    fields = dict(base.fields)
    for key, found in other.fields.items():
        fields[key] = _better(key, base, other) if key in base.fields else found
    conflicts = {key for key in KEY_FIELDS if _differ(base, other, key)}
    for key in conflicts:
        fields[key] = replace(fields[key], confidence=CONFLICT_CONFIDENCE)
    reasons = _reasons(base, other, conflicts)
    return replace(
        base,
        fields=fields,
        is_complete=base.is_receipt and all(key in fields for key in ("tel", "date", "total")),
        is_return=first.is_return or second.is_return,
        needs_review=bool(reasons),
        review_reasons=reasons,
        masks=tuple(dict.fromkeys([*first.masks, *second.masks])),
    )


def _better(key: str, base: ReceiptReading, other: ReceiptReading) -> FieldReading:
    """The base's value, unless only the base doubts its own or only the other's has a proof."""
    mine, theirs = base.fields[key], other.fields[key]
    if f"unsure_{key}" in base.review_reasons and f"unsure_{key}" not in other.review_reasons:
        return theirs
    if theirs.proofs and not mine.proofs:
        return theirs
    return mine


def _differ(base: ReceiptReading, other: ReceiptReading, key: str) -> bool:
    mine, theirs = base.value(key), other.value(key)
    return mine is not None and theirs is not None and mine != theirs


def _reasons(base: ReceiptReading, other: ReceiptReading, conflicts: set[str]) -> tuple[str, ...]:
    healed = {f"missing_{key}" for key in other.fields}
    agreed = {key for key in KEY_FIELDS if base.value(key) is not None and base.value(key) == other.value(key)}
    healed |= {f"unsure_{key}" for key in agreed}
    theirs = other.fields.get("total")
    if "total" in agreed and theirs and theirs.proofs:
        healed.add("total_unproven")
    reasons = [reason for reason in base.review_reasons if reason not in healed]
    return tuple(dict.fromkeys([*reasons, *(f"unsure_{key}" for key in KEY_FIELDS if key in conflicts)]))
